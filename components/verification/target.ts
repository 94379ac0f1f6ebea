import { z } from "zod";
import type { StackConfig } from "../../config/parse";
import { SERVICES, type ServiceName } from "../../config/services";
import { enabledServices } from "../stack/connections";

const identity = z.strictObject({
  /** Leaf certificate, then its issuer, PEM. */
  certificate: z.string(),
  /** Key, PEM. */
  key: z.string(),
});

const service = z.enum(SERVICES);

/** How the ports of a stack elsewhere are reached. */
export const remoteSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ssh"),
    sshDestination: z.string(),
    sshOptions: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal("kubernetes"),
    kubeconfig: z.string().optional(),
    context: z.string().optional(),
    namespace: z.string(),
  }),
]);

/**
 * All that the verification must know of a running stack. It holds keys: it travels through
 * standard input and is never printed, logged or written to a file.
 */
export const verificationTargetSchema = z.strictObject({
  stack: z.string(),
  environment: z.string(),
  /** Services that run; the others are reported as skipped. */
  services: z.array(service),
  /** `host:port` of every published listener, as seen from the Docker host. */
  endpoints: z.partialRecord(service, z.record(z.string(), z.string())),
  tls: z.strictObject({
    /** Certificate(s) of the root, PEM. */
    root: z.string(),
  }),
  /** Certificate `verification` of the issuer *applications*. */
  application: identity,
  /** Certificate `operator` of the issuer *services*. */
  operator: identity,
  qdrant: z.strictObject({ apiKey: z.string(), readOnlyKey: z.string() }).optional(),
  grafana: z.strictObject({ user: z.string(), password: z.string() }).optional(),
  sampling: z.strictObject({
    /** Share of ordinary traces that is kept. */
    ratio: z.number(),
    /** Seconds between a trace's first span and the decision about it. */
    decisionWait: z.number(),
    /** Seconds: slower traces are kept whatever the ratio. */
    keepSlowerThan: z.number(),
  }),
  /** Scrape jobs of Prometheus that must be there with every target up. */
  jobs: z.array(z.string()),
  /** Scrape jobs of targets outside the stack: reported, but not a reason to fail. */
  outsideJobs: z.array(z.string()),
  /** Services that push their own metrics to Prometheus. */
  pushers: z.array(service),
  /** Uids of the data sources that Grafana must have. */
  dataSources: z.array(z.string()),
  /** Seconds that a hop may take. */
  timeoutSeconds: z.number().positive(),
  /** Where the stack's ports are not this machine's: how they are reached. */
  remote: remoteSchema.optional(),
});

export type VerificationTarget = z.output<typeof verificationTargetSchema>;

export type Remote = z.output<typeof remoteSchema>;

/** What follows from the configuration alone; addresses and keys come from the deployed stack. */
export type VerificationExpectations = Omit<
  VerificationTarget,
  "endpoints" | "remote" | "tls" | "application" | "operator" | "qdrant" | "grafana"
>;

/** Services whose metrics Prometheus scrapes; the job is named as the service. */
const SCRAPED: readonly ServiceName[] = [
  "tempo",
  "loki",
  "prometheus",
  "grafana",
  "qdrant",
  "alertmanager",
];
/** Services that cannot serve their metrics over TLS and push them. */
const PUSHERS: readonly ServiceName[] = ["collector", "collector-gateway", "jaeger", "log-agent"];
const DATA_SOURCES: readonly ServiceName[] = [
  "prometheus",
  "tempo",
  "loki",
  "jaeger",
  "alertmanager",
];

/** What a stack with this configuration must show. */
export function verificationExpectations(config: StackConfig): VerificationExpectations {
  const services = enabledServices(config);
  const running = (names: readonly ServiceName[]) =>
    names.filter((name) => services.includes(name));
  return {
    stack: config.stack,
    environment: config.environment,
    services,
    sampling: {
      ratio: config.sampling.ratio,
      decisionWait: config.sampling.decisionWait,
      keepSlowerThan: config.sampling.keepSlowerThan,
    },
    jobs: running(SCRAPED),
    outsideJobs: [
      ...config.apps.filter(({ scrape }) => scrape !== undefined).map(({ name }) => name),
      ...config.scrapeTargets.map(({ name }) => name),
    ],
    pushers: running(PUSHERS),
    dataSources: services.includes("grafana") ? running(DATA_SOURCES) : [],
    timeoutSeconds: config.verification.timeout,
  };
}
