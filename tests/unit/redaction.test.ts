import { RE2JS } from "re2js";
import { HARMLESS_VALUES, SECRET_KEYS, SECRET_VALUES } from "../../config/redaction-patterns";
import { LOOK_ALIKES, Planter, SHAPES, TAKEN_FOR_SECRETS } from "../helpers/planted";

const compiled = (patterns: readonly string[]) => patterns.map((one) => RE2JS.compile(one));
const values = compiled(SECRET_VALUES);
const harmless = compiled(HARMLESS_VALUES);
const keys = compiled(SECRET_KEYS);

const isHarmless = (text: string) => harmless.some((pattern) => pattern.test(text));

/** What the collector makes of a text. */
const masked = (text: string) =>
  isHarmless(text)
    ? text
    : values.reduce((rest, value) => value.matcher(rest).replaceAll("****"), text);

describe("the default patterns of values", () => {
  test.each(SHAPES.map((shape) => [shape.name, shape] as const))("mask a %s", (_, shape) => {
    const planter = new Planter();
    const text = masked(planter.plant("a text", shape));
    expect(planter.planted.size).toBeGreaterThan(0);
    for (const needle of planter.planted.keys()) expect(text).not.toContain(needle);
  });

  test("leave what stands around a secret", () => {
    expect(masked("/cb?access_token=abc&page=2")).toBe("/cb?access_****&page=2");
    expect(masked('{"user":"app","password":"a b","n":1}')).toBe('{"user":"app","p****","n":1}');
    expect(masked("card 4111 1111 1111 1111.")).toBe("card****.");
  });

  test.each(LOOK_ALIKES)("leave %s alone", (text) => {
    expect(masked(text)).toBe(text);
  });

  test.each(Object.entries(TAKEN_FOR_SECRETS))("mask %s, for it is %s", (text) => {
    expect(masked(text)).not.toBe(text);
  });
});

describe("the default patterns of what is harmless", () => {
  test.each(["GET /api/v1/orders/{id}", "shop.example.com", "10.1.2.3", "200", "checkout", "-0.5"])(
    "know %s",
    (text) => expect(isHarmless(text)).toBe(true),
  );

  test("know no text of a secret, nor any piece of one that is one", () => {
    const planter = new Planter();
    for (const shape of SHAPES) {
      const text = planter.plant("a text", shape);
      for (let from = 0; from < text.length; from++) {
        for (let to = from + 1; to <= text.length; to++) {
          const piece = text.slice(from, to);
          if (isHarmless(piece))
            expect([piece, values.some((value) => value.test(piece))]).toEqual([piece, false]);
        }
      }
    }
  });

  test("know no text that a pattern of values is found in", () => {
    // Texts that are harmless by their making, of the signs that secrets are made of.
    const signs = "aeijorstwzy/{}._0123456789-";
    let seed = 1;
    const next = (bound: number) => (seed = (seed * 48_271) % 0x7fffffff) % bound;
    for (let count = 0; count < 20_000; count++) {
      const length = 1 + next(40);
      const text = Array.from({ length }, () => signs[next(signs.length)]).join("");
      if (isHarmless(text)) expect(values.filter((value) => value.test(text))).toEqual([]);
    }
  });
});

describe("the default patterns of keys", () => {
  const isMasked = (key: string) => keys.some((pattern) => pattern.test(key));

  test.each([
    "password",
    "user.passwd",
    "db.passphrase",
    "http.request.header.authorization",
    "http.request.header.proxy-authorization",
    "http.request.header.cookie",
    "http.response.header.set-cookie",
    "http.request.header.x-api-key",
    "apiKey",
    "aws.secret_access_key",
    "aws_access_key",
    "ssh.private_key",
    "clientSecret",
    "csrf_token",
    "db.credentials",
  ])("mask %s", (key) => expect(isMasked(key)).toBe(true));

  test.each([
    "gen_ai.usage.input_tokens",
    "messaging.kafka.message.key",
    "messaging.rabbitmq.destination.routing_key",
    "secretary",
    "http.request.header.accept",
    "k8s.secret.name",
    "cookies.accepted",
    "db.primary_key",
  ])("leave %s alone", (key) => expect(isMasked(key)).toBe(false));
});
