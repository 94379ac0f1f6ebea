import { tlsFiles } from "../../targets/layout";
import { ownMetricsAddress } from "../own-metrics";
import { CERTIFICATE_RELOAD, type ServiceContext } from "../service";
import { IDS, type Settings } from "./component";
import { hostMetrics } from "./host-metrics";
import { mebibytes } from "../../config/units";

function mutualTls({ layout }: ServiceContext): Settings {
  const { certificate, key, clients } = tlsFiles(layout);
  return {
    cert_file: certificate,
    key_file: key,
    // Alone it makes the receiver demand and verify a client certificate.
    client_ca_file: clients,
    client_ca_file_reload: true,
    reload_interval: CERTIFICATE_RELOAD,
    min_version: "1.2",
  };
}

function otlp({ config, layout }: ServiceContext, grpc: string, http: string, tls?: Settings) {
  const size = config.tuning.collector.maxRequestSize;
  return {
    protocols: {
      grpc: {
        endpoint: `${layout.bind}:${layout.listen(grpc)}`,
        max_recv_msg_size_mib: mebibytes(size),
        ...(tls && { tls }),
      },
      http: {
        endpoint: `${layout.bind}:${layout.listen(http)}`,
        max_request_body_size: size,
        ...(tls && { tls }),
      },
    },
  };
}

/** The intakes. All of them take traces; those of OTLP take logs and metrics too. */
export function receivers(context: ServiceContext): Record<string, Settings> {
  const { config, layout } = context;
  const { plaintext, jaeger, zipkin } = config.intake;
  const endpoint = (listener: string) => ({
    endpoint: `${layout.bind}:${layout.listen(listener)}`,
  });
  return {
    otlp: otlp(context, "otlpGrpc", "otlpHttp", mutualTls(context)),
    ...(plaintext.enabled && {
      "otlp/plaintext": otlp(context, "plaintextGrpc", "plaintextHttp"),
    }),
    ...(jaeger.enabled && {
      jaeger: {
        protocols: { grpc: endpoint("jaegerGrpc"), thrift_http: endpoint("jaegerThriftHttp") },
      },
    }),
    ...(zipkin.enabled && { zipkin: endpoint("zipkin") }),
    [IDS.own]: { protocols: { http: { endpoint: ownMetricsAddress(layout) } } },
    [IDS.host]: hostMetrics(context),
  };
}

/** Ids of the receivers that a signal's first pipeline has. */
export function intakesOf(context: ServiceContext, signal: "traces" | "logs" | "metrics") {
  const ids = Object.keys(receivers(context)).filter((id) => id !== IDS.own && id !== IDS.host);
  return signal === "traces" ? ids : ids.filter((id) => id.startsWith("otlp"));
}
