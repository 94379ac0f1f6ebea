import type { StackConfig } from "../../config/parse";
import type { ApplicationConfig } from "../../config/schema";
import { tlsFiles, type Layout } from "../../targets/layout";
import type { Workload } from "../../targets/workload";
import { readerName } from "../pki/certificate-spec";
import { intakeOf } from "../stack/connections";
import { applicationDials } from "./dials";
import { applicationVariables } from "./otel-variables";
import { scrapedPort } from "./scraped-port";

/**
 * The Workload of an application that the stack runs.
 *
 * @param image its image, which the caller has found to be set.
 */
export function applicationWorkload(
  { config, layout }: { config: StackConfig; layout: Layout },
  app: ApplicationConfig,
  image: string,
): Workload {
  const { certificate, key, root } = tlsFiles(layout);
  const reader = `${layout.identity}-reader`;
  const qdrantApiKey = `${layout.secrets}/qdrant-api-key`;
  const metrics = scrapedPort(app);
  const variables = applicationVariables(
    config,
    app,
    {
      certificate,
      key,
      ca: root,
      qdrantApiKey,
      ...(app.reads.length > 0 && {
        reader: { certificate: `${reader}/tls.crt`, key: `${reader}/tls.key` },
      }),
    },
    {
      otlp: layout.peer("collector", "otlpGrpc"),
      ...(app.qdrant && { qdrant: layout.peer("qdrant", "rest") }),
      reads: Object.fromEntries(
        app.reads.map((service) => [service, layout.peer(service, "http")]),
      ),
    },
  );
  return {
    name: app.name,
    image,
    user: { uid: app.user, gid: app.user },
    args: app.command,
    env: { ...Object.fromEntries(variables), ...app.env },
    files: [],
    secretFiles: app.qdrant
      ? [{ path: qdrantApiKey, secrets: ["qdrantApiKey"], render: ([apiKey]) => apiKey }]
      : [],
    identities: [
      { certificate: app.name, directory: layout.identity, reload: "watch" },
      ...(app.reads.length > 0
        ? [
            {
              certificate: readerName(app.name),
              directory: reader,
              reload: "watch" as const,
            },
          ]
        : []),
    ],
    ports: metrics === undefined ? [] : [{ name: "metrics", number: metrics }],
    writable: [layout.scratch],
    probe: { kind: "none", reason: "the stack does not know what the image can run" },
    ...(app.probe && { dialledProbe: { kind: "http", ...app.probe } }),
    ...(app.replicas > 1 && { replicas: app.replicas }),
    limits: { memory: app.memory, memoryReservation: Math.floor(app.memory / 4), cpus: app.cpus },
    stopGrace: 30,
    // What else it dials is not known, so it may leave the stack; queries take the backplane.
    zones: ["intake", ...(app.reads.length > 0 ? (["backplane"] as const) : []), "egress"],
    dials: [
      ...applicationDials(config, app),
      { peer: { kind: "outside", purpose: "applications" } },
    ],
    dialledBy:
      metrics === undefined
        ? []
        : [{ peer: { kind: "workload", name: "prometheus" }, port: metrics }],
    connectsTo: [intakeOf(config), ...(app.qdrant ? ["qdrant"] : []), ...app.reads],
  };
}
