/**
 * What redaction masks by default, in Go's regular expressions. They run over every text of every
 * span and log, so their form counts: one that begins with plain letters is looked for as a plain
 * text (some 20 ns), one that begins with a class, `\b` or `(?i)` is tried at every byte (some 15 ns
 * each). Hence words without their first letter, which may be a capital, and again in capitals.
 */

/** Attributes whose value is masked whatever it is. */
export const SECRET_KEYS: readonly string[] = [
  "(?i)(password|passwd|pwd|secret|token|api[._-]?key|authorization|cookie|private[._-]?key|credentials?)$",
];

/** `word=value`, `word: value` and `"word": "value"`. */
const assigned = (word: string) => `${word}["']?\\s*[=:]\\s*["']?[^\\s,;&"']+`;

/** What is masked inside any text. */
export const SECRET_VALUES: readonly string[] = [
  ...[
    "assw(?:or)?d",
    "ASSW(?:OR)?D",
    "pwd",
    "Pwd",
    "PWD",
    "ecret",
    "ECRET",
    "token",
    "Token",
    "TOKEN",
    "pi[_-]?[kK]ey",
    "PI[_-]?KEY",
  ].map(assigned),
  "earer\\s+[A-Za-z0-9._~+/-]{8,}=*",
  "EARER\\s+[A-Za-z0-9._~+/-]{8,}=*",
  // A JSON web token.
  "eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*",
  // Card numbers of 13 to 16 digits, Amex's groups of 4, 6 and 5 too. The bound before them costs,
  // but keeps longer numbers, such as times, whole.
  "\\b[3-6]\\d{3}[ -]?(?:\\d{4}[ -]?\\d{4}[ -]?\\d{1,4}|\\d{6}[ -]?\\d{5})\\b",
  // E-mail addresses.
  "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
];
