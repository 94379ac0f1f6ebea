/**
 * What redaction masks by default, in Go's regular expressions. They run over every text of every
 * span and log, so their form counts: one that begins with plain letters is looked for as a plain
 * text (some 20 ns), one that begins with a class, `\b` or `(?i)` is tried at every byte (some 15 ns
 * each). Hence words without their first letter, which may be a capital, and again in capitals.
 */

/** Attributes whose value is masked whatever it is. */
export const SECRET_KEYS: readonly string[] = [
  "(?i)(pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access|private|secret|encryption|signing)[._-]?key|authorization|cookie|credentials?)$",
];

/** Between a name and its value: `=`, `: `, `": "`, `\": \"`, ` => ` and, in a URL in a URL, `%3D`. */
const ASSIGNS = `\\\\*["']?\\s*[=:%]>?\\s*`;

/**
 * A value: to the end of its quotes, past those that are escaped in it; without any, one word. The
 * same where the quotes themselves are escaped, for it is JSON in JSON.
 */
const VALUE =
  `(?:"(?:[^"\\\\]|\\\\.)*|\\\\"(?:[^"\\\\]|\\\\\\\\(?:\\\\")?)*|` +
  `\\\\+"[^"]*|'[^']*|[^\\s,;&"'\\\\]+)`;

/**
 * Card numbers: 16 digits, alone or in groups of four, that begin as the issuers' do (22 to 27 and
 * 4 to 6), and the 15 of Amex. A sum of digits cannot be checked here: an id of that length and
 * beginning is taken for a card number.
 */
const CARD =
  "(?:(?:[4-6]\\d|2[2-7])\\d\\d(?:\\d{12}|(?: \\d{4}){3}|(?:-\\d{4}){3})|3[47]\\d\\d(?:\\d{11}| \\d{6} \\d{5}|-\\d{6}-\\d{5}))\\b";

/** What is masked inside any text, in this order. */
export const SECRET_VALUES: readonly string[] = [
  // Schemes of HTTP's authorization come first: `token: Bearer …` is more than one word.
  "earer\\s+[A-Za-z0-9._~+/-]{8,}=*",
  "EARER\\s+[A-Za-z0-9._~+/-]{8,}=*",
  // A capital or a digit inside tells what is encoded from a word: "Basic functionality".
  "asic\\s+[A-Za-z0-9+/]{3,}[A-Z0-9][A-Za-z0-9+/]{3,}=*",
  `uthorization${ASSIGNS}(?:[A-Za-z]+\\s+)?${VALUE}`,
  // All cookies of a header.
  `ookie${ASSIGNS}["']?[^\\r\\n"']+`,
  ...[
    "assw(?:or)?d",
    "ASSW(?:OR)?D",
    "pwd",
    "Pwd",
    "PWD",
    "ecret(?:[_-]?(?:access[_-]?)?[kK]ey)?",
    "ECRET(?:_(?:ACCESS_)?KEY)?",
    "token",
    "Token",
    "TOKEN",
    "pi[_-]?[kK]ey",
    "PI[_-]?KEY",
  ].map((word) => `${word}${ASSIGNS}${VALUE}`),
  // User and password of a URL.
  "://[^/\\s:@\"']*:[^/\\s@\"']+@",
  "-----BEGIN [A-Z ]*PRIVATE KEY[\\s\\S]*?(?:-----END [A-Z ]*-----|$)",
  // Id of an access key of AWS.
  "A[KS]IA[0-9A-Z]{16}",
  // A JSON web token.
  "eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*",
  // Card numbers. Tried behind a character that is no part of a number or word, so that longer
  // numbers, such as times, and decimal fractions stay whole; and where a text begins.
  `[^0-9A-Za-z.]${CARD}`,
  `^${CARD}`,
  // E-mail addresses, and those of a URL.
  "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
  "=[A-Za-z0-9._+-]+%40[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
  "/[A-Za-z0-9._+-]+%40[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
];

/**
 * A list, a map, or a text that begins as one, with a thousand brackets that open, to its end. Tempo's
 * time for a value grows with the square of its depth: minutes for what fits into a request.
 */
export const TOO_DEEP = "^[\\[{](?:[^\\[{]*[\\[{]){999}(?s:.*)";

/**
 * Texts in which none of `SECRET_VALUES` can be found, so that nobody need look: words, paths and
 * host names in small letters, behind a method of HTTP or not, and decimal fractions. All of
 * the patterns need a capital, a space, a sign such as `=` or `@`, or 15 digits.
 */
export const HARMLESS_VALUES: readonly string[] = [
  "^(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) ?)?\\d{0,6}(?:-?[a-z/{}._]\\d{0,6})*$",
  "^-?\\d+\\.\\d+$",
];
