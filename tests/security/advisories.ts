import { z } from "zod";

/** An advisory that is known and borne for a while: `tests/security/advisories.json`. */
export const allowedAdvisories = z.array(
  z.strictObject({
    id: z.string().regex(/^GHSA(-[0-9a-z]{4}){3}$/, 'expected "GHSA-xxxx-xxxx-xxxx"'),
    /** Why it does no harm here, or why nothing can be done yet. */
    reason: z.string().min(20),
    /** Last day on which that is believed. */
    until: z.iso.date(),
  }),
);
export type AllowedAdvisory = z.output<typeof allowedAdvisories>[number];

const advisory = z.object({
  source: z.number(),
  name: z.string(),
  title: z.string(),
  url: z.string(),
  severity: z.string(),
  range: z.string(),
});

/** The parts of `npm audit --json` that are read. */
const findings = z.object({
  vulnerabilities: z.record(
    z.string(),
    // A text names another vulnerable package, whose own entry says why.
    z.object({ via: z.array(z.union([z.string(), advisory])) }),
  ),
});
const noAnswer = z.object({ message: z.string(), statusCode: z.number().optional() });

export type Verdict =
  { kind: "skipped"; reason: string } | { kind: "judged"; advisories: number; problems: string[] };

/** What a registry without the endpoint answers; another failure is one of this check. */
const NO_ENDPOINT = [404, 405, 501];

/**
 * Judges an answer of `npm audit --json`: every advisory is a problem unless it is allowed, and so is
 * an entry of the list that has expired or applies to nothing any more.
 *
 * @param today as `YYYY-MM-DD`.
 * @throws if npm could not ask for another reason than a registry that has no advisories.
 */
export function judge(
  answer: unknown,
  allowed: readonly AllowedAdvisory[],
  today: string,
): Verdict {
  const report = findings.safeParse(answer);
  if (!report.success) {
    const failure = noAnswer.safeParse(answer);
    if (!failure.success) throw new Error("npm audit answered in a form that is not known");
    const { message, statusCode } = failure.data;
    if (statusCode === undefined || !NO_ENDPOINT.includes(statusCode)) throw new Error(message);
    return { kind: "skipped", reason: `the registry has no advisories (${message})` };
  }
  const found = new Map<string, z.output<typeof advisory>>();
  for (const { via } of Object.values(report.data.vulnerabilities)) {
    for (const one of via) {
      if (typeof one !== "string") found.set(one.url.split("/").at(-1) ?? one.url, one);
    }
  }
  const unknown = [...found].filter(([id]) => allowed.every((entry) => entry.id !== id));
  return {
    kind: "judged",
    advisories: found.size,
    problems: [
      ...unknown.map(
        ([id, { name, range, title, severity, url }]) =>
          `${id}: ${name} ${range}: ${title} (${severity}), ${url}`,
      ),
      ...allowed
        .filter(({ id }) => !found.has(id))
        .map(({ id }) => `${id} is allowed and applies to nothing any more: take it off the list`),
      ...allowed
        .filter(({ id, until }) => found.has(id) && until < today)
        .map(({ id, until, reason }) => `${id} was allowed until ${until}: ${reason}`),
    ],
  };
}
