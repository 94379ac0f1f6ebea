import type { StackConfig } from "../../config/parse";
import { failedShare, grew, missingShare, runsLonger } from "../prometheus/expressions";
import type { AlertRule, RuleGroup } from "../prometheus/rule-group";

const HOUR = 3600;
const service = "tempo";
const OWN = `{job="${service}"}`;
const SENT = 'otelcol_exporter_sent_spans_total{job="collector",exporter="otlp_grpc/tempo"}';

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;

/** Whether one of some counters, each without labels that matter, grew within 30 minutes. */
const anyGrew = (...counters: string[]) =>
  counters.map((counter) => `sum(${grew(counter, "30m")})`).join(" or ");

/** The three looks at spans that somebody was told are stored. */
function lossRules({ alerts: { loss } }: StackConfig): AlertRule[] {
  return [
    {
      alert: "TempoReceivesLess",
      expr:
        `${missingShare(SENT, `tempo_distributor_spans_received_total${OWN}`)} > ${loss} ` +
        `and on () up${OWN} == 1`,
      forSeconds: 900,
      labels: { severity: "critical", service },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of the spans on the way to Tempo are missing",
        description:
          "The collector has sent them and got them acknowledged, and Tempo has not counted them. " +
          "Look at what stands between the two, and whether Tempo restarts.",
      },
      when: `Tempo received ${percent(loss)} less spans than the collector sent, for 15 minutes`,
      options: ["alerts.loss"],
    },
    {
      alert: "TempoDoesNotStore",
      expr: `${missingShare(
        `tempo_distributor_bytes_received_total${OWN}`,
        `tempo_live_store_bytes_received_total${OWN}`,
      )} > ${loss}`,
      forSeconds: 120,
      labels: { severity: "critical", service },
      annotations: {
        summary: "Tempo stores {{ $value | humanizePercentage }} less than it receives",
        description:
          "Its live store does not get what the distributor takes in and acknowledges: Tempo's " +
          "log has the error.",
      },
      when: `the live store got ${percent(loss)} less bytes than the distributor took in, for 2 minutes`,
      options: ["alerts.loss"],
    },
    {
      alert: "TempoDiscardsSpans",
      expr: `sum by (reason) ${grew("tempo_discarded_spans_total")}`,
      labels: { severity: "critical" },
      annotations: {
        summary: "Tempo discarded {{ $value | humanize }} spans: {{ $labels.reason }}",
        description:
          "It tells the sender success and throws them away. Raise `capacity.spansPerSecond` " +
          "or, for trace_too_large, `tuning.tempo.maxTraceSize`.",
      },
      when: "spans were discarded in the last 5 minutes",
      options: ["capacity.spansPerSecond", "tuning.tempo.maxTraceSize"],
    },
  ];
}

const BACKEND: AlertRule[] = [
  {
    alert: "TempoBlocksFail",
    expr: anyGrew(
      "tempo_live_store_failed_completions_total",
      "tempo_live_store_local_failed_flushes_total",
      "tempodb_blocklist_poll_errors_total",
      "tempodb_retention_errors_total",
    ),
    forSeconds: 300,
    labels: { severity: "warning", service },
    annotations: {
      summary: "Tempo could not write, list or delete blocks {{ $value | humanize }} times",
      description: "Its disk is full, or S3 refuses: Tempo's log has the error.",
    },
    when: "blocks could not be written, listed or deleted in the last 30 minutes",
  },
  {
    alert: "TempoCompactionFails",
    expr: anyGrew("tempodb_compaction_errors_total", "tempo_backend_scheduler_jobs_failed_total"),
    forSeconds: 300,
    labels: { severity: "warning", service },
    annotations: {
      summary: "{{ $value | humanize }} compactions of Tempo's blocks failed",
      description:
        "Small blocks pile up, and searches become slow. Tempo's log has the error, with `job`.",
    },
    when: "a compaction or another job on blocks failed in the last 30 minutes",
  },
  {
    alert: "TempoRetentionStalls",
    expr:
      `(sum(increase(tempodb_retention_duration_seconds_count${OWN}[3h])) or vector(0)) == 0 ` +
      `and on () sum(tempodb_blocklist_length${OWN}) > 0 and ${runsLonger(service, 3 * HOUR)}`,
    forSeconds: 300,
    labels: { severity: "warning", service },
    annotations: {
      summary: "Tempo has deleted no old blocks for 3 hours: {{ $value }} runs",
      description:
        "Every hour it should look for blocks older than `retention.traces`. Its worker does not " +
        "reach its scheduler, or is stuck in a job; the disk fills meanwhile.",
    },
    when: "no run of retention for 3 hours, while there are blocks and Tempo runs that long",
  },
];

/** Alerts of Tempo, besides that of every scrape target. */
export function tempoRules(config: StackConfig): RuleGroup[] {
  return [
    {
      name: "tempo",
      source: "Tempo's metrics, and the collector's of what it sent",
      rules: [
        ...lossRules(config),
        {
          alert: "TempoRefusesSpans",
          expr: `sum by (receiver) ${grew("tempo_receiver_refused_spans")}`,
          forSeconds: 60,
          labels: { severity: "warning", service },
          annotations: {
            summary: "Tempo refused {{ $value | humanize }} spans",
            description:
              "They wait in the collector's queue if the refusal is one that passes: Tempo's log " +
              "says why it refuses.",
          },
          when: "spans were refused in the last 5 minutes, for 1 minute",
        },
        ...BACKEND,
        {
          alert: "TempoRequestsFail",
          expr: `${failedShare("tempo_request_duration_seconds_count", service, 'status_code=~"5.."')} > 0.05`,
          forSeconds: 300,
          labels: { severity: "warning", service },
          annotations: {
            summary: "{{ $value | humanizePercentage }} of Tempo's answers are errors",
            description: "Queries fail while spans may well be stored: Tempo's log has the error.",
          },
          when: "more than 5 % of the answers were errors for 5 minutes",
        },
      ],
    },
  ];
}
