import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  causeInLog,
  causeOf,
  shortText,
  tlsCauseInLog,
} from "../../components/verification/causes";
import { splitHostPort } from "../../components/verification/client";
import { sumMetrics } from "../../components/verification/context";
import { withForwards } from "../../components/verification/forward";
import { sshDestination } from "../../components/verification/ssh-forward";
import {
  HopFailure,
  NotChecked,
  poll,
  runHops,
  type Hop,
  type HopResult,
} from "../../components/verification/hop";
import { isCounted } from "../../components/verification/hops/metrics";
import { spanIdsIn } from "../../components/verification/hops/traces";
import {
  exitCode,
  formatHop,
  formatSummary,
  withoutSecrets,
} from "../../components/verification/report";
import { newRun } from "../../components/verification/run";
import {
  verificationExpectations,
  verificationTargetSchema,
  type VerificationTarget,
} from "../../components/verification/target";
import { makeTrace } from "../../components/verification/traffic";
import { hopsOf } from "../../components/verification/verify";
import { parseConfig } from "../../config/parse";
import { SERVICES } from "../../config/services";
import { TWO_TIERS } from "../helpers/rules";

const hop = (id: string, needs: string[] = [], more: Partial<Hop> = {}): Hop => ({
  id,
  name: `hop ${id}`,
  services: [],
  needs,
  run: () => Promise.resolve(),
  ...more,
});

const breaks = (cause: string) => () =>
  Promise.reject(new HopFailure("seen", { cause, look: "there" }));

const statuses = (results: readonly HopResult[]) =>
  Object.fromEntries(results.map(({ id, status }) => [id, status]));

describe("running hops", () => {
  test("what stands behind a broken hop is not run and names that hop", async () => {
    const ran: string[] = [];
    const run = (id: string) => () => {
      ran.push(id);
      return Promise.resolve();
    };
    const results = await runHops(
      [
        hop("c", ["b"], { run: run("c") }),
        hop("b", ["a"], { run: run("b") }),
        hop("a", [], { run: breaks("a reason") }),
        hop("free", [], { run: run("free") }),
      ],
      SERVICES,
    );
    expect(statuses(results)).toEqual({
      a: "failed",
      b: "not checked",
      c: "not checked",
      free: "ok",
    });
    expect(results.find(({ id }) => id === "c")?.detail).toBe("needs hop a");
    expect(results.find(({ id }) => id === "a")).toMatchObject({
      detail: "seen",
      cause: "a reason",
      look: "there",
    });
    expect(ran).toEqual(["free"]);
  });

  test("a hop of a service that is off is skipped, and so is what needs it", async () => {
    const results = await runHops(
      [
        hop("j", [], { services: ["jaeger"], run: breaks("never run") }),
        hop("behind", ["j"]),
        hop("t", [], { services: ["tempo"] }),
      ],
      ["tempo"],
    );
    expect(statuses(results)).toEqual({ j: "skipped", behind: "skipped", t: "ok" });
    expect(exitCode(results)).toBe(0);
  });

  test("what is blocked by another is not checked, and that is no success", async () => {
    const blocked = () => Promise.reject(new NotChecked("tempo"));
    const results = await runHops([hop("r", [], { run: blocked })], SERVICES);
    expect(results[0]).toMatchObject({ status: "not checked", detail: "blocked by tempo" });
    expect(exitCode(results)).toBe(1);
  });

  test("outside the stack a failure is a warning", async () => {
    const results = await runHops([hop("o", [], { outside: true, run: breaks("x") })], SERVICES);
    expect(results[0].status).toBe("warning");
    expect(exitCode(results)).toBe(0);
  });

  test("independent hops run at once, each once, and are reported as they end", async () => {
    const order: string[] = [];
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const runs = jest.fn(() => Promise.resolve());
    await runHops(
      [
        hop("waits", [], { run: () => gate }),
        hop("opens", [], { run: () => Promise.resolve(open()) }),
        hop("shared", [], { run: runs }),
        hop("x", ["shared"]),
        hop("y", ["shared"]),
      ],
      SERVICES,
      ({ id }) => order.push(id),
    );
    expect(runs).toHaveBeenCalledTimes(1);
    expect(order).toHaveLength(5);
  });

  test.each([
    ["an unknown need", [hop("a", ["nowhere"])], /needs nowhere/],
    ["a circle", [hop("a", ["b"]), hop("b", ["a"])], /needs itself/],
    ["a double id", [hop("a"), hop("a")], /same id/],
  ])("%s is a mistake of the table", async (_, hops, message) => {
    await expect(runHops(hops, SERVICES)).rejects.toThrow(message);
  });

  test("polling ends with the last error at its deadline", async () => {
    let attempts = 0;
    const attempt = () => Promise.reject(new Error(`attempt ${++attempts}`));
    await expect(poll(Date.now() + 50, attempt, 10)).rejects.toThrow(/attempt [2-9]/);
    await expect(
      poll(Date.now() + 60_000, () => Promise.reject(new NotChecked("x"))),
    ).rejects.toThrow(NotChecked);
  });
});

