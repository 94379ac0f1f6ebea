import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Row } from "../grafana/dashboards/dashboard";
import { badAbove } from "../grafana/dashboards/fields";
import { bars, timeSeries } from "../grafana/dashboards/panels";
import { OVER_TIME, promInstant, promRange } from "../grafana/dashboards/queries";
import { RECORDED } from "../prometheus/metric-names";
import { ofAll } from "./chosen";

/** What Qdrant keeps in memory, and what it must read from disk. */
export const memoryRow = (): Row => ({
  title: "Memory",
  panels: [
    bars({
      title: "Memory against its limit",
      description:
        "Resident memory as a share of the container's limit; above it Qdrant is killed.",
      unit: units.PercentUnit,
      queries: [
        promInstant(
          `${RECORDED.memoryUsed}{job=~"$service"} / on (job) ` +
            `${RECORDED.memoryLimit}{job=~"$service"}`,
          "{{job}}",
        ),
      ],
      thresholds: badAbove(0.9, 0.75),
      max: 1,
      width: 8,
    }),
    timeSeries({
      title: "Memory",
      description:
        "Resident: what the host gave. Allocated: what Qdrant asked for. Retained: freed, and not " +
        "given back.",
      unit: units.BytesIEC,
      queries: ["resident", "active", "allocated", "retained", "metadata"].map((kind) =>
        promRange(ofAll(`memory_${kind}_bytes`), { legend: `{{job}} ${kind}` }),
      ),
      width: 8,
    }),
    timeSeries({
      title: "Page faults",
      description: "Pages per second that were read from disk: vectors that are not in memory.",
      unit: units.OpsPerSecond,
      queries: [
        promRange(`rate(${ofAll("process_major_page_faults_total")}[${OVER_TIME}])`, {
          legend: "{{job}}",
        }),
      ],
      width: 8,
    }),
  ],
});
