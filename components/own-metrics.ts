import { PUSH_INTERVAL } from "../config/schema/tuning";
import type { ServiceName } from "../config/services";
import type { Layout } from "../targets/layout";
import { PUSHING_JOBS } from "./prometheus/metric-names";

/** Where a collector's own metrics come in, inside the container alone. */
export function ownMetricsAddress(layout: Layout): string {
  return `${layout.loopback}:${layout.listen("metrics")}`;
}

/**
 * `service.telemetry` of a program built on the collector: its own metrics are pushed, for the
 * endpoint that could be scraped speaks no TLS. What collects them would read its client
 * certificate once, at the start (otelconf v0.18 `createTLSConfig`), so they take the way through a
 * pipeline, whose exporter takes a renewed one.
 *
 * @param attributes further attributes of the resource, where the pipeline adds none, or others.
 */
export function ownMetrics(
  service: ServiceName,
  layout: Layout,
  attributes: Record<string, string> = {},
): Record<string, unknown> {
  const job = PUSHING_JOBS[service];
  const endpoint = `http://${ownMetricsAddress(layout)}/v1/metrics`;
  return {
    // Fixed: a new id with every start would be new series.
    resource: { "service.name": job, "service.instance.id": job, ...attributes },
    metrics: {
      level: "normal",
      readers: [
        {
          periodic: {
            interval: PUSH_INTERVAL * 1000,
            exporter: { otlp: { protocol: "http/protobuf", endpoint } },
          },
        },
      ],
    },
  };
}
