import type { z } from "zod";
import { DIALLED_SERVICES, type DialledService } from "../services";
import * as o from "../types";

const publishedPorts = <T extends z.ZodRawShape>(service: string, shape: T) =>
  o.section(`Where ${service} is published on the host.`, {
    bind: o
      .bindAddress("Address of the host that the ports are bound to; 0.0.0.0 is every address.")
      .prefault("127.0.0.1"),
    ...shape,
  });

export const ports = o.section("Published ports. All others stay inside the stack's networks.", {
  collector: publishedPorts("the collector", {
    otlpGrpc: o.port("OTLP over gRPC.").prefault(4317),
    otlpHttp: o.port("OTLP over HTTP.").prefault(4318),
  }),
  tempo: publishedPorts("Tempo", { http: o.port("Query API.").prefault(3200) }),
  loki: publishedPorts("Loki", { http: o.port("Query API.").prefault(3100) }),
  prometheus: publishedPorts("Prometheus", { http: o.port("API and pages.").prefault(9090) }),
  alertmanager: publishedPorts("Alertmanager", { http: o.port("API and pages.").prefault(9093) }),
  grafana: publishedPorts("Grafana", { https: o.port("Pages and API.").prefault(3000) }),
  jaeger: publishedPorts("Jaeger", { http: o.port("Query API and pages.").prefault(16686) }),
  qdrant: publishedPorts("Qdrant", { rest: o.port("REST API.").prefault(6333) }),
});

export const hostNames = o.section(
  "Public host names per service. They enter its certificate; the first one is used in links.",
  Object.fromEntries(
    DIALLED_SERVICES.map((service) => [
      service,
      o.list(`Public host names of ${service}.`, o.hostName("A host name or IPv4 address.")),
    ]),
  ) as Record<DialledService, ReturnType<typeof o.list<ReturnType<typeof o.hostName>>>>,
);
