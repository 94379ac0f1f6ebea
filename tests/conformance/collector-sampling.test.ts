import { parseConfig } from "../../config/parse";
import { loadIntake, sendAsApplication, spansReceived } from "../helpers/intake";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { expectStored, get, spansInTempo } from "../helpers/requests";
import { describeWith } from "../helpers/skip";

const SHAPE = { spansPerTrace: 5, spansPerRequest: 500, attributes: "many" } as const;

describeWith(["collector", "tempo", "prometheus"], "The collector that samples", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startStack({
      config: parseConfig(
        { sampling: { ratio: 0.1, decisionWait: "1s" }, jaeger: { enabled: false } },
        { stack: "prod", environment: {} },
      ),
      services: ["tempo", "prometheus", "collector"],
    });
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  const ask = async <T>(path: string, parameters: Record<string, string>) => {
    const query = new URLSearchParams(parameters).toString();
    const { body } = await get(stack, "prometheus", `/api/v1/${path}?${query}`);
    return (JSON.parse(body) as { data: T }).data;
  };

  test("counts every span, stores a share, and keeps errors and slow traces", async () => {
    const result = await loadIntake(stack, {
      shape: SHAPE,
      seconds: 3,
      concurrency: 1,
      rate: 2000,
    });
    // One of its spans is an error, and it lasts longer than a second.
    const kept = await sendAsApplication(stack);
    await expectStored(stack, kept, 30_000);
    const sent = result.accepted + kept.spans.length;
    await eventually(
      async () => {
        const { result: series } = await ask<{ result: { value: [number, string] }[] }>("query", {
          query: "sum(traces_spanmetrics_calls_total)",
        });
        expect(Number(series[0]?.value[1])).toBe(sent);
      },
      { timeout: 60_000, interval: 1000 },
    );
    const stored = await spansReceived(stack);
    expect(stored).toBeGreaterThan(sent * 0.03);
    expect(stored).toBeLessThan(sent * 0.25);
  }, 120_000);

  test("has exemplars of stored traces alone", async () => {
    type Series = {
      seriesLabels: Record<string, string>;
      exemplars: { labels: { trace_id: string } }[];
    };
    const found = await eventually(
      async () => {
        const series = await ask<Series[]>("query_exemplars", {
          query: '{__name__=~"traces_spanmetrics.*"}',
          start: String(Date.now() / 1000 - 600),
          end: String(Date.now() / 1000),
        });
        expect(series.length).toBeGreaterThan(0);
        return series;
      },
      { timeout: 60_000, interval: 1000 },
    );
    const ids = new Set(
      found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id)),
    );
    for (const id of ids) await expect(spansInTempo(stack, id)).resolves.not.toHaveLength(0);
  }, 120_000);

  test("pushes its own metrics", async () => {
    await eventually(
      async () => {
        const { result } = await ask<{ result: unknown[] }>("query", {
          query: 'otelcol_receiver_accepted_spans_total{job="collector"} > 0',
        });
        expect(result).not.toHaveLength(0);
      },
      { timeout: 60_000, interval: 1000 },
    );
  }, 90_000);
});
