import { unknownCheckingProxy, UnknownValueError } from "@pulumi/policy";

/** Properties as the engine hands them to a policy: to read one that is not known throws. */
export const checkingUnknown = unknownCheckingProxy as <T extends object>(properties: T) => T;

/**
 * What `read` gives; undefined where that depends on a value which a preview cannot know yet. What
 * cannot be known is no violation: the same rule sees it before the resource is made.
 */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnknownValueError) return undefined;
    throw error;
  }
}

/** The elements of a list that are known already. */
export function known<T>(list: readonly T[] | undefined): NonNullable<T>[] {
  return Array.from({ length: list?.length ?? 0 }, (_, index) =>
    attempt(() => list?.[index]),
  ).filter((element): element is NonNullable<T> => element !== undefined && element !== null);
}

/** The texts of a list, an empty one for each that is not known yet; none where the list is not. */
export function orEmpty(list: () => readonly string[] | undefined): string[] {
  const texts = attempt(list);
  return Array.from(
    { length: texts?.length ?? 0 },
    (_, index) => attempt(() => texts?.[index]) ?? "",
  );
}

/** The entries of a map whose values are known already. */
export function knownEntries<T>(map: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.keys(map ?? {}).flatMap((key) => {
    const value = attempt(() => map?.[key]);
    return value === undefined || value === null ? [] : [[key, value] as [string, T]];
  });
}
