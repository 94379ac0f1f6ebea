import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import { eachReplica } from "../collector/flow";
import type { AlertRule, RuleGroup } from "./rule-group";

const USAGE = "system_filesystem_usage_bytes";

const selector = (state: string) => `${USAGE}{job="collector",state="${state}"}`;

/** Share of what users other than root may fill, by these labels. */
function usedBy(labels: string): string {
  const bytes = (state: string) => `sum by (${labels}) (${selector(state)})`;
  return `${bytes("used")} / (${bytes("used")} + ${bytes("free")})`;
}

/** Below it the disk has room for what a forecast from a young stack's first hours promises. */
const FORECAST_FROM = 0.5;

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;

/** Alerts on the disk that holds the volumes. It is the one that the collector's lies on. */
export function hostRules(config: StackConfig): RuleGroup {
  const { disk } = config.alerts;
  const { warning, critical, fullWithin } = disk;
  // Each replica has a disk of its own.
  const labels = ["mountpoint", ...eachReplica(config)].join(", ");
  const used = usedBy(labels);
  const fills = (severity: "warning" | "critical", bounds: string): AlertRule => ({
    alert: "DiskFills",
    expr: `${used} ${bounds}`,
    forSeconds: 120,
    labels: { severity },
    annotations: {
      summary: "The disk of the volumes is {{ $value | humanizePercentage }} full",
      description:
        "When it is full, nothing more is stored, and databases may need repair. Give it room, or " +
        "shorten `retention`.",
    },
    when: `disk filled above ${percent(disk[severity])} for 2 minutes`,
    options: [`alerts.disk.${severity}`],
  });
  return {
    name: "host",
    source: "the collector's host metrics: the file system that its volume lies on",
    rules: [
      fills("warning", `> ${warning} <= ${critical}`),
      fills("critical", `> ${critical}`),
      {
        alert: "DiskFullSoon",
        expr:
          `-sum by (${labels}) (predict_linear(${selector("free")}[3h], ` +
          `${fullWithin})) > 0 and on (${labels}) ${used} > ${FORECAST_FROM}`,
        forSeconds: 900,
        labels: { severity: "warning" },
        annotations: {
          summary: `The disk of the volumes will be full within ${goDuration(fullWithin)}`,
          description:
            "By the last 3 hours' growth {{ $value | humanize1024 }}B would be lacking then. " +
            "Give it room, or shorten `retention`.",
        },
        when:
          `by the growth of 3 hours full within ${goDuration(fullWithin)}, and filled above ` +
          `${percent(FORECAST_FROM)} already, for 15 minutes`,
        options: ["alerts.disk.fullWithin"],
      },
    ],
  };
}
