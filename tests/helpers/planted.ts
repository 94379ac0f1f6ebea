import { randomInt } from "node:crypto";

/**
 * Secrets as they get into telemetry, each round a needle that must not be found in any store, and
 * texts that only look like secrets.
 */

export interface Shape {
  name: string;
  /** What the needle is made of: a word, digits that continue a card number, or a mailbox. */
  kind: "word" | "card" | "amex" | "mail";
  text: (needle: string) => string;
}

const base64 = (text: string) => Buffer.from(text).toString("base64url");
const groups = (digits: string, by: string) => (digits.match(/\d{4}/g) ?? []).join(by);
const shape =
  (kind: Shape["kind"]) =>
  (name: string, text: Shape["text"]): Shape => ({ name, kind, text });
const word = shape("word");
const card = shape("card");
const mail = shape("mail");

/** One of each shape that the default patterns are to know. */
export const SHAPES: readonly Shape[] = [
  word("password of a command line", (x) => `mysql --user=app --password=${x} shop`),
  word("password of a form", (x) => `user=app&password=${x}&submit=1`),
  word("password in JSON", (x) => `{"user":"app","password":"horse, ${x}","n":1}`),
  word("password in JSON with escapes", (x) => `{"password":"a\\"b ${x}","n":1}`),
  word("password in JSON in JSON", (x) => JSON.stringify({ sent: `{"password":"horse ${x}"}` })),
  word("password in quotes", (x) => `level=warn user=app password="horse ${x}" attempt=2`),
  word("password of a dictionary", (x) => `{'user': 'app', 'password': 'horse ${x}'}`),
  word("password of a hash", (x) => `{:password => "${x}"}`),
  word("password of an environment", (x) => `DB_PASSWORD=${x} DB_HOST=db`),
  word("password of a connection string", (x) => `Server=db;Uid=app;Pwd=${x};Database=shop`),
  word("password of a URL", (x) => `dial postgres://app:${x}@db:5432/shop failed`),
  word("bearer token", (x) => `Authorization: Bearer ${x}.abc-def`),
  word("bearer token in a list", (x) => `["authorization","bearer ${x}","accept","*/*"]`),
  word("token behind its name and scheme", (x) => `token: Bearer ${x}`),
  word("token of GitHub", (x) => `authorization: token ${x}`),
  word("token of a query", (x) => `https://example.org/cb?access_token=${x}&page=2`),
  word("token of a query in a query", (x) => `/login?next=%2Fcb%3Ftoken%3D${x}&page=2`),
  word("JSON web token", (x) => `got eyJhbGciOiJIUzI1NiJ9.${base64(`{"s":"${x}"}`)}.${x}`),
  word("basic authentication", (x) => `["authorization","Basic ${base64(`app:${x}`)}"]`),
  word("key of an API", (x) => `X-Api-Key: ${x}`),
  word("key of AWS", (x) => `AWS_SECRET_ACCESS_KEY=${x} aws_secret_access_key = ${x}`),
  word("id of a key of AWS", (x) => `with AKIA${x.toUpperCase().padEnd(16, "7").slice(0, 16)}`),
  word("cookies", (x) => `Cookie: theme=dark; sid=${x}; lang=en`),
  word("secret of a client", (x) => `grant_type=client_credentials&client_secret=${x}`),
  word(
    "private key",
    (x) => `key -----BEGIN RSA PRIVATE KEY-----\nMIIE${x}\n-----END RSA PRIVATE KEY----- read`,
  ),
  card("card number", (x) => `paid with ${x}, thanks`),
  card("card number in groups", (x) => `paid with ${groups(x, " ")}`),
  card("card number with dashes", (x) => `paid with ${groups(x, "-")}.`),
  card("card number in JSON", (x) => `{"pan":${x},"cvc":1}`),
  card("card number alone", (x) => x),
  shape("amex")("card number of 15 digits", (x) => `card=${x}`),
  mail("e-mail address", (x) => `sent to ${x}, and so on`),
  mail("e-mail address with a name", (x) => `From: "Some One" <${x}>`),
  mail("e-mail address of a query", (x) => `/search?mail=${encodeURIComponent(x)}&page=2`),
  mail(
    "e-mail address of a path",
    (x) => `https://example.org/users/${encodeURIComponent(x)}/edit`,
  ),
];

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const random = (count: number, signs: string) =>
  Array.from({ length: count }, () => signs[randomInt(signs.length)]).join("");

