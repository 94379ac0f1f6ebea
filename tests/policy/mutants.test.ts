import { policies } from "../../policy/pack";
import { RULES } from "../../policy/rules";
import type { Rule } from "../../policy/rule";
import { CASES } from "./cases";
import { changedPack, changedRules, changesOf, filesIn, type Change } from "./condition-mutants";
import { mistakes, type Policy } from "./judge";
import { policyMutants } from "./mutants";

jest.mock("../../config/images-lock-file", () => jest.requireActual<object>("./lock"));

const cases = new Map(CASES.map(({ rule, ...one }) => [rule.name, one]));
const say = (line: string) => process.stderr.write(`    ${line}\n`);

/** Whether the case of a policy notices that it is wrong; one that throws is wrong, too. */
function caught(policy: Policy): boolean {
  try {
    return !mistakes(policy, cases.get(policy.name)!).next().done;
  } catch {
    return true;
  }
}

const isRule = (one: unknown): one is Rule =>
  typeof one === "object" && one !== null && "description" in one;

test("no policy is caught as it is", () => {
  const files = filesIn("rules").filter((file) => !file.endsWith("index.ts"));
  const nothing = files.map((file): Change => ({ file, start: 0, end: 0, text: "", name: file }));
  const reloaded = nothing.flatMap((change) => Object.values(changedRules(change)).filter(isRule));
  expect(policies("prod").filter(caught)).toEqual([]);
  expect(policies("prod", reloaded).filter(caught)).toEqual([]);
  expect(reloaded).toHaveLength(RULES.length);
});

test("every policy that is negated, emptied or made advisory is caught", () => {
  const mutants = policyMutants(policies("prod"));
  const surviving = mutants.filter(({ policy }) => !caught(policy)).map(({ name }) => name);
  say(`${mutants.length} mutants of ${RULES.length} policies, ${surviving.length} not caught`);
  expect(surviving).toEqual([]);
});

/** Policies whose cases caught a change of a file: asked first, for they likely catch its next one. */
const catching = new Map<string, Set<string>>();

/** Whether any case notices that these rules are wrong, or they cannot even be loaded. */
function anyCaught({ file }: Change, rules: () => readonly Rule[]): boolean {
  const before = catching.get(file) ?? new Set();
  catching.set(file, before);
  try {
    const all = policies("prod", rules());
    const [first, then] = [true, false].map((did) =>
      all.filter(({ name }) => before.has(name) === did),
    );
    const by = [...first, ...then].find(caught);
    if (by) before.add(by.name);
    return by !== undefined;
  } catch {
    return true;
  }
}

test("every condition of a rule that is turned round is caught", () => {
  const changes = filesIn("rules")
    .filter((file) => !file.endsWith("index.ts"))
    .flatMap(changesOf);
  const surviving = changes.filter(
    (change) => !anyCaught(change, () => Object.values(changedRules(change)).filter(isRule)),
  );
  say(`${changes.length} conditions of rules turned round, ${surviving.length} not caught`);
  expect(surviving.map(({ name }) => name)).toEqual([]);
}, 120_000);

test("every condition of what rules look through that is turned round is caught", () => {
  const changes = filesIn("views").flatMap(changesOf);
  const surviving = changes.filter(
    (change) => !anyCaught(change, () => changedPack("rules/index.ts", change).RULES as Rule[]),
  );
  say(`${changes.length} conditions of views turned round, ${surviving.length} not caught`);
  expect(surviving.map(({ name }) => name)).toEqual([]);
}, 120_000);
