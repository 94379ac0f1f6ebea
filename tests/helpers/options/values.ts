import fc, { type Arbitrary } from "fast-check";
import { PRIVATE_CA } from "../private-ca";

/** What is planted where a secret belongs, and must not be found anywhere. */
export const PLANTED = "hunter2planted";

/** Texts that mean something to somebody on the way: a shell, YAML, Go's templates, the collector. */
const MEANING = [
  ...["$(NAME)", "${env:HOME}", "$$", "{{ .Value }}", "{{", "`id`", "a b", "#", "%", "\\"],
  ...["yes", "null", "~", "1e3", "0x10", "- a", "a: b", "'", '"', "*a", "&a", "!!str", "|", ">"],
  ...["__proto__", "constructor", "toString", "line\nbreak", "tab\t", "\u2028", "\u0000", "\ud800"],
  ...["größe", "名前", "👩‍💻", "\u202e", "x".repeat(5000), "ﬀ", "İ"],
];

export const anyText: Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("a", "shop", "example.org/a:1") },
  { weight: 2, arbitrary: fc.constantFrom(...MEANING) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
);

const EXTREMES = [
  0,
  -0,
  -1,
  1,
  0.5,
  1e-9,
  2 ** 31,
  2 ** 53,
  2 ** 53 - 1,
  1e21,
  1e308,
  NaN,
  Infinity,
];

/** Anything that a stack file can hold. */
export const anything: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, "", [], {}, [[]], [null], { "": 1 }, ...EXTREMES),
  anyText,
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(
    JSON.parse('{"__proto__": {"enabled": true}}'),
    JSON.parse(
      '{"constructor": {"prototype": 1}, "hasOwnProperty": 1, "toString": 2, "length": 3}',
    ),
    Array<number>(2000).fill(1),
  ),
);

const numberWith = (units: readonly string[], most: number) =>
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: most })),
      fc.constantFrom(...units),
    )
    .map(([amount, unit]) => `${amount}${unit}`);

const below1 = fc.double({ min: 0, max: 1, noNaN: true });
const port = fc.integer({ min: 1, max: 65_535 });
const label = fc.constantFrom("a", "shop", "till-2", "x".repeat(40), "z9");
const host = fc.constantFrom(
  "example.org",
  "a",
  "10.1.2.3",
  `${"x".repeat(60)}.org`,
  "xn--bcher-kva.example",
);
const key = fc.constantFrom("disk", "kubernetes.io/arch", "example.org/a_b.c", "Z");
const map = (keys: Arbitrary<string>, values: Arbitrary<unknown>) =>
  fc.dictionary(keys, values, { maxKeys: 3, noNullPrototype: true });

/** Values of each form, by the beginning of what errors call it: right ones, for the most part. */
const FORMS: readonly [start: string, values: Arbitrary<unknown>][] = [
  ["a DNS label", label],
  ["the path of a file", fc.constantFrom("/etc/ssl/ca.pem", "ca.pem", "~/a b/c", "./ä")],
  ["a text that is not empty", anyText],
  ["the name of an object", fc.constantFrom("fast", "a.b-c", "0")],
  ["a size", numberWith(["", "Ki", "Mi", "Gi", "Ti", "Gi", "Mi"], 5000)],
  ["a map of label keys", map(key, fc.constantFrom("ssd", "a.b", "", "x y"))],
  ["the key of a label", key],
  ["the value of a label", fc.constantFrom("ssd", "A_1", "x".repeat(63))],
  [
    "a whole number",
    fc.oneof(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 1e7 }), fc.maxSafeNat()),
  ],
  ["a number above 0 and below 1", below1],
  ["a number above 0, at most 1", below1],
  ["a number from 0 to 1", below1],
  ['the name of a namespace, or "*"', fc.constantFrom("*", "shops", "a")],
  ["the name of a namespace", fc.constantFrom("shops", "ingress", "0a")],
  ["a host name", host],
  ["a port", port],
  [
    "a range of addresses",
    fc.constantFrom("192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0", "10.0.0.1/32"),
  ],
  ["a map of annotation keys", map(key, anyText)],
  ["a PEM certificate", fc.constant(PRIVATE_CA)],
  [
    "a PEM private key",
    fc.constant(`-----BEGIN PRIVATE KEY-----\n${PLANTED}\n-----END PRIVATE KEY-----\n`),
  ],
  ["the path of a directory, such", fc.constantFrom("/var/log/pods", "/a/b.c")],
  ['the path of a directory "', fc.constantFrom("/var/lib/docker/containers", "/containers")],
  ["an IPv4 address", fc.constantFrom("127.0.0.1", "0.0.0.0", "10.1.2.3", "127.255.255.254")],
  ['"host:port"', fc.tuple(host, port).map(([name, number]) => `${name}:${number}`)],
  ["letters, digits and dashes", fc.constantFrom("traces", "A-1", "-")],
  ["true or false", fc.boolean()],
  ["a secret text", fc.constantFrom(PLANTED, `${PLANTED}"'\\\n{{$x}}`, ` ${PLANTED} `)],
  ["a duration", numberWith(["ms", "s", "m", "h", "d", "w", "h", "m"], 5000)],
  [
    "a regular expression",
    fc.constantFrom(
      "(?i)token",
      "a|b",
      "[\"']x",
      "\\d{3}\\$",
      "^x$",
      "日本",
      "${A}",
      "\\\\",
      "a\nb",
      "x".repeat(2000),
      "%s",
      "'",
    ),
  ],
  [
    "a number of CPU cores",
    fc.oneof(
      fc.constantFrom(0.1, 0.5, 1, 64, 1024),
      fc.double({ min: 0.001, max: 4, noNaN: true }),
    ),
  ],
  [
    "a registry",
    fc.constantFrom("registry.example.org/mirror", "localhost", "r.example.org:5000/a_b/"),
  ],
  [
    'an "https://" address, or',
    fc.constantFrom(
      `https://hooks.example.org/${PLANTED}`,
      `http://10.0.0.1:9/${PLANTED}?a=b&c='"#$x`,
    ),
  ],
  [
    'an "https://" address',
    fc.constantFrom(
      "https://id.example.org/a",
      "https://id.example.org:8443/?a={{b}}&c=d#e",
      "https://ü.example/%",
    ),
  ],
  ["at most 63 letters", fc.constantFrom("grafana", "A_b-c.d")],
  ["a map of variable names", map(fc.constantFrom("A", "OTEL_X", "_", "__proto__"), anyText)],
  ["a map of label names", map(fc.constantFrom("team", "a_B", "__proto__", "job", "le"), anyText)],
  ['a path that starts with "/"', fc.constantFrom("/metrics", "/a?b=c&d='e'", '/ü"{{}}', "//")],
  ["a percentage of one core", fc.constantFrom(0.5, 80, 102_400)],
];

/** Values of a form, as error messages and the reference print it. @throws for one that is not known here. */
export function valuesOf(form: string): Arbitrary<unknown> {
  if (form.startsWith("one of ")) {
    return fc.constantFrom(...(JSON.parse(`[${form.slice("one of ".length)}]`) as string[]));
  }
  const found = FORMS.find(([start]) => form.startsWith(start));
  if (!found) throw new Error(`no values are known of the form "${form}"`);
  return found[1];
}
