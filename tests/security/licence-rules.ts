import satisfies from "spdx-satisfies";
import { z } from "zod";
import { isForDevelopment, statedLicence, type Component } from "./bom";

/** Which licences packages may have: `tests/security/licences.json`. */
export const licenceRules = z.strictObject({
  /** SPDX ids. */
  allowed: z.array(z.string()),
  exceptions: z.array(
    z.strictObject({
      package: z.string(),
      /** What the package states; null where that is nothing. Another licence is none of it. */
      stated: z.string().nullable(),
      reason: z.string().min(20),
      /** That it holds only while no package of the running project needs the package. */
      development: z.boolean().default(false),
    }),
  ),
});
export type LicenceRules = z.output<typeof licenceRules>;

function isAllowed(stated: string, allowed: readonly string[]): boolean {
  try {
    return satisfies(stated, allowed);
  } catch {
    // No expression of SPDX's.
    return false;
  }
}

/** Packages whose licence is neither allowed nor excepted, and exceptions that nothing needs. */
export function licenceProblems(
  components: readonly Component[],
  { allowed, exceptions }: LicenceRules,
): string[] {
  const needed = new Set<object>();
  const refused = components.filter((component) => {
    const stated = statedLicence(component);
    if (stated !== null && isAllowed(stated, allowed)) return false;
    const exception = exceptions.find(
      (one) =>
        one.package === component.name &&
        one.stated === stated &&
        (!one.development || isForDevelopment(component)),
    );
    if (exception !== undefined) needed.add(exception);
    return exception === undefined;
  });
  return [
    ...refused.map((component) => {
      const stated = statedLicence(component) ?? "states no licence";
      return `${component.name}@${component.version}: ${stated}`;
    }),
    ...exceptions
      .filter((exception) => !needed.has(exception))
      .map(
        ({ package: name }) => `${name} is an exception that nothing needs: take it off the list`,
      ),
  ];
}
