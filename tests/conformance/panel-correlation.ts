import { dataSources } from "../../components/grafana/data-sources";
import { ask, lokiRange, promInstant, tempoSearch, type Range } from "../helpers/data-source-api";
import type { MixLog } from "../helpers/known-mix";
import { askExemplars, askPanel, isEmpty } from "../helpers/panel-queries";
import { eventually } from "../helpers/ports";
import { get, spansInTempo } from "../helpers/requests";
import { edgesOf } from "../helpers/service-graph";
import {
  config,
  FAILED_TRACE,
  queries,
  queryNamed,
  SERVICE,
  WHO_CALLS_WHOM,
  type World,
} from "./panel-world";

/** Links between data sources, as Grafana has them once it has provisioned its files. */
interface Links {
  exemplarTraceIdDestinations: { name: string; datasourceUid: string }[];
  tracesToLogsV2: { datasourceUid: string; tags: Tag[]; query: string };
  tracesToMetrics: {
    datasourceUid: string;
    tags: Tag[];
    queries: { name: string; query: string }[];
  };
  serviceMap: { datasourceUid: string };
  derivedFields: {
    matcherType: string;
    matcherRegex: string;
    datasourceUid: string;
    url: string;
  }[];
}
interface Tag {
  key: string;
  value: string;
}

const HOUR = 3600;
/** Milliseconds from the collector's answer until Tempo gives the trace back. */
const ON_ITS_WAY = 20_000;
const lastHour = (): Range => {
  const end = Math.ceil(Date.now() / 1000);
  return { start: end - HOUR, end, step: 15 };
};

/** Span attributes as matchers of another data source: `name="value"`, one after the other. */
const tagsOf = (tags: readonly Tag[], attributes: Record<string, string>) =>
  tags
    .filter(({ key }) => key in attributes)
    .map(({ key, value }) => `${value}="${attributes[key]}"`)
    .join(", ");

/** Callers and callees without telemetry of their own: a link finds nothing there. */
const WITHOUT_TELEMETRY = ["user", "stock", "qdrant"];

/** Tests of the links between signals, each way, with the data source's own settings. */
export function correlates(the: () => World): void {
  const attributes = { "service.name": SERVICE };
  const linksOf = (uid: string): Links => {
    const { stack } = the();
    const found = dataSources({ config, layout: stack.layout("grafana") }).find(
      (source) => source.uid === uid,
    );
    // Provisioning makes one dollar sign of two.
    return JSON.parse(JSON.stringify(found?.jsonData).replaceAll("$$", "$")) as Links;
  };
  const logsOfTrace = ({ traceId, service }: Pick<MixLog, "traceId" | "service">) =>
    [...the().history.logs, ...the().traffic.sent.logs]
      .filter((log) => log.traceId === traceId && log.service === service)
      .map(({ body }) => body);

  test("metric → trace: every exemplar of a panel leads to a trace that is stored", async () => {
    const { stack, open } = the();
    const [{ name, datasourceUid }] = linksOf("prometheus").exemplarTraceIdDestinations;
    expect(datasourceUid).toBe("tempo");
    const page = open();
    const shown = queries.filter(({ target }) => target.exemplar === true);
    expect(shown).not.toEqual([]);
    for (const query of shown) {
      const exemplars = await askExemplars(page, query);
      const ids = [...new Set(exemplars.map(({ labels }) => labels[name]))];
      expect(ids.length).toBeGreaterThan(0);
      // Traffic goes on: a trace may be on its way when its exemplar is scraped. None stays away.
      for (const id of ids.slice(0, 20)) {
        await eventually(() => spansInTempo(stack, id), { timeout: ON_ITS_WAY, interval: 500 });
      }
    }
  }, 60_000);

  test.each(["tempo", "jaeger"])(
    "trace → logs: the link of %s finds the lines of the span's service",
    async (uid) => {
      const { tracesToLogsV2 } = linksOf(uid);
      expect(tracesToLogsV2.datasourceUid).toBe("loki");
      const query = tracesToLogsV2.query
        .replace("${__tags}", tagsOf(tracesToLogsV2.tags, attributes))
        .replace("${__trace.traceId}", FAILED_TRACE);
      const { lines } = await lokiRange(the().stack, query, lastHour());
      const written = logsOfTrace({ traceId: FAILED_TRACE, service: SERVICE });
      expect(written.length).toBeGreaterThan(0);
      expect(lines.map(({ text }) => text).sort()).toEqual(written.sort());
    },
    20_000,
  );

  test.each(["tempo", "jaeger"])(
    "trace → metrics: every link of %s has data of the span's service",
    async (uid) => {
      const { tracesToMetrics } = linksOf(uid);
      expect(tracesToMetrics.datasourceUid).toBe("prometheus");
      const tags = tagsOf(tracesToMetrics.tags, attributes);
      for (const { name, query } of tracesToMetrics.queries) {
        const text = query.replaceAll("$__tags", tags);
        const answer = await promInstant(the().stack, text, Date.now() / 1000);
        expect([name, isEmpty(answer)]).toEqual([name, false]);
      }
    },
    20_000,
  );

  test("log → trace: a line's trace id leads to its trace", async () => {
    const { stack, open } = the();
    const [field] = linksOf("loki").derivedFields;
    expect(field).toMatchObject({
      datasourceUid: "tempo",
      matcherType: "label",
      url: "${__value.raw}",
    });
    const { lines } = await askPanel(open(), queryNamed("Logs › Newest errors › A"));
    const matches = new RegExp(`^(?:${field.matcherRegex})$`);
    const ids = lines.map(({ labels }) => {
      const label = Object.keys(labels).find((name) => matches.test(name)) ?? "";
      return labels[label];
    });
    expect(ids.length).toBeGreaterThan(0);
    for (const id of [...new Set(ids)].slice(0, 20)) {
      await eventually(() => spansInTempo(stack, id), { timeout: ON_ITS_WAY, interval: 500 });
    }
  }, 60_000);

  test("service map → metrics → traces: every service of the map has both", async () => {
    const { stack, open } = the();
    expect(linksOf("tempo").serviceMap.datasourceUid).toBe("prometheus");
    const map = queryNamed(WHO_CALLS_WHOM);
    const ends = edgesOf(await askPanel(open(), map)).flatMap((edge) => edge.split(" → "));
    const services = [...new Set(ends)].filter((name) => !WITHOUT_TELEMETRY.includes(name));
    expect(services.length).toBeGreaterThan(5);
    for (const service of services) {
      const page = open({ service });
      const requests = await askPanel(page, queryNamed("Services › Requests by service › A"));
      expect(requests.series.map(({ labels }) => labels.service_name)).toEqual([service]);
      const query = `{ resource.service.name = "${service}" }`;
      const { traces } = await tempoSearch(stack, query, lastHour(), 1);
      expect([service, traces.length]).toEqual([service, 1]);
    }
  }, 60_000);

  test("the same trace is in Jaeger", async () => {
    const { status } = await get(the().stack, "jaeger", `/api/traces/${FAILED_TRACE}`);
    expect(status).toBe(200);
  });

  test("the graph's own links answer: the data source's map has failures and durations", async () => {
    const selector = `{server="${SERVICE}"}`;
    for (const metric of ["request_failed_total", "request_server_seconds_bucket"]) {
      const { data } = await ask<{ data: unknown[] }>(the().stack, "prometheus", "/api/v1/series", {
        "match[]": `traces_service_graph_${metric}${selector}`,
      });
      expect(data).not.toEqual([]);
    }
  });
}
