import { DOCUMENTS, REPORTED, SEARCH_LATENCY } from "../helpers/mix-metrics";
import { POINTS, TICK, type LiveTraffic } from "../helpers/mix-traffic";
import { CYCLE, tickAt, type Level, type MixSpan } from "../helpers/known-mix";
import {
  bucketOf,
  counterKey,
  edgeCounts,
  levelCounts,
  serviceFigures,
  spanCounts,
} from "../helpers/mix-figures";
import { promInstant, type Series } from "../helpers/data-source-api";
import { askPanel } from "../helpers/panel-queries";
import { eventually } from "../helpers/ports";
import { edgesOf } from "../helpers/service-graph";
import { config, FAILED_TRACE, queryNamed, WHO_CALLS_WHOM, type World } from "./panel-world";

/** A whole round of the mix: what every share and percentile of it comes from. */
const round = Array.from({ length: CYCLE }, (_, tick) => tickAt("figures", tick, 0));
const SPANS = round.flatMap(({ spans }) => spans);
const FIGURES = serviceFigures(SPANS);
const ROUND_SECONDS = (CYCLE * TICK) / 1000;
const BOUNDS = config.tuning.collector.latencyBuckets;
/** Seconds that somebody looks back at live traffic. */
const LATELY = 30;
const MAP = "Service map and one service";

const numbers = ({ values }: Series) =>
  values.map(([, value]) => value).filter((value) => !Number.isNaN(value));
const last = (series: Series) => numbers(series).at(-1) ?? NaN;
const median = (series: Series) => {
  const sorted = numbers(series).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};
const sum = (series: Series) => numbers(series).reduce((total, value) => total + value, 0);

/** A number of each service, from the series that a panel draws. */
const byService = (series: readonly Series[], pick: (series: Series) => number) =>
  Object.fromEntries(series.map((one) => [one.labels.service_name, pick(one)]));

const isWithin = (value: number, expected: number, tolerance: number) => {
  expect(value).toBeGreaterThan(expected - tolerance);
  expect(value).toBeLessThan(expected + tolerance);
};

