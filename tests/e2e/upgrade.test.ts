import { findProgram, howToGet } from "../helpers/servers";
import { describeUnless } from "../helpers/skip";
import { environmentOf, findTrace, sendTrace, type Variables } from "./application";
import { expectCode, say } from "./command";
import { earlierCollector, testImages } from "./images";
import { lackingDocker, lackingForUp, PUBLISHED_IMAGES } from "./needs";
import { testsOnStack } from "./on-stack";
import { seriesAt } from "./operator";
import { freePorts, imageOptions, TestStack } from "./stack";
import { brokenIn } from "./summary";

const MINUTE = 60_000;
const VERIFIED = /verified: stack e2e-\w+, \d+ hops ok/;

const EARLIER = "collector-before";
const lacking = [
  ...lackingDocker(),
  ...lackingForUp(),
  ...(findProgram(EARLIER) === undefined ? [`no program ${EARLIER}: ${howToGet}`] : []),
  ...(PUBLISHED_IMAGES ? ["the earlier version is no published image"] : []),
];

describeUnless(lacking, "an upgrade by `up`", () => {
  let stack: TestStack;
  let ports: Awaited<ReturnType<typeof freePorts>>;
  let images: Record<string, string>;
  let before: Record<string, string>;
  let variables: Variables;
  let trace: string;
  let written: Date;

  const overrides = (changed: Record<string, string>) => ({
    images: { pull: false, overrides: { ...images, ...changed } },
  });

  /** Whether the first `up` went well; without it nothing else says anything. */
  const { onStack, cameUp } = testsOnStack(4 * MINUTE);

  beforeAll(async () => {
    ports = await freePorts();
    images = testImages().images;
    stack = new TestStack({
      ...imageOptions(),
      ports,
      ...overrides({ collector: earlierCollector() }),
      // Asks nothing of the collector that the earlier one lacks.
      redaction: { spanLinks: "keep" },
      ...Object.fromEntries(
        ["jaeger", "qdrant", "alertmanager"].map((service) => [service, { enabled: false }]),
      ),
      apps: [{ name: "shop", reads: ["tempo"] }],
    });
  }, 10 * MINUTE);

  afterAll(() => stack?.remove(), 2 * MINUTE);

  test(
    "the earlier collector runs, and takes what it is sent",
    async () => {
      expect(expectCode(await stack.run("up"), 0).output).toMatch(VERIFIED);
      cameUp();
      before = await stack.running();
      variables = await environmentOf(stack, "shop");
      trace = await sendTrace(variables);
      await findTrace(variables, trace);
      expectCode(await stack.run("env", ["--operator"]), 0);
      written = new Date();
    },
    5 * MINUTE,
  );

  onStack(
    "a version that refuses its configuration is named, and nothing is replaced",
    async () => {
      // Links are removed by a feature of the collector that its earlier version does not know.
      stack.configure({ redaction: {}, ...overrides({ collector: earlierCollector() }) });
      for (const attempt of ["the first time", "and again"]) {
        const ran = expectCode(await stack.run("up"), 1);
        expect(ran.output).toMatch(
          /collector is left as it is, and so is every other service: \S+ refuses its configuration/,
        );
        expect(ran.output).toContain('no such feature gate "ottl.set.allowNil"');
        expect({ attempt, running: await stack.running() }).toEqual({ attempt, running: before });
      }
      await findTrace(variables, await sendTrace(variables));
    },
  );

  onStack("`up` to the new version replaces it alone, with its data", async () => {
    stack.configure(overrides({}));
    const ran = expectCode(await stack.run("up"), 0);
    say(`\`up\` to the new version ${ran.seconds.toFixed(1)} s`);
    expect(ran.output).toMatch(VERIFIED);
    expect(brokenIn(ran.output)).toEqual([]);
    const after = await stack.running();
    const replaced = Object.keys(before).filter((name) => after[name] !== before[name]);
    expect(replaced).toEqual(["collector"]);
    await findTrace(variables, trace);
    const lines = 'sum(count_over_time({service_name=~"tracekeep-verify.+"}[1h]))';
    expect(await seriesAt(stack, ports, "loki", lines, written)).toBe(1);
  });
});
