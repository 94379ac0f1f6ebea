import { limitsOf } from "../../config/capacity";
import { tlsFiles } from "../../targets/layout";
import { ownMetricsAddress } from "../own-metrics";
import { CERTIFICATE_RELOAD, type ServiceContext } from "../service";
import { hasTwoTiers } from "../stack/connections";
import { IDS, type Settings } from "./component";
import { hostMetrics } from "./host-metrics";
import { grpcLimits, HTTP_LIMITS } from "./intake-limits";
import { heapOf } from "./memory";
import { mebibytes } from "../../config/units";

/** The services that applications send to. */
type IntakeService = "collector" | "collector-gateway";

/** TLS of a receiver that takes the certificates of some issuers. */
function mutualTls({ layout }: ServiceContext, issuers: "clients" | "services"): Settings {
  const files = tlsFiles(layout);
  return {
    cert_file: files.certificate,
    key_file: files.key,
    // Alone it makes the receiver demand and verify a client certificate.
    client_ca_file: files[issuers],
    client_ca_file_reload: true,
    reload_interval: CERTIFICATE_RELOAD,
    min_version: "1.2",
  };
}

/** OTLP over gRPC, as one protocol of a receiver. */
function grpc({ layout }: ServiceContext, listener: string, largest: number, rest: Settings) {
  return {
    endpoint: `${layout.bind}:${layout.listen(listener)}`,
    max_recv_msg_size_mib: mebibytes(largest),
    ...rest,
  };
}

/** A receiver of OTLP over gRPC and HTTP. */
function otlp(
  context: ServiceContext,
  service: IntakeService,
  listeners: { grpc: string; http: string },
  tls?: Settings,
) {
  const { config, layout } = context;
  const size = config.tuning.collector.maxRequestSize;
  const heap = heapOf(limitsOf(config, service));
  return {
    protocols: {
      grpc: grpc(context, listeners.grpc, size, {
        ...grpcLimits(heap, size),
        ...(tls && { tls }),
      }),
      http: {
        endpoint: `${layout.bind}:${layout.listen(listeners.http)}`,
        max_request_body_size: size,
        ...HTTP_LIMITS,
        ...(tls && { tls }),
      },
    },
  };
}

/** The receiver of a service that applications send to. */
export const applicationIntake = (context: ServiceContext, service: IntakeService) =>
  otlp(context, service, { grpc: "otlpGrpc", http: "otlpHttp" }, mutualTls(context, "clients"));

/** What the gateway hands on. A request in JSON grows when it is written anew, numbers up to fourfold. */
function handedOn(context: ServiceContext): Settings {
  const largest = 4 * context.config.tuning.collector.maxRequestSize;
  const tls = mutualTls(context, "services");
  return { protocols: { grpc: grpc(context, "handover", largest, { tls }) } };
}

/** The intakes. All of them take traces; those of OTLP take logs and metrics too. */
export function receivers(context: ServiceContext): Record<string, Settings> {
  const { config, layout } = context;
  const { plaintext, jaeger, zipkin } = config.intake;
  const largest = config.tuning.collector.maxRequestSize;
  const heap = heapOf(limitsOf(config, "collector"));
  const httpLimits = { max_request_body_size: largest, ...HTTP_LIMITS };
  const endpoint = (listener: string) => ({
    endpoint: `${layout.bind}:${layout.listen(listener)}`,
  });
  return {
    otlp: hasTwoTiers(config) ? handedOn(context) : applicationIntake(context, "collector"),
    ...(plaintext.enabled && {
      "otlp/plaintext": otlp(context, "collector", {
        grpc: "plaintextGrpc",
        http: "plaintextHttp",
      }),
    }),
    ...(jaeger.enabled && {
      jaeger: {
        protocols: {
          grpc: { ...endpoint("jaegerGrpc"), ...grpcLimits(heap, largest) },
          thrift_http: { ...endpoint("jaegerThriftHttp"), ...httpLimits },
        },
      },
    }),
    ...(zipkin.enabled && { zipkin: { ...endpoint("zipkin"), ...httpLimits } }),
    [IDS.own]: { protocols: { http: { endpoint: ownMetricsAddress(layout) } } },
    [IDS.host]: hostMetrics(context),
  };
}

/** Ids of the receivers that a signal's first pipeline has. */
export function intakesOf(context: ServiceContext, signal: "traces" | "logs" | "metrics") {
  const ids = Object.keys(receivers(context)).filter((id) => id !== IDS.own && id !== IDS.host);
  return signal === "traces" ? ids : ids.filter((id) => id.startsWith("otlp"));
}