/** Tests that compare what panels show with what is known of the mix. The last ones end the traffic. */
export function agrees(the: () => World): void {
  const lately = async (name: string, choices = {}) =>
    (await askPanel(the().open(choices, LATELY), queryNamed(name))).series;

  test("requests per second of each service", async () => {
    const rates = byService(await lately("Services › Requests by service › A"), median);
    expect(Object.keys(rates).sort()).toEqual(Object.keys(FIGURES));
    for (const [service, { requests }] of Object.entries(FIGURES)) {
      isWithin(rates[service], requests / ROUND_SECONDS, (requests / ROUND_SECONDS) * 0.12);
    }
  }, 20_000);

  test("the share of failed requests of each service", async () => {
    const shares = byService(await lately("Services › Failed share by service › A"), median);
    for (const [service, { errorShare }] of Object.entries(FIGURES)) {
      isWithin(shares[service], errorShare, errorShare === 0 ? Number.EPSILON : 0.03);
    }
  }, 20_000);

  test("the 95th percentile of each service, to the bucket", async () => {
    const quantiles = byService(await lately("Services › p95 by service › A"), median);
    for (const [service, { p95 }] of Object.entries(FIGURES)) {
      // The frontend's is at the edge between its two kinds of requests.
      if (service === "frontend") continue;
      const [above, upTo] = bucketOf(p95, BOUNDS);
      expect(quantiles[service]).toBeGreaterThan(above);
      expect(quantiles[service]).toBeLessThanOrEqual(upTo);
    }
  }, 20_000);

  test("the edges' requests per second, and who calls a service and whom it calls", async () => {
    const edges = edgeCounts(SPANS);
    const rates = await lately(`${MAP} › Edges › A`);
    const named = rates.map((one) => [`${one.labels.client} → ${one.labels.server}`, last(one)]);
    expect(named.map(([name]) => name).sort()).toEqual(Object.keys(edges).sort());
    for (const [edge, rate] of named as [string, number][]) {
      isWithin(rate, edges[edge] / ROUND_SECONDS, (edges[edge] / ROUND_SECONDS) * 0.15);
    }
    const ends = async (panel: string, label: string) =>
      (await lately(`${MAP} › ${panel} › A`)).map(({ labels }) => labels[label]).sort();
    expect(await ends("Callers", "client")).toEqual(["frontend"]);
    expect(await ends("Callees", "server")).toEqual(["inventory", "mailer", "payment"]);
  }, 20_000);

  test.each([
    ["Recent errors", ({ failed }: MixSpan) => failed],
    ["Slow traces", ({ start, end }: MixSpan) => end - start > 1000],
  ])("the traces of the table: %s", async (panel, belongs) => {
    const { open, history, traffic } = the();
    const { traces } = await askPanel(open(), queryNamed(`Trace search › ${panel} › A`));
    const spans = [...history.spans, ...traffic.sent.spans];
    const ids = new Set(spans.filter(belongs).map(({ traceId }) => traceId));
    expect(traces.filter(({ traceId }) => !ids.has(traceId))).toEqual([]);
    expect(traces.length).toBeGreaterThanOrEqual(5);
  });

  test("spans at the door and in the store", async () => {
    for (const ref of ["A", "D"]) {
      const [spans] = await lately(
        `The pipeline itself › Spans from the door to the store › ${ref}`,
      );
      isWithin(median(spans), SPANS.length / ROUND_SECONDS, (SPANS.length / ROUND_SECONDS) * 0.12);
    }
    const [missing] = await lately("The pipeline itself › Missing on the way › A");
    isWithin(last(missing), 0, 0.05);
  });

  test("the alerts that fire are of the services that fail or are slow", async () => {
    await eventually(
      async () => {
        const firing = await lately("Start here › What fires › A");
        const of = (alert: string) =>
          firing
            .filter(({ labels }) => labels.alertname === alert)
            .map(({ labels }) => labels.service_name);
        expect(of("ServiceErrorRateHigh")).toEqual(expect.arrayContaining(["checkout", "payment"]));
        expect(of("ServiceLatencyHigh").sort()).toEqual(["checkout", "payment"]);
        for (const well of ["inventory", "mailer", "embedder"]) {
          expect(firing.map(({ labels }) => labels.service_name)).not.toContain(well);
        }
      },
      { timeout: 30_000, interval: 1000 },
    );
  }, 40_000);

  test("what applications report of themselves", async () => {
    const reported = async (panel: string) => {
      const series = await lately(`What tracing costs › ${panel} › A`);
      return Object.fromEntries(series.map((one) => [one.labels.job, last(one)]));
    };
    const expected = (pick: (used: (typeof REPORTED)["search" | "embedder"]) => number) =>
      Object.fromEntries(Object.entries(REPORTED).map(([name, used]) => [name, pick(used)]));
    expect(await reported("Memory of applications")).toEqual(expected(({ memory }) => memory));
    expect(await reported("CPU of applications")).toEqual(expected(({ cpu }) => cpu));
    expect(await reported("CPU that tracing takes in applications")).toEqual(
      expected(({ tracingCpu }) => tracingCpu),
    );
    expect(await reported("Documents")).toEqual({ search: DOCUMENTS });
    const { search } = await reported("Time of a search");
    const [above, upTo] = bucketOf(SEARCH_LATENCY.milliseconds, SEARCH_LATENCY.bounds);
    expect(search).toBeGreaterThan(above);
    expect(search).toBeLessThanOrEqual(upTo);
  });

  // Skipped where there is no program of Qdrant: the stack then runs without it, and is said to.
  (config.qdrant.enabled ? test : test.skip)("the points of a collection", async () => {
    const [points] = await lately("Vector search › Points › A");
    expect(last(points)).toBe(POINTS);
  });

  test("all lines of one trace", async () => {
    const { open, history } = the();
    const query = queryNamed("Logs › What was logged along the trace › A");
    const { lines } = await askPanel(open(), query);
    const written = history.logs.filter(({ traceId }) => traceId === FAILED_TRACE);
    expect(lines.map(({ text }) => text).sort()).toEqual(written.map(({ body }) => body).sort());
  });

  describe("when the traffic has ended", () => {
    let sent: Awaited<ReturnType<LiveTraffic["stop"]>>;
    beforeAll(async () => {
      const live = await the().traffic.stop();
      const { history } = the();
      sent = {
        spans: [...history.spans, ...live.spans],
        logs: [...history.logs, ...live.logs],
      };
    }, 30_000);

    /** The newest value of each series of a query, by a key of its labels. */
    const newest = async (query: string, keyOf: (labels: Record<string, string>) => string) => {
      const { series } = await promInstant(the().stack, query, Date.now() / 1000);
      return Object.fromEntries(series.map((one) => [keyOf(one.labels), last(one)]));
    };

    test("the counters of spans are exactly what was sent", async () => {
      const query =
        "sum by (service_name, span_name, span_kind, status_code) (traces_spanmetrics_calls_total)";
      await eventually(
        async () => {
          const counted = await newest(query, (labels) =>
            counterKey(labels.service_name, labels.span_name, labels.span_kind, labels.status_code),
          );
          expect(counted).toEqual(spanCounts(sent.spans));
        },
        { timeout: 30_000, interval: 1000 },
      );
    }, 40_000);

    test("the service graph has exactly these edges, and their requests", async () => {
      const edges = edgeCounts(sent.spans);
      const answer = await askPanel(the().open(), queryNamed(WHO_CALLS_WHOM));
      expect(edgesOf(answer)).toEqual(Object.keys(edges).sort());
      // Half a call waits ten seconds for its other half before its peer is called by its name.
      await eventually(
        async () => {
          const counted = await newest(
            "sum by (client, server) (traces_service_graph_request_total)",
            ({ client, server }) => `${client} → ${server}`,
          );
          expect(counted).toEqual(edges);
        },
        { timeout: 40_000, interval: 1000 },
      );
    }, 60_000);

    test("log lines by level and by service are exactly those that were written", async () => {
      const page = the().open();
      const { series: levels } = await askPanel(page, queryNamed("Logs › Lines by level › A"));
      expect(
        Object.fromEntries(
          levels.map((one) => [one.labels.detected_level.toUpperCase(), sum(one)]),
        ),
      ).toEqual(levelCounts(sent.logs) satisfies Record<Level, number>);
      const { series } = await askPanel(page, queryNamed("Logs › Lines by service › A"));
      const written: Record<string, number> = {};
      for (const { service } of sent.logs) written[service] = (written[service] ?? 0) + 1;
      expect(byService(series, sum)).toEqual(written);
    }, 20_000);
  });
}
