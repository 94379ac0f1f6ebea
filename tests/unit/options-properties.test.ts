import fc from "fast-check";
import { stringify } from "yaml";
import { rawOptions } from "../../commands/stack-config";
import { evaluate } from "../../policy/evaluate";
import { stackPlan } from "../../review/stack-plan";
import { BASES, mutated, plausible, type Document } from "../helpers/options/documents";
import { judge } from "../helpers/options/judge";
import { anything, anyText, PLANTED } from "../helpers/options/values";

/**
 * Any document is accepted, and then has everything that a stack has, or is refused in sentences. The
 * seed is the same in every run; TRACEKEEP_PROPERTY_SEED takes another, TRACEKEEP_PROPERTY_RUNS more of
 * what follows from it.
 */
const seed = Number(process.env.TRACEKEEP_PROPERTY_SEED ?? 20_261_121);
const factor = Number(process.env.TRACEKEEP_PROPERTY_RUNS ?? 100) / 100;
/** So many, or as many as a slow machine makes in seven seconds. */
const runs = (count: number) => ({
  seed,
  numRuns: Math.ceil(count * factor),
  interruptAfterTimeLimit: 7000 * factor,
});

const TIME = 40_000 * Math.max(1, factor);

beforeAll(() => console.log(`properties of options: seed ${seed}, ${factor} times the usual runs`));

test("the documents that the others are made of are right", () => {
  for (const base of BASES) expect(judge(base)).toMatchObject({ accepted: true });
}, 60_000);

test(
  "options of a right form are rendered, or refused in sentences",
  () => {
    let accepted = 0;
    const property = fc.property(plausible, (document) => {
      if (judge(document).accepted) accepted++;
    });
    fc.assert(property, runs(40));
    // Of documents that are all refused, nothing would follow.
    expect(accepted).toBeGreaterThan(0);
  },
  TIME,
);

test(
  "anything anywhere is refused in sentences, or rendered",
  () =>
    fc.assert(
      fc.property(mutated, (document) => void judge(document)),
      runs(80),
    ),
  TIME,
);

test(
  "options of any name are refused in sentences",
  () => {
    const document = fc.dictionary(anyText, anything, { noNullPrototype: true });
    fc.assert(
      fc.property(document, (raw) => void judge(raw)),
      runs(80),
    );
  },
  TIME,
);

test(
  "what policies look at can be made of every accepted document",
  async () => {
    const property = fc.asyncProperty(plausible, async (document) => {
      const verdict = judge(document);
      fc.pre(verdict.accepted);
      if (!verdict.accepted) return;
      const { subjects } = await stackPlan(verdict.config);
      const found = evaluate(subjects, { environment: verdict.config.environment });
      expect(JSON.stringify(found)).not.toContain(PLANTED);
    });
    await fc.assert(property, runs(3));
  },
  TIME,
);

describe("a stack file", () => {
  /** Its options, or a sentence that begins with its name. */
  function read(text: string): void {
    let raw: Document;
    try {
      raw = rawOptions(text, "Pulumi.x.yaml");
    } catch (error) {
      expect((error as Error).message).toMatch(/^Pulumi\.x\.yaml(:| is no YAML)/);
      return;
    }
    judge(raw);
  }

  test(
    "of any text is read, or refused in a sentence",
    () => {
      const line = fc.oneof(
        anyText,
        fc.constantFrom("config:", "  a: &x {b: *x}", "<<: *a", "? [", "%TAG"),
      );
      const text = fc.array(line).map((lines) => lines.join("\n"));
      const options = anything.map((value) => stringify({ config: { "tracekeep:ports": value } }));
      fc.assert(fc.property(fc.oneof(text, options), read), runs(150));
    },
    TIME,
  );

  test.each([
    ["a key twice", "config:\n  target: docker\n  target: kubernetes\n"],
    ["an anchor within itself", "config:\n  ports: &a { grafana: *a }\n"],
    ["an anchor that nobody set", "config:\n  ports: *a\n"],
    [
      "anchors that multiply",
      `a: &a [x,x]\n${[..."bcdefghijklmnop"].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghijklmnop"[index]}`).join()}]`).join("\n")}\nconfig:\n  apps: *p\n`,
    ],
    ["lists in lists", `config:\n  apps: ${"[".repeat(3000)}${"]".repeat(3000)}\n`],
    [
      "lists in lists, very deep",
      `config:\n  apps: ${"[".repeat(100_000)}${"]".repeat(100_000)}\n`,
    ],
    ["a tag of its own", "config: !!js/function 'x'\n"],
    ["two documents", "config: {}\n---\nconfig: {}\n"],
    ["a number as its config", "config: 5\n"],
    ["a list", "- a\n"],
    ["a text", "config"],
  ])("with %s is read, or refused in a sentence", (_, text) => read(text));
});
