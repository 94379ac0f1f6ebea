import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Row } from "../grafana/dashboards/dashboard";
import { timeSeries } from "../grafana/dashboards/panels";
import { promRange } from "../grafana/dashboards/queries";
import { PUSHING_JOBS } from "../prometheus/metric-names";

const OWN = `{job="${PUSHING_JOBS["log-agent"]}"}`;
const READ = `otelcol_receiver_accepted_log_records_total${OWN}`;
const rate = (counter: string) => `sum(rate(${counter}[$__rate_interval]))`;

/** The log agent: what it reads of the stack's own containers. */
export const logAgentRow = (): Row => ({
  title: "Log agent",
  panels: [
    timeSeries({
      title: "Log agent: lines of containers",
      description:
        "Lines per second of the stack's own containers: read, taken by the collector, refused by it.",
      unit: units.CountsPerSecond,
      queries: [
        promRange(rate(READ), { legend: "read" }),
        promRange(rate(`otelcol_exporter_sent_log_records_total${OWN}`), { legend: "taken" }),
        promRange(
          `${rate(`otelcol_exporter_send_failed_log_records_total${OWN}`)} or 0 * ${rate(READ)}`,
          { legend: "refused" },
        ),
      ],
      width: 24,
    }),
  ],
});
