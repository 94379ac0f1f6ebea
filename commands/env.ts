import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Option, type Command } from "commander";
import { FORMATS, type Format } from "../components/application/formats";
import { applicationVariables } from "../components/application/otel-variables";
import { pkcs12 } from "../components/application/pkcs12";
import { splitHostPort } from "../components/verification/client";
import type { StackConfig } from "../config/parse";
import type { ApplicationConfig } from "../config/schema";
import type { DialledService } from "../config/services";
import { UNREADABLE } from "../config/types";
import { home } from "./paths";
import { withProgress } from "./progress";
import { readStackConfig } from "./stack-config";
import { readOutputs, type StackOutputs } from "./stack-outputs";

/** S3 credentials are not asked for here; that there are some is taken for granted. */
const ENVIRONMENT = { AWS_ACCESS_KEY_ID: UNREADABLE, AWS_SECRET_ACCESS_KEY: UNREADABLE };

/** Writes files that only this user may read; gives their paths. */
export function writePrivate(
  directory: string,
  files: Readonly<Record<string, string | Buffer>>,
): Record<string, string> {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => {
      const file = path.join(directory, name);
      // An old file keeps its mode when it is written to: it goes first.
      fs.rmSync(file, { force: true });
      fs.writeFileSync(file, content, { mode: 0o600, flag: "wx" });
      return [name, file];
    }),
  );
}

/** `host:port` at which a service is dialled, with a host that stands in its certificate. */
export function dialled(config: StackConfig, service: DialledService, published: string): string {
  const { host, port } = splitHostPort(published);
  const [name] = config.hostNames[service];
  // Not every TLS library checks addresses, so the loopback goes by its name.
  if (host.startsWith("127.")) return `localhost:${port}`;
  return `${name ?? host}:${port}`;
}

/** @throws {Error} that names the applications that there are. */
function applicationOf(config: StackConfig, name: string): ApplicationConfig {
  const app = config.apps.find((one) => one.name === name);
  if (app !== undefined) return app;
  const known = config.apps.map((one) => one.name).join(", ") || "none yet";
  throw new Error(
    `There is no application "${name}" in stack "${config.stack}" (known: ${known}).\n` +
      `Add it under tracekeep:apps in Pulumi.${config.stack}.yaml, then: npm run up`,
  );
}

/** Writes an application's files and gives what is printed for it. */
export function environmentOf(
  config: StackConfig,
  outputs: StackOutputs,
  name: string,
  { format, directory }: { format: Format; directory: string },
): string {
  const app = applicationOf(config, name);
  const material = outputs.applications[name];
  if (material === undefined) {
    throw new Error(
      `Application "${name}" has no certificate yet. Run: npm run up -- --stack ${config.stack}`,
    );
  }
  const { certificate, key, reader, qdrantApiKey } = material;
  const paths = writePrivate(directory, {
    "ca.crt": outputs.operator.root,
    "tls.crt": certificate,
    "tls.key": key,
    ...(reader && { "reader.crt": reader.certificate, "reader.key": reader.key }),
    // The key alone, without a line break: clients send the file's content as it is.
    ...(qdrantApiKey !== undefined && { "qdrant-api-key": qdrantApiKey }),
  });
  const at = (service: DialledService, listener: string) => {
    const published = outputs.endpoints[service]?.[listener];
    return published === undefined ? undefined : dialled(config, service, published);
  };
  const otlp = at("collector", "otlpGrpc");
  if (otlp === undefined) throw new Error("The stack publishes no OTLP intake. Run: npm run up");
  const reads = app.reads.flatMap((service) => {
    const address = at(service, "http");
    return address === undefined ? [] : [[service, address] as const];
  });
  const variables = applicationVariables(
    config,
    app,
    {
      ca: paths["ca.crt"],
      certificate: paths["tls.crt"],
      key: paths["tls.key"],
      qdrantApiKey: paths["qdrant-api-key"],
      ...(reader && {
        reader: { certificate: paths["reader.crt"], key: paths["reader.key"] },
      }),
    },
    { otlp, qdrant: at("qdrant", "rest"), reads: Object.fromEntries(reads) },
  );
  return FORMATS[format](variables);
}

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
  const url = (service: DialledService, listener: string, page: string) => {
    const published = outputs.endpoints[service]?.[listener];
    return published && `https://${dialled(config, service, published)}${page}`;
  };
  const pages = PAGES.flatMap(([service, listener, page]) => {
    const address = url(service, listener, page);
    return address ? [`  ${service.padEnd(13)}${address}`] : [];
  });
  const grafana = url("grafana", "https", "/");
  const tempo = url("tempo", "http", "/api/echo");
  return [
    `The operator's certificate is in ${directory}; whoever has it may query everything.`,
    "",
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

interface EnvOptions {
  stack: string;
  app?: string;
  operator: boolean;
  format: Format;
  out?: string;
}

export function register(program: Command): void {
  program
    .command("env")
    .description(
      "Write an application's certificate files and print its OTEL_* variables, ready for eval; " +
        "or, with --operator, write the certificate that opens the stack's pages in a browser.",
    )
    .option("-s, --stack <name>", "the stack", "dev")
    .option("-a, --app <name>", "the application, as named under tracekeep:apps")
    .addOption(
      new Option("-f, --format <format>", "what is printed: variables, or code with them")
        .choices(Object.keys(FORMATS))
        .default("sh"),
    )
    .option("-o, --out <directory>", "where the files go (default: .tracekeep/<stack>/…)")
    .option("--operator", "the operator's certificate, as PEM and PKCS#12", false)
    .action(async ({ stack, app, operator, format, out }: EnvOptions) => {
      if (operator === (app !== undefined)) {
        throw new Error("Say whose: --app NAME for an application, or --operator.");
      }
      const config = readStackConfig(stack, { environment: ENVIRONMENT });
      if (app !== undefined) applicationOf(config, app);
      const outputs = await withProgress(`Reading stack "${stack}"`, () => readOutputs(stack));
      const place = operator ? "operator" : path.join("apps", app ?? "");
      const directory = path.resolve(out ?? path.join(home(), stack, place));
      const text = operator
        ? await operatorFiles(config, outputs, directory)
        : environmentOf(config, outputs, app ?? "", { format, directory });
      process.stderr.write(`Files are in ${directory}\n`);
      process.stdout.write(`${text}\n`);
    });
}