/** Something that no other text holds, and no compression can take apart. */
const uniqueWord = (): string => `zq${random(12, LETTERS)}`;

/** Texts of a shape round their needle; no two calls have the same one. */
export class Planter {
  /** What was planted where, by needle. */
  readonly planted = new Map<string, string>();
  /** Words that are no secrets: how many of them are found tells how well a place is searched. */
  readonly spared: string[] = [];

  spare(): string {
    const word = uniqueWord();
    this.spared.push(word);
    return word;
  }

  /** @param place what a leak is called */
  plant(place: string, { name, kind, text }: Shape): string {
    const word = uniqueWord();
    const needle = {
      word,
      card: `4${random(15, DIGITS)}`,
      amex: `37${random(13, DIGITS)}`,
      mail: `${word}@mail.example.org`,
    }[kind];
    const planted = text(needle);
    // It may stand there encoded or in groups; what is looked for is what stands there.
    for (const form of kind === "mail" ? [word] : formsOf(needle)) {
      if (planted.includes(form)) this.planted.set(form, `${name} in ${place}`);
    }
    return planted;
  }
}

/** How a needle of whatever kind may be written down. */
function formsOf(needle: string): string[] {
  return [
    needle,
    needle.toUpperCase(),
    groups(needle, " "),
    groups(needle, "-"),
    // Without what the text before it changes, and the end.
    base64(`app:${needle}`).slice(8, -4),
    base64(`{"s":"${needle}"}`).slice(8, -4),
  ].filter((form) => form.length > 8);
}

/** Texts that look like secrets and are none; what redaction would make of them is a false alarm. */
export const LOOK_ALIKES: readonly string[] = [
  // Numbers.
  "1732184111222333444",
  "1732184111222333",
  "1732184111222",
  "at 1732184111222333444 ns",
  "2025112108555912",
  "order 2025112100001234",
  "id 1234567890123456",
  "id 9007199254740991",
  "snowflake 1460323737035677698",
  "account 401234567890",
  "41234567890123456",
  "0.4123456789012345",
  "score=0.5312345678901234 of 1",
  "[0.4123456789012345,0.5312345678901234]",
  "-0.2212345678901234e-05",
  // Identifiers.
  "550e8400-e29b-41d4-a716-446655440000",
  "41111111-1111-4111-8111-111111111111",
  "trace 4bf92f3577b34da6a3ce929d0e0e4736",
  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "span 4111111111111a11",
  "sha256:4111111111111111111111111111111111111111111111111111111111111111",
  "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  "ISBN 978-3-16-148410-0",
  "+49 30 1234 5678",
  "+1 (555) 123-4567",
  "order #4711-0815",
  "arn:aws:s3:::a-bucket/key",
  // Versions and addresses.
  "v4.11.1-rc.1",
  "lodash@4.17.21",
  "github.com/acme/shop@v1.2.3",
  "nginx@sha256:abcdef",
  "com.example.Shop@1b2c3d4e",
  "10.43.111.222:4317",
  "https://10.43.111.222:4317/v1/traces",
  "2001:db8:4111::1111",
  "https://shop.example.com:8443/a/b?page=2&size=10",
  "2026-01-02T03:04:05.678901234Z",
  // Words.
  "keyword: search",
  "max_tokens: 4096",
  "input_tokens=17 output_tokens=42",
  "Unexpected token < in JSON at position 4",
  "password reset requested",
  "the secret garden",
  "Basic functionality and Basic Auth",
  "the bearer of this ring",
  "cookies accepted",
  "passwords do not match",
  "GET /api/v1/tokens/{id}",
  "SELECT id, name FROM orders WHERE customer_id = $1 ORDER BY created",
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101",
];

/** Look-alikes that are masked all the same, with what they are taken for. */
export const TAKEN_FOR_SECRETS: Readonly<Record<string, string>> = {
  "order 4000123412341234": "16 digits that begin like a card number; no sum of digits is checked",
  "order 4711-0815-1234-5678": "four groups of four digits, the first like a card number's",
  "git@github.com:acme/shop.git": "an address of a mailbox, to look at",
  "token: unexpected end": "what follows a secret's name is taken for the secret",
};
