import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Finding } from "./finding";

const state = z.object({ inputs: z.record(z.string(), z.unknown()).default({}) });

/** What `pulumi refresh --preview-only --json` prints, as far as it is read here. */
const refreshSchema = z.object({
  steps: z.array(
    z.object({
      op: z.string(),
      urn: z.string(),
      oldState: state.optional(),
      newState: state.optional(),
      /** Properties that changed, as some providers tell it. */
      diffReasons: z.array(z.string()).nullish(),
      /** Paths that changed, as others do. */
      detailedDiff: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
});

/** Mark of a secret in what the engine prints (sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
/** Characters of a value that are worth a line. */
const LINE = 120;

/** Values that are secret, or made of what is secret, are never printed. */
function isSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === "[secret]";
  return SIGNATURE in value || Object.values(value).some(isSecret);
}

function withoutMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarks);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "__defaults");
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutMarks(member)]));
}

function text(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = JSON.stringify(withoutMarks(value));
  return json.length > LINE ? `${json.slice(0, LINE)}…` : json;
}

/** Paths under which two values differ; whole lists are compared, for their order means something. */
function differences(was: unknown, is: unknown, path: string): [string, unknown, unknown][] {
  const isGroup = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value) && !(SIGNATURE in value);
  if (isGroup(was) && isGroup(is)) {
    return [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .sort()
      .flatMap((key) => differences(was[key], is[key], `${path}.${key}`));
  }
  return isDeepStrictEqual(was, is) ? [] : [[path, was, is]];
}

/** `container tempo` of `…docker:index/container:Container::tempo`. */
export function whatIs(urn: string): string {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  const kind = type.split(":").at(-1) ?? type;
  return `${kind[0].toLowerCase()}${kind.slice(1)} ${name}`;
}

const isAnother = (path: string) => `${path}, a secret, is another`;

function changes(was: Record<string, unknown>, is: Record<string, unknown>, reasons: string[]) {
  // A container that stands still publishes nothing and has no other fault.
  if (was.mustRun === true && is.mustRun === false) return ["is stopped"];
  return [...new Set(reasons.map((reason) => reason.split(/[.[]/)[0]))].flatMap((property) => {
    const [before, after] = [withoutMarks(was[property]), withoutMarks(is[property])];
    // The engine compares secrets, and prints neither.
    if (isSecret(before) && isDeepStrictEqual(before, after)) return [isAnother(property)];
    return differences(before, after, property).map(([path, old, now]) =>
      isSecret(old) || isSecret(now)
        ? isAnother(path)
        : `${path} was ${text(old)}, is ${text(now)}`,
    );
  });
}

/**
 * What the engine finds changed when it looks at everything that the stack made.
 *
 * @param printed what `pulumi refresh --preview-only --json` wrote.
 */
export function engineFindings(printed: string): Finding[] {
  return refreshSchema
    .parse(JSON.parse(printed))
    .steps.flatMap(({ op, urn, oldState, newState, diffReasons, detailedDiff }): Finding[] => {
      const what = whatIs(urn);
      if (op === "delete") return [{ what, how: ["is gone"] }];
      if (op !== "update") return [];
      const reasons = diffReasons ?? Object.keys(detailedDiff ?? {});
      const how = changes(oldState?.inputs ?? {}, newState?.inputs ?? {}, reasons);
      return how.length === 0 ? [] : [{ what, how }];
    });
}
