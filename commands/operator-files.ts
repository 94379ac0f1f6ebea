import { randomBytes } from "node:crypto";
import { pkcs12 } from "../components/application/pkcs12";
import type { StackConfig } from "../config/parse";
import type { DialledService } from "../config/services";
import { writePrivate } from "./private-files";
import type { StackOutputs } from "./stack-outputs";
import { Ways } from "./ways";

/** Pages that a browser opens with the operator's certificate. */
const PAGES: readonly [DialledService, string, string][] = [
  ["jaeger", "http", "/search"],
  ["prometheus", "http", "/query"],
  ["alertmanager", "http", "/"],
];

/** Writes the operator's certificate and gives what is said about its use. */
export async function operatorFiles(
  config: StackConfig,
  outputs: StackOutputs,
  directory: string,
): Promise<string> {
  const { certificate, key, root } = outputs.operator;
  const password = randomBytes(18).toString("base64url");
  const name = `tracekeep ${config.stack} operator`;
  const files = writePrivate(directory, {
    "ca.crt": root,
    "operator.crt": certificate,
    "operator.key": key,
    "operator.p12": await pkcs12(name, certificate, key, password),
    "operator.p12.password": `${password}\n`,
  });
  const ways = new Ways(config, outputs.endpoints);
  const url = (service: DialledService, listener: string, page: string) => {
    const address = ways.to(service, listener);
    return address && `https://${address}${page}`;
  };
  const pages = PAGES.flatMap(([service, listener, page]) => {
    const address = url(service, listener, page);
    return address ? [`  ${service.padEnd(13)}${address}`] : [];
  });
  const grafana = url("grafana", "https", "/");
  const tempo = url("tempo", "http", "/api/echo");
  const first = ways.first.map((command) => `  ${command}`);
  return [
    `The operator's certificate is in ${directory}; whoever has it may query everything.`,
    "",
    ...(first.length > 0 ? ["Meanwhile each in a terminal of its own:", ...first, ""] : []),
    "In a browser:",
    `  1. import ${files["ca.crt"]} as a certificate authority for web sites`,
    `  2. import ${files["operator.p12"]} as your own certificate;`,
    `     its password is in ${files["operator.p12.password"]}`,
    "  3. open, and choose the certificate when asked:",
    ...pages,
    ...(grafana ? [`  ${"grafana".padEnd(13)}${grafana} (no certificate; a login)`] : []),
    ...(tempo
      ? [
          "",
          "On the command line:",
          `  curl --cacert ${files["ca.crt"]} --cert ${files["operator.crt"]} --key ${files["operator.key"]} ${tempo}`,
        ]
      : []),
  ].join("\n");
}
