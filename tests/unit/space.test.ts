import { checkSpace } from "../../commands/space/preflight";
import { fitLines, spaceTable } from "../../commands/space/report";
import { stackRules } from "../../components/stack/rules";
import { parseConfig, type StackConfig } from "../../config/parse";
import { budgetsOf, misfits, retentionThatFits } from "../../config/space";

const GI = 2 ** 30;
const DAY = 86_400;

const parsed = (options: unknown) => parseConfig(options, { stack: "dev", environment: {} });

/** A stack on Docker whose Tempo keeps 56.3 GiB by what it states: 500 spans of 200 bytes for a week. */
const docker = (space: Record<string, string>, options = {}) => parsed({ space, ...options });

const cluster = (options = {}) =>
  parsed({ target: "kubernetes", kubernetes: { context: "x" }, ...options });

const s3 = {
  kind: "s3",
  bucket: "b",
  endpoint: "s3.example.org:443",
  accessKeyId: "id",
  secretAccessKey: "key",
};

const complaint = (options: unknown): string => {
  try {
    parsed(options);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

describe("a budget", () => {
  test("is what the options say on Docker, and there is none by default", () => {
    expect(budgetsOf(docker({}))).toEqual([]);
    expect(budgetsOf(docker({ tempo: "70Gi", jaeger: "9Gi" }))).toEqual([
      { store: "tempo", bytes: 70 * GI, option: "space.tempo", ownVolume: false },
      { store: "jaeger", bytes: 9 * GI, option: "space.jaeger", ownVolume: false },
    ]);
  });

  test("is the claim on Kubernetes, of what is kept there", () => {
    const names = (options = {}) => budgetsOf(cluster(options)).map(({ store }) => store);
    expect(names()).toEqual(["tempo", "loki", "jaeger"]);
    expect(budgetsOf(cluster())[1]).toEqual({
      store: "loki",
      bytes: 24 * GI,
      option: "kubernetes.volumes.loki",
      ownVolume: true,
    });
    expect(names({ storage: { tempo: s3 } })).toEqual(["loki", "jaeger"]);
    expect(names({ jaeger: { enabled: false } })).toEqual(["tempo", "loki"]);
  });

  test.each<[what: string, options: object, message: RegExp]>([
    [
      "on Kubernetes",
      { target: "kubernetes", kubernetes: { context: "x" }, space: { tempo: "90Gi" } },
      /space\.tempo.*kubernetes\.volumes\.tempo is what it may fill/s,
    ],
    [
      "of what is kept in a bucket",
      { space: { loki: "90Gi" }, storage: { loki: s3 } },
      /space\.loki.*storage\.loki\.kind: s3/s,
    ],
    [
      "of what does not run",
      { space: { jaeger: "90Gi" }, jaeger: { enabled: false } },
      /space\.jaeger.*jaeger\.enabled: false/s,
    ],
    ["too small for anything", { space: { tempo: "63Mi" } }, /expected at least "64Mi"/],
    ["too small for Badger", { space: { jaeger: "1023Mi" } }, /expected at least "1Gi"/],
    [
      "that warns after it is critical",
      { alerts: { space: { warning: 0.95 } } },
      /alerts\.space\.warning.*less than alerts\.space\.critical/s,
    ],
  ])("%s is refused", (_, options, message) => {
    expect(complaint(options)).toMatch(message);
  });
});

describe("what a store keeps", () => {
  test("is compared with its budget, by what is stated", () => {
    // 56.3 GiB, below 85 %.
    expect(misfits(docker({ tempo: "67Gi" }))).toEqual([]);
    const [{ sentence, measured, store }] = misfits(docker({ tempo: "20Gi" }));
    expect({ measured, store }).toEqual({ measured: false, store: "tempo" });
    expect(sentence).toBe(
      "tempo cannot keep retention.traces: 168h of what capacity states (its mean, 8.0 GiB a day): " +
        "56.3 GiB, and space.tempo: 20Gi has room for 17.0 GiB below the alert " +
        "(alerts.space.warning). retention.traces: 50h fits; space.tempo: 67Gi would do.",
    );
  });

  test("is compared by what was measured, where it was", () => {
    const config = docker({ tempo: "20Gi", loki: "30Gi" });
    expect(misfits(config, { tempo: (2 * GI) / DAY })).toEqual([]);
    const [{ sentence, measured }, ...rest] = misfits(config, {
      tempo: (1 * GI) / DAY,
      loki: (10 * GI) / DAY,
    });
    expect({ measured, rest }).toEqual({ measured: true, rest: [] });
    expect(sentence).toContain("of what was measured in the last day (10.0 GiB a day): 70.0 GiB");
    // Loki deletes by day.
    expect(sentence).toContain("retention.logs: 48h fits; space.loki: 83Gi would do.");
  });

  test("fits for as long as said, and no longer", () => {
    const config = docker({ tempo: "20Gi", loki: "30Gi" });
    for (const budget of budgetsOf(config)) {
      const rate = (3 * GI) / DAY;
      const seconds = retentionThatFits(config, budget, rate);
      const [traces, logs] = budget.store === "tempo" ? [seconds, 7 * DAY] : [7 * DAY, seconds];
      const keeping = (more: number) =>
        docker(
          { [budget.store]: budget.store === "tempo" ? "20Gi" : "30Gi" },
          {
            retention: {
              traces: `${traces + (budget.store === "tempo" ? more : 0)}s`,
              logs: `${logs + (budget.store === "loki" ? more : 0)}s`,
            },
          },
        );
      expect(misfits(keeping(0), { [budget.store]: rate })).toEqual([]);
      const step = budget.store === "tempo" ? 3600 : DAY;
      expect(misfits(keeping(step), { [budget.store]: rate })).toHaveLength(1);
    }
  });

  test("may be too much for the shortest retention", () => {
    const config = docker({ loki: "1Gi" });
    const [{ sentence }] = misfits(config, { loki: (4 * GI) / DAY });
    expect(sentence).toContain("not even 24h fit; space.loki: 33Gi would do.");
    expect(fitLines(config, { used: {}, written: { loki: (4 * GI) / DAY } })).toEqual([
      "loki: not even 24h fit into space.loki: 1Gi. Give it more room, or sample.",
    ]);
  });
});

describe("`up`", () => {
  const none = () => Promise.resolve({});

  test("refuses what cannot fit by what is stated", async () => {
    await expect(checkSpace(docker({ tempo: "20Gi" }), none)).rejects.toThrow(
      /^The stores of stack "dev" cannot keep .*\n {2}tempo cannot keep .*\nNothing was changed\.$/,
    );
    await expect(checkSpace(docker({ tempo: "67Gi" }), none)).resolves.toBeUndefined();
  });

  test("goes on with what was measured, and tells what does not fit", async () => {
    const said = jest.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      const config = docker({ tempo: "20Gi" });
      await checkSpace(config, () => Promise.resolve({ tempo: GI / DAY }));
      expect(said).not.toHaveBeenCalled();
      await checkSpace(config, () => Promise.resolve({ tempo: (9 * GI) / DAY }));
      expect(said.mock.calls.join()).toMatch(/^Warning: tempo cannot keep .*63\.0 GiB/);
    } finally {
      said.mockRestore();
    }
  });

  test("asks nobody where there is no budget", async () => {
    await checkSpace(docker({}), () => Promise.reject(new Error("asked")));
  });
});

describe("`space`", () => {
  const measured = {
    used: { tempo: 30 * GI, loki: 5 * GI, jaeger: 3 * GI, prometheus: 2 * GI },
    written: { tempo: (9 * GI) / DAY, loki: GI / DAY },
    disk: { used: 50 * GI, free: 150 * GI },
  };
  const config = docker({ tempo: "40Gi", loki: "30Gi" });

  test("has a line for each store, and one on the disk", () => {
    expect(spaceTable(config, measured)).toBe(
      `
store       used      room        a day              full in   kept  fits
tempo       30.0 GiB  40Gi        9.0 GiB            1.1 days  168h  90h
loki        5.0 GiB   30Gi        1.0 GiB            never     168h  600h
jaeger      3.0 GiB   the disk's  28.2 GiB (stated)            48h
prometheus  2.0 GiB   10Gi                           never     360h  by size

Disk of the collector's volume: 50.0 GiB used, 150 GiB free.`.trimStart(),
    );
  });

  test("says of what it knows nothing that it does not", () => {
    const [, tempo] = spaceTable(config, { used: {}, written: {} }).split("\n");
    expect(tempo).toMatch(/^tempo {7}\? +40Gi +8\.0 GiB \(stated\) /);
  });

  test("names the lines with which everything fits, and what goes with them", () => {
    expect(fitLines(config, measured)).toEqual([
      "  tracekeep:retention:",
      "    traces: 90h  # was 168h",
      "What is older than 90h goes, nothing yet: Tempo deletes it for good within two hours of the `up`.",
    ]);
    const [, , full] = fitLines(config, { ...measured, used: { tempo: 36 * GI } });
    expect(full).toContain("goes, about 2.3 GiB: Tempo deletes");
    expect(fitLines(docker({ loki: "60Gi" }), measured)).toEqual([]);
  });
});

test("what a store holds is recorded wherever it keeps it, its budget where it has one", () => {
  const records = (config: StackConfig) =>
    stackRules(config)
      .flatMap(([, groups]) => groups)
      .filter(({ name }) => name === "space")
      .flatMap(({ rules }) => rules)
      .map((rule) => ("record" in rule ? `${rule.record} ${rule.labels?.store}` : rule.alert));
  expect(records(docker({}))).toEqual([
    "tracekeep:store_used:bytes tempo",
    "tracekeep:store_written:bytes_per_second tempo",
    "tracekeep:store_used:bytes loki",
    "tracekeep:store_written:bytes_per_second loki",
    "tracekeep:store_used:bytes jaeger",
    "tracekeep:store_written:bytes_per_second jaeger",
    "tracekeep:store_used:bytes prometheus",
  ]);
  expect(records(docker({ tempo: "70Gi" })).slice(-5)).toEqual([
    "tracekeep:store_budget:bytes tempo",
    "tracekeep:store_retention:seconds tempo",
    "StoreFills",
    "StoreFills",
    "StoreFullSoon",
  ]);
  expect(
    records(docker({}, { storage: { tempo: s3 }, jaeger: { enabled: false } })),
  ).not.toContainEqual(expect.stringMatching(/tempo|jaeger/));
});
