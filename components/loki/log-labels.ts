import { ENVIRONMENT_LABEL } from "../prometheus/metric-names";

/** Labels of streams, and metadata of lines, as logs over OTLP have them. */
export const LOG_LABELS = {
  service: "service_name",
  environment: ENVIRONMENT_LABEL,
  /** Level that Loki reads off the record's severity, else off its text. */
  level: "detected_level",
  traceId: "trace_id",
} as const;

/** Of a pipeline: lines that tell of an error. */
export const ERRORS = `| ${LOG_LABELS.level}=~"error|critical|fatal"`;

/** Lines in each interval of a graph, by a label. */
export const linesBy = (label: string, lines: string): string =>
  `sum by (${label}) (count_over_time(${lines} [$__auto]))`;
