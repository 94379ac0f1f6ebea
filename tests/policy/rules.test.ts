import { policies } from "../../policy/pack";
import type { Rule } from "../../policy/rule";
import { RULES } from "../../policy/rules";
import { CASES } from "./cases";
import { mistakes } from "./judge";

jest.mock("../../config/images-lock-file", () => jest.requireActual<object>("./lock"));

test.each(CASES.map(({ rule, ...one }) => [rule.name, rule, one] as const))(
  "%s",
  (_, rule, one) => {
    const [policy] = policies("prod", [rule]);
    expect([...mistakes(policy, one)]).toEqual([]);
  },
);

test("there is a case for every rule", () => {
  const names = (rules: readonly Rule[]) => rules.map(({ name }) => name).sort();
  expect(names(CASES.map(({ rule }) => rule))).toEqual(names(RULES));
});
