/** How a registry wants to be asked, from its `WWW-Authenticate` header. */
export type Challenge =
  { scheme: "basic" } | { scheme: "bearer"; realm: string; service?: string; scope?: string };

/** The challenge in a header; undefined if there is none that is known. */
export function parseChallenge(header: string | null): Challenge | undefined {
  const [, scheme, rest] = /^\s*(\w+)\s*(.*)$/s.exec(header ?? "") ?? [];
  if (scheme === undefined) return undefined;
  if (scheme.toLowerCase() === "basic") return { scheme: "basic" };
  if (scheme.toLowerCase() !== "bearer") return undefined;
  const parameters = Object.fromEntries(
    [...rest.matchAll(/(\w+)\s*=\s*"([^"]*)"/g)].map(([, name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  ) as Partial<Record<string, string>>;
  const { realm, service, scope } = parameters;
  return realm === undefined ? undefined : { scheme: "bearer", realm, service, scope };
}

/**
 * Where the token for a challenge is asked for; undefined where a login would be sent in clear.
 *
 * @param scope what is asked for if the challenge does not say.
 */
export function tokenUrl(
  { realm, service, scope }: Extract<Challenge, { scheme: "bearer" }>,
  fallbackScope: string,
): URL | undefined {
  if (!URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  if (url.protocol !== "https:") return undefined;
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", scope ?? fallbackScope);
  return url;
}