describe("causes", () => {
  const parties = { client: "the client", server: "the server" };

  test.each([
    ["rpc error: code = Unavailable desc = error reading server preface: EOF", /plaintext/],
    ["tls: first record does not look like a TLS handshake", /plaintext/],
    ["x509: certificate signed by unknown authority", /same CA/],
    ["remote error: tls: unknown certificate authority", /same CA/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE unable to verify the first certificate", /same CA/],
    [
      "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
      /server name/,
    ],
    ["x509: certificate is valid for tempo, not loki", /server name/],
    ["x509: certificate specifies an incompatible key usage", /client usage/],
    ["remote error: tls: bad certificate", /client usage/],
    ["remote error: tls: certificate required", /no client certificate/],
    ["x509: certificate has expired or is not yet valid", /dates/],
    ["connect ECONNREFUSED 127.0.0.1:3200", /not running/],
    ["14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED", /not running/],
    ["dial tcp: lookup tempo: no such host", /resolve/],
    ["read ECONNRESET", /closed the connection/],
    ["context deadline exceeded", /in time/],
    ["8 RESOURCE_EXHAUSTED: ", /limit/],
    ["401 Unauthorized", /password or key/],
  ])("%s", (text, cause) => {
    expect(causeOf(text, parties)).toMatch(cause);
  });

  test("what says nothing gets no cause", () => {
    expect(causeOf("something else", parties)).toBeUndefined();
  });

  test("a log's newest telling line counts, the verification's own attempts do not", () => {
    const log = [
      'exporter "otlp_grpc/tempo": connection refused',
      'exporter "otlp_grpc/tempo": x509: certificate signed by unknown authority',
      'exporter "otlp_http/loki": connection refused',
      "http: TLS handshake error from 127.0.0.1:1: otlp_grpc/tempo: tls: bad certificate",
    ].join("\n");
    expect(causeInLog(log, /otlp_grpc\/tempo/, parties)).toMatch(/same CA/);
    expect(causeInLog(log, /jaeger/, parties)).toBeUndefined();
  });

  test("inside one process only TLS counts, a timeout says nothing of it", () => {
    const log = [
      "rpc error: transport: error reading server preface: EOF",
      "rpc error: context deadline exceeded",
    ].join("\n");
    expect(causeInLog(log, /rpc/, parties)).toMatch(/in time/);
    expect(tlsCauseInLog(log, /rpc/, parties)).toMatch(/plaintext/);
    expect(tlsCauseInLog("no answer within 5 s", /./, parties)).toBeUndefined();
  });

  test("texts of errors stay on one line", () => {
    expect(shortText(new Error(`a\n  b ${"x".repeat(300)}`))).toMatch(/^a b x+…$/);
    expect(shortText("y".repeat(300))).toHaveLength(200);
  });
});

describe("reading answers", () => {
  test("span ids in base64 (Tempo) and hexadecimal (Jaeger)", () => {
    const id = "00f067aa0ba902b7";
    const base64 = Buffer.from(id, "hex").toString("base64");
    expect(spanIdsIn({ trace: [{ spans: [{ spanId: base64, parentSpanId: "x" }] }] })).toEqual(
      new Set([id]),
    );
    expect(spanIdsIn({ data: [{ spanID: id }] })).toEqual(new Set([id]));
  });

  test("counters of a metrics page, by a label", () => {
    const page = [
      "# HELP tempo_discarded_spans_total x",
      'tempo_discarded_spans_total{reason="trace_too_large",tenant="a"} 3',
      'tempo_discarded_spans_total{reason="live_traces_exceeded",tenant="a"} 4',
      'tempo_discarded_spans_total{reason="trace_too_large",tenant="b"} 2',
      "tempo_discarded_spans_total_other 9",
    ].join("\n");
    expect(sumMetrics(page, "tempo_discarded_spans_total", "reason")).toEqual(
      new Map([
        ["trace_too_large", 5],
        ["live_traces_exceeded", 4],
      ]),
    );
    expect(sumMetrics(page, "tempo_discarded_spans_total")).toEqual(new Map([["", 9]]));
  });

  test("a sum holds the run's share on top of an earlier one, or alone after a restart", () => {
    const counted = (before: number, now: number) =>
      isCounted(new Map([["", before]]), new Map([["", now]]), 2.5);
    expect([counted(10, 12.5), counted(10, 2.5)]).toEqual([true, true]);
    expect([counted(10, 10), counted(0, 0)]).toEqual([false, false]);
    expect(isCounted(new Map(), new Map([["", 2.5]]), 2.5)).toBe(true);
    expect(isCounted(new Map(), new Map(), 2.5)).toBe(false);
  });

  test("one of two collectors has counted the run, though both were replaced and show what they were", () => {
    const before = { first: 10, second: 5 };
    const counted = (now: Record<string, number>) =>
      isCounted(new Map(Object.entries(before)), new Map(Object.entries(now)), 2.5);
    expect(counted({ first: 10, second: 7.5 })).toBe(true);
    expect(counted({ first: 10, second: 2.5 })).toBe(true);
    // The other one's sum of before its replacement is shown for minutes, and then no more.
    expect(counted({ second: 2.5 })).toBe(true);
    expect([counted(before), counted({ first: 10 }), counted({})]).toEqual([false, false, false]);
  });
});

describe("the trace that is sent", () => {
  const run = newRun();
  const made = makeTrace(run, "dev", 2);

  test("is one trace of three services with an error, a slow span and pairs for the graph", () => {
    expect(new Set(made.spans.map((span) => span.spanContext().traceId)).size).toBe(1);
    const services = made.spans.map(({ resource }) => resource.attributes["service.name"]);
    expect(new Set(services).size).toBe(3);
    expect(made.spans.filter(({ status }) => status.code === SpanStatusCode.ERROR)).toHaveLength(1);
    const seconds = made.spans.map(({ duration: [s, ns] }) => s + ns / 1e9);
    expect(Math.max(...seconds)).toBeGreaterThan(2);
    expect(Math.min(...seconds)).toBeGreaterThan(0);
    const byId = new Map(made.spans.map((span) => [span.spanContext().spanId, span]));
    const edges = made.spans.filter(
      ({ kind, parentSpanContext }) =>
        kind === SpanKind.SERVER &&
        byId.get(parentSpanContext?.spanId ?? "")?.kind === SpanKind.CLIENT,
    );
    expect(edges).toHaveLength(2);
  });

  test("no child leaves its parent's time, and no two runs last the same", () => {
    const time = ([s, ns]: [number, number]) => s * 1e3 + ns / 1e6;
    const byId = new Map(made.spans.map((span) => [span.spanContext().spanId, span]));
    for (const span of made.spans) {
      const parent = byId.get(span.parentSpanContext?.spanId ?? "");
      if (!parent) continue;
      expect(time(span.startTime)).toBeGreaterThanOrEqual(time(parent.startTime));
      expect(time(span.endTime)).toBeLessThanOrEqual(time(parent.endTime));
    }
    const other = makeTrace({ ...run, number: run.number + 1 }, "dev", 2);
    expect(other.served).not.toEqual(made.served);
  });
});

const config = parseConfig({}, { stack: "dev", environment: {} });
const target: VerificationTarget = {
  ...verificationExpectations(config),
  endpoints: { tempo: { http: "127.0.0.1:3200" }, collector: { otlpGrpc: "127.0.0.1:4317" } },
  tls: { root: "ROOT" },
  application: { certificate: "CERTIFICATE", key: "APPLICATION-KEY" },
  operator: { certificate: "CERTIFICATE", key: "OPERATOR-KEY" },
  qdrant: { apiKey: "QDRANT-KEY", readOnlyKey: "QDRANT-READ" },
  grafana: { user: "admin", password: "GRAFANA-PASSWORD" },
};

describe("target", () => {
  test("follows from the configuration", () => {
    expect(verificationTargetSchema.parse(JSON.parse(JSON.stringify(target)))).toEqual(target);
    const small = verificationExpectations(
      parseConfig(
        {
          jaeger: { enabled: false },
          grafana: { enabled: false },
          apps: [{ name: "api", scrape: { target: "api:9000" } }],
          docker: { host: "ssh://me@there" },
        },
        { stack: "dev", environment: {} },
      ),
    );
    expect(small.pushers).toEqual(["collector"]);
    expect(small.dataSources).toEqual([]);
    expect(small.jobs).not.toContain("grafana");
    expect(small.outsideJobs).toEqual(["api"]);
  });

  test("every hop needs hops that there are, and every service is checked", async () => {
    const run = newRun();
    const made = makeTrace(run, "dev", 1);
    const hopsWith = (options: unknown) => {
      const expected = verificationExpectations(
        parseConfig(options, { stack: "dev", environment: {} }),
      );
      return hopsOf({ target: { ...target, ...expected }, run, made, deadline: Date.now() });
    };
    const hops = hopsWith({ containerLogs: { enabled: true } });
    const inTwoTiers = hopsWith(TWO_TIERS);
    for (const list of [hops, inTwoTiers]) {
      const still = list.map((one) => ({ ...one, run: () => Promise.resolve() }));
      const results = await runHops(still, SERVICES);
      expect(results.every(({ status }) => status === "ok")).toBe(true);
    }
    const checked = [...hops, ...inTwoTiers].flatMap(({ services }) => services);
    expect(new Set(checked)).toEqual(new Set(SERVICES));
    expect(hops.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["tempo.http.refuses", "collector.otlpGrpc.refuses"]),
    );
    const byDefault = hopsOf({ target, run, made, deadline: Date.now() });
    expect(JSON.stringify(byDefault)).not.toContain("log-agent");
  });

  test("addresses", () => {
    expect(splitHostPort("0.0.0.0:4317")).toEqual({ host: "127.0.0.1", port: 4317 });
    expect(splitHostPort("10.0.0.5:4317")).toEqual({ host: "10.0.0.5", port: 4317 });
    expect(sshDestination("ssh://me@host:2222")).toEqual(["-p", "2222", "me@host"]);
    expect(sshDestination("ssh://host")).toEqual(["host"]);
    expect(() => sshDestination("tcp://host")).toThrow(/ssh:\/\//);
  });

  test("without another machine nothing is forwarded", async () => {
    expect(await withForwards(target, (same) => Promise.resolve(same === target))).toBe(true);
  });
});

describe("report", () => {
  const result = (more: Partial<HopResult>): HopResult => ({
    id: "x",
    name: "trace by id in Tempo",
    status: "ok",
    seconds: 0.4213,
    ...more,
  });

  test("one line a hop, with its time; a broken one with cause and place", () => {
    expect(formatHop(result({}))).toBe("ok 0.42s trace by id in Tempo");
    expect(formatHop(result({ status: "skipped", detail: "jaeger" }))).toMatch(/^skipped: /);
    expect(formatHop(result({ status: "not checked", detail: "needs x" }))).toBe(
      "not checked trace by id in Tempo (needs x)",
    );
    expect(
      formatHop(result({ status: "failed", detail: "404", cause: "a cause", look: "a place" })),
    ).toBe("FAILED 0.42s trace by id in Tempo\n  seen:  404\n  cause: a cause\n  look:  a place");
  });

  test("the end names what is off and what is broken", () => {
    const text = formatSummary(
      [result({}), result({ status: "failed", name: "log by trace id in Loki" })],
      { ...target, services: SERVICES.filter((service) => service !== "jaeger") },
      12.34,
    );
    expect(text.split("\n")).toEqual([
      "skipped: jaeger",
      "NOT verified: stack dev, 1 hops ok, 1 FAILED, 12.3s",
      "broken: log by trace id in Loki",
    ]);
  });

  test("no secret is printed, even where a service repeats it", () => {
    const secrets = [
      "APPLICATION-KEY",
      "OPERATOR-KEY",
      "QDRANT-KEY",
      "QDRANT-READ",
      "GRAFANA-PASSWORD",
    ];
    const clean = withoutSecrets(secrets.join(" and "), target);
    for (const secret of secrets) expect(clean).not.toContain(secret);
    expect(clean.match(/\[secret\]/g)).toHaveLength(secrets.length);
  });
});
