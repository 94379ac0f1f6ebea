import type { Violation } from "../../policy/evaluate";
import { code, type Compared, type Section } from "./section";

/** The same finding has the same key at both revisions; one that is graver now is another. */
const keyOf = ({ rule, level, message, urn = "" }: Violation) =>
  [rule, level, message, urn].join("\n");

/** The findings of each rule, the graver ones first. */
function byRule(violations: readonly Violation[], verb = "Broken"): string[] {
  const order = ["mandatory", "advisory"];
  const rules = new Map<string, Violation[]>();
  for (const violation of violations) {
    const key = `${order.indexOf(violation.level)} ${violation.rule}`;
    rules.set(key, [...(rules.get(key) ?? []), violation]);
  }
  return [...rules.keys()].sort().map((key) => {
    const found = rules.get(key) ?? [];
    const [{ rule, level, description }] = found;
    const grave = level === "mandatory" ? "**mandatory**" : level;
    const places = found.map(({ message }) => code(message)).join(", ");
    return `- ${code(rule)} (${grave}): ${description} ${verb} by ${places}`;
  });
}

/** What rules of the policy pack are broken, what is new first. Rules tell no value. */
export function policiesSection({ before, after }: Compared): Section {
  const title = "Policies";
  if (after.violations === undefined) {
    return { title, lines: ["Not known: the revision does not tell."] };
  }
  const was = new Set(before.violations?.map(keyOf));
  const is = new Set(after.violations.map(keyOf));
  const [fresh, standing] = [false, true].map((both) =>
    byRule((after.violations ?? []).filter((violation) => was.has(keyOf(violation)) === both)),
  );
  const mended = byRule(
    (before.violations ?? []).filter((violation) => !is.has(keyOf(violation))),
    "Was broken",
  );
  const lines = [
    ...(fresh.length > 0 ? ["New:", "", ...fresh, ""] : []),
    ...(mended.length > 0 ? ["Mended:", "", ...mended, ""] : []),
    ...(standing.length > 0
      ? [
          `<details><summary>Broken by the base too: ${standing.length} ${standing.length === 1 ? "rule" : "rules"}</summary>`,
          "",
          ...standing,
          "",
          "</details>",
        ]
      : []),
  ];
  if (before.violations === undefined) {
    lines.unshift("The base does not tell, so everything stands here as new.", "");
  }
  if (lines.length === 0) return { title, lines: ["Every rule is kept."] };
  return { title, lines: lines.at(-1) === "" ? lines.slice(0, -1) : lines };
}
