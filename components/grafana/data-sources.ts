import { PUSH_INTERVAL } from "../../config/schema/tuning";
import { goDuration } from "../../config/units";
import type { ServiceName } from "../../config/services";
import { tlsFiles, type Layout } from "../../targets/layout";
import {
  EXEMPLAR_TRACE_ID,
  SPAN_LABELS,
  SPAN_METRICS,
  SPAN_VALUES,
} from "../prometheus/metric-names";
import type { ServiceContext } from "../service";
import { isEnabled } from "../stack/connections";

/** A data source in Grafana's own words. */
interface DataSource {
  name: string;
  /** Equal to `type`: dashboards and links refer to it. */
  uid: string;
  type: string;
  jsonData: Record<string, unknown>;
  [key: string]: unknown;
}

/** Grafana expands variables in these files: what it is to keep for itself has two dollar signs. */
const keep = (variable: string) => `$\${${variable}}`;
const file = (path: string) => `$__file{${path}}`;

/** A backend over mTLS. Grafana copies the files' contents into its database when it provisions. */
function overMtls(layout: Layout, service: ServiceName): Record<string, unknown> {
  const { root, certificate, key } = tlsFiles(layout);
  return {
    access: "proxy",
    url: `https://${layout.peer(service, "http")}`,
    editable: false,
    secureJsonData: {
      tlsCACert: file(root),
      tlsClientCert: file(certificate),
      tlsClientKey: file(key),
    },
  };
}

const tls = (service: ServiceName) => ({
  tlsAuth: true,
  tlsAuthWithCACert: true,
  serverName: service,
});

/** From a span to its logs, an hour around it. */
const TRACE_TO_LOGS = {
  datasourceUid: "loki",
  spanStartTimeShift: "-1h",
  spanEndTimeShift: "1h",
  tags: [{ key: "service.name", value: "service_name" }],
  customQuery: true,
  query: `{${keep("__tags")}} | trace_id="${keep("__trace.traceId")}"`,
};

/** From a span to rate, errors and durations of its service. */
function traceToMetrics() {
  // Here Grafana looks for this spelling alone, without braces.
  const tags = "$$__tags";
  const failed = `${SPAN_LABELS.status}="${SPAN_VALUES.error}"`;
  const by = `sum by (le) (rate(${SPAN_METRICS.durationBucket}{${tags}}[5m]))`;
  return {
    datasourceUid: "prometheus",
    spanStartTimeShift: "-15m",
    spanEndTimeShift: "15m",
    tags: [{ key: "service.name", value: SPAN_LABELS.service }],
    queries: [
      { name: "Spans per second", query: `sum(rate(${SPAN_METRICS.calls}{${tags}}[5m]))` },
      {
        name: "Failed spans per second",
        query: `sum(rate(${SPAN_METRICS.calls}{${tags},${failed}}[5m]))`,
      },
      { name: "95th percentile of durations", query: `histogram_quantile(0.95, ${by})` },
    ],
  };
}

function prometheus({ config, layout }: ServiceContext): DataSource {
  return {
    name: "Prometheus",
    uid: "prometheus",
    type: "prometheus",
    ...overMtls(layout, "prometheus"),
    isDefault: true,
    jsonData: {
      ...tls("prometheus"),
      httpMethod: "POST",
      prometheusType: "Prometheus",
      // The longest time between two samples: with less a rate would often see one alone.
      timeInterval: goDuration(Math.max(config.tuning.prometheus.scrapeInterval, PUSH_INTERVAL)),
      exemplarTraceIdDestinations: [
        { name: EXEMPLAR_TRACE_ID, datasourceUid: "tempo", urlDisplayLabel: "Trace" },
      ],
      ...(isEnabled(config, "alertmanager") && {
        alertmanagerUid: "alertmanager",
        manageAlerts: true,
      }),
    },
  };
}

function tempo({ layout }: ServiceContext): DataSource {
  return {
    name: "Tempo",
    uid: "tempo",
    type: "tempo",
    ...overMtls(layout, "tempo"),
    jsonData: {
      ...tls("tempo"),
      tracesToLogsV2: TRACE_TO_LOGS,
      tracesToMetrics: traceToMetrics(),
      serviceMap: { datasourceUid: "prometheus" },
      nodeGraph: { enabled: true },
      // Streaming is a second, gRPC, way to the same answers; one way is enough to secure and test.
      streamingEnabled: { search: false, metrics: false },
    },
  };
}

function loki({ layout }: ServiceContext): DataSource {
  return {
    name: "Loki",
    uid: "loki",
    type: "loki",
    ...overMtls(layout, "loki"),
    jsonData: {
      ...tls("loki"),
      derivedFields: [
        {
          name: "trace_id",
          // OTLP logs carry it as structured metadata, not in the line.
          matcherType: "label",
          matcherRegex: "trace_id",
          datasourceUid: "tempo",
          url: keep("__value.raw"),
          urlDisplayLabel: "Trace",
        },
      ],
    },
  };
}

function jaeger({ layout }: ServiceContext): DataSource {
  return {
    name: "Jaeger",
    uid: "jaeger",
    type: "jaeger",
    ...overMtls(layout, "jaeger"),
    jsonData: {
      ...tls("jaeger"),
      tracesToLogsV2: TRACE_TO_LOGS,
      tracesToMetrics: traceToMetrics(),
      nodeGraph: { enabled: true },
    },
  };
}

function alertmanager({ layout }: ServiceContext): DataSource {
  return {
    name: "Alertmanager",
    uid: "alertmanager",
    type: "alertmanager",
    ...overMtls(layout, "alertmanager"),
    jsonData: {
      ...tls("alertmanager"),
      implementation: "prometheus",
      handleGrafanaManagedAlerts: false,
    },
  };
}

/** The data sources of the services that run, linked to each other. */
export function dataSources(context: ServiceContext): DataSource[] {
  const { config } = context;
  return [
    prometheus(context),
    tempo(context),
    loki(context),
    ...(isEnabled(config, "jaeger") ? [jaeger(context)] : []),
    ...(isEnabled(config, "alertmanager") ? [alertmanager(context)] : []),
  ];
}
