import { createTwoFilesPatch } from "diff";
import { PLAN_FILE, POLICIES_FILE } from "../side";
import type { Compared, Section } from "./section";

/** Characters of all diffs together: a comment on GitHub holds 65,536 of everything. */
const ROOM = 40_000;
/** Lines of one diff. */
const LINES = 200;

/** Lists of what the other sections tell. */
const LISTS = ["resources.yaml", "connections.yaml", PLAN_FILE, POLICIES_FILE];
/** Each holds again, whole, what stands in the file itself. */
const COPIES = /^manifests\/.*\.(configmap|secret)\.yaml$/;

function patch(name: string, before = "", after = ""): string {
  const [, , ...lines] = createTwoFilesPatch(name, name, before, after, "", "", {
    context: 3,
  }).split("\n");
  const cut =
    lines.length > LINES
      ? [...lines.slice(0, LINES), `… ${lines.length - LINES} more lines`]
      : lines;
  return cut.join("\n").trimEnd();
}

/** A fence that nothing in a text can end. */
function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  return "`".repeat(longest + 1);
}

/** What becomes of every rendered file. Secrets stand in it by name alone. */
export function filesSection({ before, after }: Compared): Section {
  const names = [...new Set([...before.files.keys(), ...after.files.keys()])]
    .filter((name) => !LISTS.includes(name) && !COPIES.test(name))
    .filter((name) => before.files.get(name) !== after.files.get(name))
    .sort();
  let room = ROOM;
  const left: string[] = [];
  const lines = names.flatMap((name) => {
    const [was, is] = [before.files.get(name), after.files.get(name)];
    const text = patch(name, was, is);
    if (text.length > room) {
      left.push(name);
      return [];
    }
    room -= text.length;
    const mark = fence(text);
    const state = was === undefined ? " (new)" : is === undefined ? " (gone)" : "";
    return [
      `<details><summary>${name}${state}</summary>`,
      "",
      `${mark}diff`,
      text,
      mark,
      "",
      "</details>",
    ];
  });
  const rest =
    left.length === 0
      ? []
      : [
          "",
          `Too long to show here: ${left.join(", ")}. \`npm run render\` at both revisions has them.`,
        ];
  return {
    title: "Files",
    lines: names.length === 0 ? ["No change."] : [...lines, ...rest],
  };
}
