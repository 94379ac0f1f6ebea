import type { StackConfig } from "../../config/parse";
import { budgetsOf, keepingOf } from "../../config/space";
import { goDuration } from "../../config/units";
import { storeFigures } from "../stack/store-figures";
import { WRITTEN_WINDOW } from "../store-figures";
import { RECORDED } from "./metric-names";
import type { AlertRule, RecordingRule, RuleGroup } from "./rule-group";

const { storeUsed, storeWritten, storeBudget, storeRetention } = RECORDED;

/** Below it a young stack's first hours promise too much. */
const FORECAST_FROM = 0.2;

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;

function recordings(config: StackConfig): RecordingRule[] {
  const record = (name: string, store: string, expr: string) => ({
    record: name,
    expr,
    labels: { store },
  });
  return [
    ...storeFigures(config).flatMap(([store, { used, written }]) => [
      record(storeUsed, store, used),
      ...(written === undefined ? [] : [record(storeWritten, store, written)]),
    ]),
    ...budgetsOf(config).flatMap(({ store, bytes }) => [
      record(storeBudget, store, `vector(${bytes})`),
      record(storeRetention, store, `vector(${keepingOf(config, store).seconds})`),
    ]),
  ];
}

function alerts({ alerts: { space } }: StackConfig): AlertRule[] {
  const { warning, critical, fullWithin } = space;
  const filled = `${storeUsed} / on (store) ${storeBudget}`;
  const fills = (severity: "warning" | "critical", bounds: string): AlertRule => ({
    alert: "StoreFills",
    expr: `${filled} ${bounds}`,
    forSeconds: 120,
    labels: { severity },
    annotations: {
      summary: "{{ $labels.store }} has filled {{ $value | humanizePercentage }} of its room",
      description:
        "`npm run space -- --fit` says how long it can keep what it gets. When its volume is full " +
        "it stores nothing more.",
    },
    when: `a store has filled more than ${percent(space[severity])} of its claim or budget for 2 minutes`,
    options: [`alerts.space.${severity}`],
  });
  return [
    fills("warning", `> ${warning} <= ${critical}`),
    fills("critical", `> ${critical}`),
    {
      alert: "StoreFullSoon",
      expr:
        `predict_linear(${storeUsed}[${goDuration(WRITTEN_WINDOW)}], ${fullWithin}) > on (store) ${storeBudget} ` +
        `and on (store) ${storeWritten} * on (store) ${storeRetention} > on (store) ${storeBudget} ` +
        `and on (store) ${filled} > ${FORECAST_FROM}`,
      forSeconds: 1800,
      labels: { severity: "warning" },
      annotations: {
        summary: `{{ $labels.store }} will have filled its room within ${goDuration(fullWithin)}`,
        description:
          "By the last 6 hours' growth it would hold {{ $value | humanize1024 }}B then, and its " +
          "retention deletes too late. `npm run space -- --fit` says what retention fits.",
      },
      when:
        `by the growth of 6 hours a store has filled its claim or budget within ${goDuration(fullWithin)}, ` +
        `its retention lets it, and ${percent(FORECAST_FROM)} are filled already, for 30 minutes`,
      options: ["alerts.space.fullWithin"],
    },
  ];
}

/** What each store holds, writes and may fill, and the alerts on it. */
export function spaceRules(config: StackConfig): RuleGroup {
  return {
    name: "space",
    source: "the stores' own metrics, and what the options let each of them fill",
    intervalSeconds: Math.max(60, config.alerts.interval),
    rules: [...recordings(config), ...(budgetsOf(config).length > 0 ? alerts(config) : [])],
  };
}
