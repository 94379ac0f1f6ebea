import { counted, failing, one, sent, startOf, type RuleCases } from "./situations";

/** Alerts on Tempo. */
export const tempo: Record<string, RuleCases> = {
  TempoReceivesLess: {
    fires: [
      {
        what: "a part",
        series: {
          [sent("otlp_grpc/tempo")]: "0+100x200",
          'tempo_distributor_spans_received_total{job="tempo"}': "0+94x200",
          'up{job="tempo"}': "1x200",
        },
        at: "40m",
        labels: { service: "tempo" },
      },
      {
        what: "all of them",
        series: { [sent("otlp_grpc/tempo")]: "0+100x200", 'up{job="tempo"}': "1x200" },
        at: "40m",
      },
    ],
    silent: [
      {
        what: "nearly none is missing",
        series: {
          [sent("otlp_grpc/tempo")]: "0+100x200",
          'tempo_distributor_spans_received_total{job="tempo"}': "0+96x200",
          'up{job="tempo"}': "1x200",
        },
        at: "40m",
      },
      {
        what: "Tempo is down",
        series: { [sent("otlp_grpc/tempo")]: "0+100x200", 'up{job="tempo"}': "0x200" },
        at: "40m",
      },
      {
        what: "nothing is sent",
        series: { [sent("otlp_grpc/tempo")]: "100x200", 'up{job="tempo"}': "1x200" },
        at: "40m",
      },
    ],
  },
  TempoDoesNotStore: {
    fires: [
      {
        what: "a part",
        series: {
          'tempo_distributor_bytes_received_total{job="tempo"}': "0+1000x100",
          'tempo_live_store_bytes_received_total{job="tempo",data_type="trace"}': "0+940x100",
        },
        at: "15m",
        labels: { service: "tempo" },
      },
      {
        what: "nothing",
        series: { 'tempo_distributor_bytes_received_total{job="tempo"}': "0+1000x100" },
        at: "15m",
      },
    ],
    silent: one({
      series: {
        'tempo_distributor_bytes_received_total{job="tempo"}': "0+1000x100",
        'tempo_live_store_bytes_received_total{job="tempo",data_type="trace"}': "0+960x100",
      },
      at: "15m",
    }),
  },
  TempoDiscardsSpans: counted(['tempo_discarded_spans_total{reason="trace_too_large"}'], {
    labels: { reason: "trace_too_large" },
  }),
  TempoRefusesSpans: counted(['tempo_receiver_refused_spans{receiver="otlp",transport="grpc"}']),
  TempoBlocksFail: counted(
    [
      "tempo_live_store_failed_completions_total",
      "tempo_live_store_local_failed_flushes_total",
      'tempodb_blocklist_poll_errors_total{tenant="single-tenant"}',
      "tempodb_retention_errors_total",
    ],
    { window: 30, wait: 5 },
  ),
  TempoCompactionFails: counted(
    [
      "tempodb_compaction_errors_total",
      'tempo_backend_scheduler_jobs_failed_total{job_type="JOB_TYPE_COMPACTION"}',
    ],
    { window: 30, wait: 5 },
  ),
  TempoRetentionStalls: {
    fires: [
      {
        what: "no run for hours",
        series: {
          'tempodb_blocklist_length{job="tempo"}': "5x900",
          'tempodb_retention_duration_seconds_count{job="tempo"}': "4x900",
          [startOf("tempo")]: "0x900",
        },
        at: "3h20m",
        labels: { service: "tempo" },
      },
    ],
    silent: [
      {
        what: "a run every hour",
        series: {
          'tempodb_blocklist_length{job="tempo"}': "5x900",
          'tempodb_retention_duration_seconds_count{job="tempo"}': "0x240 1x240 2x240 3x180",
          [startOf("tempo")]: "0x900",
        },
        at: "3h20m",
      },
      {
        what: "no blocks",
        series: {
          'tempodb_blocklist_length{job="tempo"}': "0x900",
          'tempodb_retention_duration_seconds_count{job="tempo"}': "0x900",
          [startOf("tempo")]: "0x900",
        },
        at: "3h20m",
      },
      {
        what: "just started",
        series: {
          'tempodb_blocklist_length{job="tempo"}': "5x900",
          'tempodb_retention_duration_seconds_count{job="tempo"}': "0x900",
          [startOf("tempo")]: "9000x900",
        },
        at: "3h20m",
      },
    ],
  },
  TempoRequestsFail: failing(
    "tempo_request_duration_seconds_count",
    '{job="tempo",status_code="STATUS"}',
    5,
  ),
};
