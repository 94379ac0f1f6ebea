import type { Materials } from "../target";
import type { Text } from "./objects";

type Mapped<T> = { readonly [K in keyof T]: Text };

/** Certificates, keys and secrets: the stack's own, or in a rendering their names. */
export interface MaterialTexts {
  trust: Mapped<Materials["trust"]>;
  identities: Readonly<Record<string, Mapped<Materials["identities"][string]>>>;
  secrets: Mapped<Materials["secrets"]>;
}

/** How texts come of others that are known late, or at once in a rendering. */
export interface Texts {
  /** A text made of others; a secret if one of them is. */
  derive(from: readonly Text[], make: (texts: readonly string[]) => string): Text;
  /** A name made of others, which cannot be a secret: the hash of some is not theirs to keep. */
  name(from: readonly Text[], make: (texts: readonly string[]) => string): Text;
}

/** Names in place of what they name; nothing is waited for. */
export const NAMED: Texts = {
  derive: (from, make) => make(from as readonly string[]),
  name: (from, make) => make(from as readonly string[]),
};

const named = <T extends object>(kind: string): T =>
  new Proxy({} as T, { get: (_, name) => `[${kind}: ${String(name)}]` });

/** Materials that hold their own names. */
export const NAMED_MATERIALS: MaterialTexts = {
  trust: named("certificates"),
  identities: new Proxy(
    {},
    {
      get: (_, name) => ({
        certificate: `[certificate: ${String(name)}]`,
        key: `[key: ${String(name)}]`,
      }),
    },
  ),
  secrets: named("secret"),
};
