import type { StackConfig } from "../../config/parse";
import type { ApplicationConfig } from "../../config/schema";
import type { Grant, GrantedFile } from "../../targets/grant";
import type { Layout } from "../../targets/layout";
import { readerName } from "../pki/certificate-spec";
import { applicationDials } from "./dials";
import { APPLICATION_FILES, applicationPaths } from "./files";
import { applicationVariables } from "./otel-variables";

/** Where its files are in its container, which is somebody else's and has this place free. */
const DIRECTORY = "/etc/tracekeep";

function filesOf({ name, reads, qdrant }: ApplicationConfig): GrantedFile[] {
  const file = (
    key: keyof typeof APPLICATION_FILES,
    content: GrantedFile["content"],
  ): GrantedFile => ({ name: APPLICATION_FILES[key], content });
  const reader = readerName(name);
  return [
    file("ca", { kind: "root" }),
    file("certificate", { kind: "certificate", certificate: name }),
    file("key", { kind: "key", certificate: name }),
    ...(reads.length > 0
      ? [
          file("readerCertificate", { kind: "certificate", certificate: reader }),
          file("readerKey", { kind: "key", certificate: reader }),
        ]
      : []),
    ...(qdrant ? [file("qdrantApiKey", { kind: "secret", secret: "qdrantApiKey" })] : []),
  ];
}

/** What an application is given that the stack does not run. */
export function applicationGrant(config: StackConfig, app: ApplicationConfig): Grant {
  const endpoints = (peer: Layout["peer"]) => ({
    otlp: peer("collector", "otlpGrpc"),
    ...(app.qdrant && { qdrant: peer("qdrant", "rest") }),
    reads: Object.fromEntries(app.reads.map((service) => [service, peer(service, "http")])),
  });
  return {
    name: app.name,
    ...(app.namespace !== undefined && { namespace: app.namespace }),
    directory: DIRECTORY,
    files: filesOf(app),
    env: (peer) =>
      Object.fromEntries(
        applicationVariables(
          config,
          app,
          applicationPaths(DIRECTORY, app.reads.length > 0),
          endpoints(peer),
        ),
      ),
    // What else it dials is not known.
    dials: [
      ...applicationDials(config, app),
      { peer: { kind: "outside", purpose: "applications" } },
    ],
  };
}
