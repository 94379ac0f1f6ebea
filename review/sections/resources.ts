import type { Fate } from "../resource-changes";
import { code, type Compared, type Section } from "./section";

const FATES: readonly Fate[] = ["deleted", "replaced", "created", "rolled out", "updated"];

/** Every resource that changes, by what becomes of it. */
export function resourcesSection({ changes }: Compared): Section {
  const title = "Resources";
  if (changes === undefined) return { title, lines: ["Not known: a revision does not tell."] };
  if (changes.length === 0) return { title, lines: ["No change."] };
  const of = (fate: Fate) => changes.filter((change) => change.fate === fate);
  const counts = FATES.filter((fate) => of(fate).length > 0).map(
    (fate) => `${of(fate).length} ${fate}`,
  );
  const rows = FATES.flatMap((fate) =>
    of(fate).map(
      ({ type, name, inputs }) =>
        `| ${fate} | ${code(name)} | ${code(type)} | ${inputs.map(code).join(", ")} |`,
    ),
  );
  return {
    title,
    lines: [
      `<details><summary>${counts.join(", ")}</summary>`,
      "",
      "| | name | type | inputs that differ |",
      "|---|---|---|---|",
      ...rows,
      "",
      "</details>",
    ],
  };
}
