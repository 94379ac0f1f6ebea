import { stackDashboards } from "../../components/stack/dashboards";
import type { StackConfig } from "../../config/parse";
import { parseConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { sendJson, spansReceived } from "../helpers/intake";
import { queriesOf, type Dashboard, type PanelQuery } from "../helpers/grafana-dashboard";
import type { ChosenVariables } from "../helpers/grafana-variables";
import { requestAt, traceIdOf, type Telemetry } from "../helpers/known-mix";
import { logsRequest } from "../helpers/mix-otlp";
import { fillQdrant, LiveTraffic, sendHistory } from "../helpers/mix-traffic";
import type { Page } from "../helpers/panel-queries";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type Mutation, type ProcessStack } from "../helpers/process-stack";
import { findProgram } from "../helpers/servers";
import { chosenVariables, type Choices } from "../helpers/variable-options";
import { WebhookServer } from "../helpers/webhook";

/** Seconds between scrapes, and between what is pushed. */
const INTERVAL = 5;
/** Minutes of past that Tempo and Loki have. */
const HISTORY = 10;
/** Seconds of traffic before anybody looks: searches leave out the last thirty. */
const WARM_UP = 45;

const optional = (["qdrant"] as const).filter((service) => findProgram(service) !== undefined);

const configWith = (receivers: unknown[]): StackConfig =>
  parseConfig(
    {
      tuning: { prometheus: { scrapeInterval: `${INTERVAL}s` } },
      alerts: { interval: `${INTERVAL}s`, receivers },
      // Without the server its dashboard is not in the stack either.
      qdrant: { enabled: optional.includes("qdrant") },
    },
    { stack: "dev", environment: {} },
  );

export const config = configWith([]);

const SERVERS: ServiceName[] = [
  "tempo",
  "collector",
  "prometheus",
  "loki",
  "jaeger",
  "alertmanager",
  ...optional,
];

/** What is pushed comes as often as what is scraped. */
const inStep: Mutation = (workload, places) =>
  ["collector", "jaeger"].reduce(
    (changed, service) =>
      editFiles(service as ServiceName, ({ path, content }) => ({
        path,
        content: content
          .replaceAll("metrics_flush_interval: 15s", `metrics_flush_interval: ${INTERVAL}s`)
          .replaceAll("collection_interval: 15s", `collection_interval: ${INTERVAL}s`)
          .replaceAll("interval: 15000", `interval: ${INTERVAL * 1000}`),
      }))(changed, places),
    workload,
  );

export const dashboards: Dashboard[] = stackDashboards(config).map(
  // What Grafana reads is JSON: the SDK's types hold more than this needs.
  ({ document }) => JSON.parse(JSON.stringify(document)) as Dashboard,
);
export const queries: PanelQuery[] = dashboards.flatMap(queriesOf);

/** A query by `dashboard › panel › ref`. @throws if no dashboard has it. */
export function queryNamed(name: string): PanelQuery {
  const found = queries.find((query) => query.name === name);
  if (!found) throw new Error(`no dashboard has "${name}"`);
  return found;
}

/** The map of all services. */
export const WHO_CALLS_WHOM = "Service map and one service › Who calls whom › A";

/** The request that people follow in these tests: it went through five services and failed in one. */
export const FAILED_TRACE = traceIdOf("history", "checkout", 20);
/** A service with callers, callees and errors of its own. */
export const SERVICE = "checkout";

/** What somebody picks and types on a page that shows one service, or one trace. */
function choicesOn({ templating }: Dashboard, choices: Choices): Choices {
  const made = (templating?.list ?? []).flatMap(({ name, multi }): [string, string][] => {
    if (name in choices) return [[name, choices[name]]];
    if (name === "trace") return [[name, FAILED_TRACE]];
    return name === "service" && !multi ? [[name, SERVICE]] : [];
  });
  return Object.fromEntries(made);
}

export interface World {
  stack: ProcessStack;
  history: Telemetry;
  traffic: LiveTraffic;
  /** Pages as they open, with `choices` of somebody, who looks back `range` seconds. */
  open: (choices?: Choices, range?: number) => Page;
  stop: () => Promise<void>;
}

function pageOf(stack: ProcessStack, choices: Choices, range?: number): Page {
  const chosen = new Map<Dashboard, Promise<ChosenVariables>>();
  return {
    stack,
    ...(range !== undefined && { range }),
    variables(dashboard) {
      const known =
        chosen.get(dashboard) ??
        chosenVariables(stack, dashboard, HISTORY * 60, choicesOn(dashboard, choices));
      chosen.set(dashboard, known);
      return known;
    },
  };
}

/** What goes wrong in any mix: a line of a service whose clock is hours ahead, which Loki refuses. */
async function sendFromTheFuture(stack: ProcessStack): Promise<void> {
  const { logs } = requestAt("future", "search", 0, Date.now() + 7_200_000);
  await sendJson(stack, "logs", logsRequest(logs));
}

/** Real servers with ten minutes of history and live traffic, which goes on until it is stopped. */
export async function startWorld(): Promise<World> {
  const webhook = await WebhookServer.start();
  // One delivery fails for good.
  webhook.answerNext("/on-call", 400);
  const receiver = { name: "on-call", url: webhook.url("/on-call"), ca: webhook.ca };
  let stack: ProcessStack | undefined;
  const stop = async () => {
    await stack?.stop();
    await webhook.stop();
  };
  try {
    stack = await startStack({
      config: configWith([receiver]),
      services: SERVERS,
      mutate: inStep,
    });
    const { history, traffic } = await fill(stack);
    const open: World["open"] = (choices = {}, range) => pageOf(traffic.stack, choices, range);
    return { stack, history, traffic, open, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function fill(stack: ProcessStack): Promise<Pick<World, "history" | "traffic">> {
  if (optional.includes("qdrant")) await fillQdrant(stack);
  await sendFromTheFuture(stack);
  const history = await sendHistory(stack, HISTORY);
  // What is counted in one go must not look like a rate: its counters are born with it.
  await eventually(async () =>
    expect(await spansReceived(stack)).toBeGreaterThanOrEqual(history.spans.length),
  );
  await new Promise((resolve) => setTimeout(resolve, INTERVAL * 1000));
  const traffic = new LiveTraffic(stack);
  const warm = new Promise<void>((resolve) => setTimeout(resolve, WARM_UP * 1000));
  await Promise.race([warm, traffic.running]);
  return { history, traffic };
}
