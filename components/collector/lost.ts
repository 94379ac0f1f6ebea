import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../config/parse";
import { badAbove, percent } from "../grafana/dashboards/fields";
import { dataLink } from "../grafana/dashboards/links";
import { stat } from "../grafana/dashboards/panels";
import { promInstant } from "../grafana/dashboards/queries";
import { missingShare, type Hop } from "./flow";

/** What is missing after each of some steps: a number a step. */
export const lostOnTheWay = ({ alerts }: StackConfig, title: string, hops: readonly Hop[]) =>
  stat({
    title,
    description:
      "Share of what set out from one step in the last 10 minutes and did not reach the next; " +
      `what waits in a queue counts. Red above the alert's ${percent(alerts.loss)}.`,
    unit: units.PercentUnit,
    queries: hops.map((hop) => promInstant(missingShare(hop, "10m"), hop.name)),
    thresholds: badAbove(alerts.loss),
    decimals: 1,
    links: [dataLink("pipeline", "The pipeline itself", {})],
    width: 6,
    height: 6,
  });
