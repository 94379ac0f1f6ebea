import { SECRET_KEYS, SECRET_VALUES } from "../../config/redaction-patterns";

/** What the collector masks as a person's rather than as a secret: an address, a card. */
const PERSONAL = [
  "someone@example.org",
  "a=someone%40example.org",
  "/someone%40example.org",
  " 4111 1111 1111 1111",
  "4111 1111 1111 1111",
];

// `(?i)` at the start is Go's; all else of them is the same to both.
const expression = (pattern: string) =>
  pattern.startsWith("(?i)") ? new RegExp(pattern.slice(4), "i") : new RegExp(pattern);

const KEY = new RegExp(SECRET_KEYS.map((key) => expression(key).source).join("|"), "i");
const VALUES = SECRET_VALUES.map(expression).filter(
  (pattern) => !PERSONAL.some((text) => pattern.test(text)),
);

/** Forms that are a secret wherever they stand, in prose too. */
const UNMISTAKABLE = [
  "-----BEGIN EC PRIVATE KEY-----",
  "://user:password@",
  "AKIA0123456789ABCDEF",
  "eyJhbGciOiJ.eyJzdWIiOiI.c2lnbmF0dXJl",
];
const CERTAIN = VALUES.filter((pattern) => UNMISTAKABLE.some((text) => pattern.test(text)));

/** Whether a name tells of a secret. */
export const namesSecret = (name: string): boolean => KEY.test(name);

/** Whether a text holds what the collector would mask as a secret. */
export const holdsSecret = (text: string): boolean => VALUES.some((value) => value.test(text));

/** Whether a text holds what can be nothing else: a private key, a token, a password in a URL. */
export const holdsCertainSecret = (text: string): boolean =>
  CERTAIN.some((value) => value.test(text));

/** Whether a value only says where the secret is: a path, a variable, nothing. */
export const isReference = (value: string): boolean =>
  /^$|^(\/|\.{1,2}\/)[^\s]*$|^\$(\{|\(|__)|^(true|false|null|\d+)$/.test(value);
