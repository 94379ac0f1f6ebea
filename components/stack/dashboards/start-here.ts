import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../../config/parse";
import { AT_LOKI, AT_TEMPO, hops, missingShare } from "../../collector/flow";
import { buildDashboard, type Row, type StackDashboard } from "../../grafana/dashboards/dashboard";
import { badAbove, badAtAll, badBelow, percent, yesOrNo } from "../../grafana/dashboards/fields";
import { dataLink } from "../../grafana/dashboards/links";
import { stat, timeSeries } from "../../grafana/dashboards/panels";
import { promInstant, promRange, promTable } from "../../grafana/dashboards/queries";
import { table } from "../../grafana/dashboards/tables";
import { logsSummary } from "../../loki/summary-row";
import { noticesOf } from "../../prometheus/certificate-rules";
import { metricsSummary, tracesSummary } from "../../prometheus/dashboards/summary-rows";
import { RECORDED } from "../../prometheus/metric-names";
import { vectorsSummary } from "../../qdrant/summary-row";
import { isEnabled } from "../connections";
import { DISK, diskLeft } from "./disk";
import { CHOSEN_JOBS, ofChosenJobs, ownServiceVariables } from "./own-services";

const DAY = 86_400;

/** The Watchdog fires for as long as alerts work. */
const FIRING = 'ALERTS{alertstate="firing", alertname!="Watchdog"}';

const daysLeft = (kind: string) =>
  `(${RECORDED.certificateEnd}{kind${kind}"leaf"} - time()) / ${DAY}`;

/** Days left below which a certificate's renewal is late, and urgent. */
const late = ({ warning, critical }: { warning: number; critical: number }) =>
  badBelow(warning / DAY, critical / DAY);

function health(config: StackConfig): Row {
  const { spans, logLines } = hops(config);
  const lost = {
    spans: missingShare({ from: spans[0].from, to: AT_TEMPO }, "10m"),
    "log lines": missingShare({ from: logLines[0].from, to: AT_LOKI }, "10m"),
  };
  return {
    title: "Is everything well?",
    panels: [
      stat({
        title: "Services",
        description: "Whether each service answers a scrape, or its own metrics still come.",
        unit: units.Short,
        queries: [
          promInstant(
            `max by (job) (up{${CHOSEN_JOBS}}) or ` +
              `clamp_max(${ofChosenJobs(RECORDED.processStart)}, 1)`,
            "{{job}}",
          ),
        ],
        thresholds: badBelow(1),
        mappings: [yesOrNo("up", "down", "no")],
        links: [dataLink("pipeline", "The pipeline itself", {})],
        width: 24,
      }),
      stat({
        title: "Firing alerts",
        description: "Alerts that fire now, but for the Watchdog, which always does.",
        unit: units.Short,
        queries: [promInstant(`count(${FIRING}) or vector(0)`)],
        thresholds: badAtAll(),
        width: 6,
      }),
      stat({
        title: "Lost on the way",
        description:
          "Share of the spans and log lines of the last 10 minutes that are not at their store; " +
          `what waits in a queue counts. Red above the alert's ${percent(config.alerts.loss)}.`,
        unit: units.PercentUnit,
        queries: Object.entries(lost).map(([name, share]) => promInstant(share, name)),
        thresholds: badAbove(config.alerts.loss),
        decimals: 1,
        links: [dataLink("pipeline", "The pipeline itself", {})],
        width: 6,
      }),
      stat({
        title: "Disk left",
        description:
          "Free share of the file system that holds the volumes. Red and orange as the alerts: " +
          `${percent(config.alerts.disk.critical)} and ${percent(config.alerts.disk.warning)} full.`,
        unit: units.PercentUnit,
        queries: [promInstant(DISK.freeShare)],
        thresholds: diskLeft(config),
        decimals: 0,
        width: 6,
      }),
      stat({
        title: "Days until a certificate ends",
        description: "The next end of a certificate that a service or an application serves.",
        unit: units.Days,
        queries: [promInstant(`min(${daysLeft("=")})`)],
        thresholds: late(noticesOf(config).leaf),
        decimals: 0,
        width: 6,
      }),
      table({
        title: "What fires",
        description:
          "Each firing alert. Its runbook is in docs/runbooks; Alertmanager shows what it says.",
        unit: units.Short,
        queries: [promTable(FIRING)],
        columns: [
          { field: "alertname", title: "Alert" },
          { field: "severity", title: "Severity" },
          { field: "service", title: "Service" },
          { field: "job", title: "Job" },
          { field: "instance", title: "Instance" },
        ],
        noValue: "Nothing fires.",
        width: 24,
        height: 6,
      }),
    ],
  };
}

function storage(config: StackConfig): Row {
  return {
    title: "Storage",
    panels: [
      timeSeries({
        title: "Disk of the volumes",
        description: "What is used and what is free of the file system that the volumes lie on.",
        unit: units.BytesIEC,
        queries: [
          promRange(DISK.used, { legend: "used" }),
          promRange(DISK.free, { legend: "free" }),
        ],
        stacked: true,
        width: 12,
      }),
      timeSeries({
        title: "Free share of the disk",
        description: "It becomes a warning, and then critical, where the lines are.",
        unit: units.PercentUnit,
        queries: [promRange(DISK.freeShare, { legend: "free" })],
        thresholds: diskLeft(config),
        max: 1,
        width: 12,
      }),
    ],
  };
}

function certificates(config: StackConfig): Row {
  const notices = noticesOf(config);
  const list = (title: string, kind: string, notice: (typeof notices)["leaf"]) =>
    table({
      title,
      description: "Days until each ends. Renewals happen at `npm run up`.",
      unit: units.Days,
      queries: [promTable(daysLeft(kind))],
      columns: [
        { field: "certificate", title: "Certificate" },
        { field: "kind", title: "Kind" },
        { field: "Value", title: "Days left", unit: units.Days, thresholds: late(notice) },
      ],
      width: 12,
    });
  return {
    title: "Certificates",
    panels: [
      list("Certificates of services and applications", "=", notices.leaf),
      list("Certificates of authorities", "!=", notices.authority),
    ],
  };
}

/** Where people begin: whether anything needs them, and where to look on. */
export function startHereDashboard(config: StackConfig): StackDashboard {
  return buildDashboard(config, {
    name: "startHere",
    description:
      "Whether everything is well: what fires, what comes in and gets lost of each signal, how " +
      "much room the disk has, when certificates end.",
    variables: ownServiceVariables(),
    rows: [
      health(config),
      tracesSummary(config),
      logsSummary(config),
      metricsSummary(),
      ...(isEnabled(config, "qdrant") ? [vectorsSummary()] : []),
      storage(config),
      certificates(config),
    ],
  });
}
