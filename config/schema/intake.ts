import * as o from "../types";

export const intake = o.section("Further intakes, for clients that cannot do mTLS.", {
  plaintext: o.section("Plaintext OTLP, published on the host's loopback only.", {
    enabled: o.flag("Whether it is open.").prefault(false),
    bind: o
      .bindAddress("Loopback address that all plaintext intakes are bound to.")
      .prefault("127.0.0.1"),
    otlpGrpc: o.port("OTLP over gRPC.").prefault(14317),
    otlpHttp: o.port("OTLP over HTTP.").prefault(14318),
  }),
  jaeger: o.section("Jaeger's own protocols, plaintext on loopback.", {
    enabled: o.flag("Whether it is open.").prefault(false),
    grpc: o.port("Jaeger over gRPC.").prefault(14250),
    thriftHttp: o.port("Jaeger Thrift over HTTP.").prefault(14268),
  }),
  zipkin: o.section("Zipkin, plaintext on loopback.", {
    enabled: o.flag("Whether it is open.").prefault(false),
    http: o.port("Zipkin's API.").prefault(9411),
  }),
});
