import type { StackConfig } from "../../config/parse";
import type { ApplicationConfig } from "../../config/schema";

/** Where the application finds its files: on the host, or inside its container. */
export interface ApplicationPaths {
  /** Client certificate, then its issuer. */
  certificate: string;
  key: string;
  /** Root certificate(s) that servers are verified against. */
  ca: string;
  /** File that holds Qdrant's API key alone. Needed by applications with `qdrant: true`. */
  qdrantApiKey?: string;
  /** Certificate that opens what the application `reads`. */
  reader?: { certificate: string; key: string };
}

/** `host:port` of what the application dials; the hosts stand in the servers' certificates. */
export interface ApplicationEndpoints {
  /** The collector's OTLP intake over gRPC. */
  otlp: string;
  /** Qdrant's REST API, where it runs. */
  qdrant?: string;
  /** Query APIs of what the application `reads`, by service. */
  reads?: Readonly<Record<string, string>>;
}

/** An attribute value in the form of `OTEL_RESOURCE_ATTRIBUTES` (W3C Baggage: percent-encoded). */
function encoded(value: string): string {
  return encodeURIComponent(value).replace(/%(2F|3A|40)/g, (hex) => decodeURIComponent(hex));
}

/**
 * The environment variables of an application, in the order in which they are printed.
 *
 * The sampler keeps everything: RED metrics are counted from all spans, and the collector samples.
 */
export function applicationVariables(
  { environment }: Pick<StackConfig, "environment">,
  app: ApplicationConfig,
  paths: ApplicationPaths,
  endpoints: ApplicationEndpoints,
): [name: string, value: string][] {
  const attributes: Record<string, string> = {
    ...(app.version !== undefined && { "service.version": app.version }),
    "deployment.environment.name": environment,
    ...app.attributes,
  };
  const variables: [string, string][] = [
    ["OTEL_EXPORTER_OTLP_ENDPOINT", `https://${endpoints.otlp}`],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
    ["OTEL_EXPORTER_OTLP_CERTIFICATE", paths.ca],
    ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", paths.certificate],
    ["OTEL_EXPORTER_OTLP_CLIENT_KEY", paths.key],
    ["OTEL_SERVICE_NAME", app.name],
    [
      "OTEL_RESOURCE_ATTRIBUTES",
      Object.entries(attributes)
        .map(([key, value]) => `${key}=${encoded(value)}`)
        .join(","),
    ],
    ["OTEL_TRACES_SAMPLER", "parentbased_always_on"],
    ["OTEL_TRACES_SAMPLER_ARG", "1.0"],
    ["OTEL_PROPAGATORS", "tracecontext,baggage,b3,b3multi"],
  ];
  if (app.qdrant && endpoints.qdrant !== undefined && paths.qdrantApiKey !== undefined) {
    variables.push(
      ["QDRANT_URL", `https://${endpoints.qdrant}`],
      ["QDRANT_API_KEY_FILE", paths.qdrantApiKey],
      ["QDRANT_CA_FILE", paths.ca],
      ["QDRANT_CLIENT_CERTIFICATE_FILE", paths.certificate],
      ["QDRANT_CLIENT_KEY_FILE", paths.key],
    );
  }
  if (paths.reader !== undefined) {
    const urls = Object.entries(endpoints.reads ?? {});
    for (const [service, address] of urls) {
      variables.push([`${service.toUpperCase()}_URL`, `https://${address}`]);
    }
    variables.push(
      ["READER_CERTIFICATE_FILE", paths.reader.certificate],
      ["READER_KEY_FILE", paths.reader.key],
      ["READER_CA_FILE", paths.ca],
    );
  }
  return variables;
}
