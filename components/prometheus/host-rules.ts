import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import type { AlertRule, RuleGroup } from "./rule-group";

const USAGE = "system_filesystem_usage_bytes";

const bytes = (state: string) => `sum by (mountpoint) (${USAGE}{job="collector",state="${state}"})`;

/** Share of what users other than root may fill. */
const USED = `${bytes("used")} / (${bytes("used")} + ${bytes("free")})`;

/** Below it the disk has room for what a forecast from a young stack's first hours promises. */
const FORECAST_FROM = 0.5;

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;

/** Alerts on the disk that holds the volumes. It is the one that the collector's lies on. */
export function hostRules({ alerts: { disk } }: StackConfig): RuleGroup {
  const { warning, critical, fullWithin } = disk;
  const fills = (severity: "warning" | "critical", bounds: string): AlertRule => ({
    alert: "DiskFills",
    expr: `${USED} ${bounds}`,
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
          `-sum by (mountpoint) (predict_linear(${USAGE}{job="collector",state="free"}[3h], ` +
          `${fullWithin})) > 0 and on (mountpoint) ${USED} > ${FORECAST_FROM}`,
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
