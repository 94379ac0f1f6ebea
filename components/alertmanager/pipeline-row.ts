import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Row } from "../grafana/dashboards/dashboard";
import { timeSeries } from "../grafana/dashboards/panels";
import { promRange } from "../grafana/dashboards/queries";

const OWN = '{job="alertmanager"}';

/** Alertmanager: what it holds, and whether it is delivered. */
export const alertmanagerRow = (): Row => ({
  title: "Alertmanager",
  panels: [
    timeSeries({
      title: "Alertmanager: alerts",
      description: "Alerts that fire, and that a silence or another alert suppresses.",
      unit: units.Short,
      queries: [promRange(`sum by (state) (alertmanager_alerts${OWN})`, { legend: "{{state}}" })],
      width: 12,
    }),
    timeSeries({
      title: "Alertmanager: deliveries",
      description: "Notifications in the last hour: sent, and not taken by their receiver.",
      unit: units.Short,
      queries: [
        promRange(`sum(increase(alertmanager_notifications_total${OWN}[1h]))`, {
          legend: "sent",
        }),
        promRange(`sum(increase(alertmanager_notifications_failed_total${OWN}[1h]))`, {
          legend: "failed",
        }),
      ],
      width: 12,
    }),
  ],
});
