import {
  cutsOff,
  freshFrom,
  nextOf,
  phaseOf,
  trustedGenerations,
  type Generations,
} from "../../components/pki/generations";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import { enabledServices } from "../../components/stack/connections";
import { targetOf } from "../../targets";
import { configOf, record, type Recorded } from "../helpers/mocks";

const AT_REST: Generations = { generation: 1 };
const BOTH: Generations = { generation: 1, alsoTrusted: 2 };
const NEW_SIGNS: Generations = { generation: 2, alsoTrusted: 1 };
const DONE: Generations = { generation: 2 };
const STEPS = [AT_REST, BOTH, NEW_SIGNS, DONE];

describe("the generations of a rotation", () => {
  test("go from one CA to the next in three steps, and on to the one after it", () => {
    expect([AT_REST, BOTH, NEW_SIGNS].map(nextOf)).toEqual([BOTH, NEW_SIGNS, DONE]);
    expect(STEPS.map(phaseOf)).toEqual(["one", "both trusted", "new signs", "one"]);
    expect(STEPS.map(trustedGenerations)).toEqual([[1], [1, 2], [1, 2], [2]]);
    expect(nextOf(DONE)).toEqual({ generation: 2, alsoTrusted: 3 });
  });

  test("never cut anybody off in a step, from wherever it was interrupted", () => {
    for (const [index, step] of STEPS.entries()) {
      expect(cutsOff(step, step)).toBe(false);
      if (index > 0) expect(cutsOff(STEPS[index - 1], step)).toBe(false);
    }
    // Back out of the first step.
    expect(cutsOff(BOTH, AT_REST)).toBe(false);
  });

  test.each<[string, Generations, Generations]>([
    ["two steps at once", AT_REST, NEW_SIGNS],
    ["all at once", AT_REST, DONE],
    ["the third without the second", BOTH, DONE],
    ["an old stack file after a rotation", DONE, AT_REST],
    ["an old stack file in the middle of one", NEW_SIGNS, AT_REST],
  ])("are told to cut off: %s", (_, deployed, wanted) => {
    expect(cutsOff(deployed, wanted)).toBe(true);
  });

  test("of a compromised CA are neither of those that were known", () => {
    expect(STEPS.map(freshFrom)).toEqual([
      { generation: 2 },
      { generation: 3 },
      { generation: 3 },
      { generation: 3 },
    ]);
    for (const step of STEPS) expect(cutsOff(step, freshFrom(step))).toBe(true);
  });
});

describe("a rotation's resources", () => {
  const OPTIONS = { apps: [{ name: "shop", image: "example.org/shop:1" }, { name: "till" }] };
  const made: Recorded[][] = [];
  beforeAll(async () => {
    for (const certificates of STEPS) {
      const config = configOf({ ...OPTIONS, certificates });
      made.push(
        await record(() => {
          new ObservabilityStack("tracekeep", { config, target: targetOf(config) });
        }),
      );
    }
  }, 60_000);

  /** Names of a type that a step makes, changes and removes. */
  const changes = (step: number, type: string) => {
    const of = (resources: readonly Recorded[]) =>
      new Map(
        resources
          .filter((one) => one.type.endsWith(`:${type}`))
          .map(({ name, inputs }) => [name, JSON.stringify(inputs)]),
      );
    const [before, after] = [of(made[step - 1]), of(made[step])];
    const names = (has: (name: string) => boolean) => [...after.keys()].filter(has).sort();
    return {
      made: names((name) => !before.has(name)),
      changed: names((name) => before.has(name) && before.get(name) !== after.get(name)),
      removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
    };
  };
  const processes = () =>
    [...enabledServices(configOf(OPTIONS)), "tempo-guard", "prometheus-guard", "shop"].sort();
  const leaves = () =>
    made[0]
      .filter(({ type, name }) => type.endsWith(":LocallySignedCert") && !/-g\d$/.test(name))
      .map(({ name }) => name)
      .sort();
  const running = (step: number) => {
    const { changed, ...others } = changes(step, "Container");
    expect(others).toEqual({ made: [], removed: [] });
    return changed.filter((name) => !/-(writer|owner|config-check)$/.test(name));
  };

  test("of the first step are a second CA and bundles with both; no leaf changes", () => {
    expect(changes(1, "LocallySignedCert")).toEqual({
      made: ["applications-g2", "services-g2"],
      changed: [],
      removed: [],
    });
    expect(changes(1, "SelfSignedCert").made).toEqual(["root-g2"]);
    expect(running(1)).toEqual(processes());
  });

  test("of the second step are the leaves alone: no process is replaced, no key made", () => {
    expect(changes(2, "LocallySignedCert")).toEqual({ made: [], changed: leaves(), removed: [] });
    expect(leaves()).toEqual(expect.arrayContaining(["shop", "till", "operator", "tempo"]));
    const none = { made: [], changed: [], removed: [] };
    expect(changes(2, "PrivateKey")).toEqual(none);
    expect(changes(2, "Volume")).toEqual(none);
    expect(running(2)).toEqual([]);
    for (const name of leaves()) {
      const [before, after] = [1, 2].map((step) => {
        const leaf = made[step].find(
          (one) => one.type.endsWith(":LocallySignedCert") && one.name === name,
        );
        return String(leaf!.inputs.caCertPem).split("\n")[0];
      });
      expect(before).toMatch(/^(services|applications)-g1$/);
      expect(after).toBe(before.replace("g1", "g2"));
    }
  });

  test("of the third step are the end of the old CA and bundles without it", () => {
    expect(changes(3, "LocallySignedCert")).toEqual({
      made: [],
      changed: [],
      removed: ["applications-g1", "services-g1"],
    });
    expect(changes(3, "PrivateKey")).toEqual({
      made: [],
      changed: [],
      removed: ["applications-g1", "root-g1", "services-g1"],
    });
    expect(running(3)).toEqual(processes());
  });

  test("hold the generations in the bundles that each step trusts", () => {
    const bundle = (step: number, file: string) => {
      const writer = made[step].find(({ name }) => name === "trust-writer");
      const uploads = writer!.inputs.uploads as { file: string; content: string }[];
      const { content } = uploads.find((upload) => upload.file.endsWith(`/${file}.crt`))!;
      return content.split("\n").filter((line) => /^[a-z]+-g\d$/.test(line));
    };
    const both = (name: string) => [`${name}-g1`, `${name}-g2`];
    const clients = (...of: number[]) =>
      of.flatMap((g) => [`services-g${g}`, `applications-g${g}`]);
    expect(STEPS.map((_, step) => bundle(step, "root"))).toEqual([
      ["root-g1"],
      both("root"),
      both("root"),
      ["root-g2"],
    ]);
    expect(STEPS.map((_, step) => bundle(step, "services"))).toEqual([
      ["services-g1"],
      both("services"),
      both("services"),
      ["services-g2"],
    ]);
    expect(STEPS.map((_, step) => bundle(step, "clients"))).toEqual([
      clients(1),
      clients(1, 2),
      clients(1, 2),
      clients(2),
    ]);
  });
});
