import { parseConfig } from "../../config/parse";
import { sendJson } from "../helpers/intake";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";

const config = parseConfig(
  {
    // Prints what passes, behind the redaction.
    debugExporter: { enabled: true, verbosity: "detailed" },
    jaeger: { enabled: false },
    sampling: { dropHealthChecks: false },
  },
  { stack: "dev", environment: {} },
);

const MAIL = "planted.person@mail.example.org";
const CARD = "4111 1111 1111 1111";
const CARD_NUMBER = 5_500_005_555_555_559;
const TOKEN = "plantedtoken0123456789";
const PLANTED = ["planted.person", CARD, String(CARD_NUMBER), TOKEN];

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** Secrets in an attribute's name, in a text, in a number, in a list and in a map. */
const attributes = (place: string) => [
  text(`${place}.visible`, "seen"),
  text("user.password", TOKEN),
  text("http.request.header.authorization", TOKEN),
  text("db.query.text", `SELECT * FROM users WHERE mail = '${MAIL}' AND card = '${CARD}'`),
  text("url.full", `https://example.org/?access_token=${TOKEN}&page=2`),
  { key: "card.number", value: { intValue: String(CARD_NUMBER) } },
  {
    key: "process.command_args",
    value: { arrayValue: { values: [{ stringValue: `--password=${TOKEN}` }] } },
  },
  { key: "user", value: { kvlistValue: { values: [text("password", TOKEN), text("m", MAIL)] } } },
];

const now = () => `${Date.now()}000000`;
const resource = { attributes: [text("service.name", "planted"), ...attributes("resource")] };
const scope = { name: "planted", attributes: attributes("scope") };

const traces = () => ({
  resourceSpans: [
    {
      resource,
      scopeSpans: [
        {
          scope,
          spans: [
            {
              traceId: "0123456789abcdef0123456789abcdef",
              spanId: "0123456789abcdef",
              name: `span.visible mail to ${MAIL}`,
              kind: 2,
              startTimeUnixNano: now(),
              endTimeUnixNano: now(),
              attributes: attributes("span"),
              status: { code: 2, message: `status.visible token=${TOKEN}` },
              events: [
                {
                  timeUnixNano: now(),
                  name: `eventname.visible ${CARD}`,
                  attributes: attributes("event"),
                },
              ],
            },
          ],
        },
      ],
    },
  ],
});

const logs = () => ({
  resourceLogs: [
    {
      resource,
      scopeLogs: [
        {
          scope,
          logRecords: [
            {
              timeUnixNano: now(),
              body: { stringValue: `body.visible Bearer ${TOKEN} of ${MAIL}, card ${CARD}` },
              attributes: attributes("log"),
            },
            {
              timeUnixNano: now(),
              body: {
                kvlistValue: {
                  values: [
                    text("map", "map.visible"),
                    { key: "deep", value: { kvlistValue: { values: attributes("deep") } } },
                  ],
                },
              },
            },
          ],
        },
      ],
    },
  ],
});

const metrics = () => ({
  resourceMetrics: [
    {
      resource,
      scopeMetrics: [
        {
          scope,
          metrics: [
            {
              name: "planted",
              gauge: {
                dataPoints: [{ timeUnixNano: now(), asDouble: 1, attributes: attributes("point") }],
              },
            },
          ],
        },
      ],
    },
  ],
});

describeWith(["collector"], "The collector's redaction", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startStack({ config, services: ["collector"] });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test.each([
    ["traces", traces, ["resource", "scope", "span", "status", "eventname", "event"]],
    ["logs", logs, ["resource", "scope", "log", "body", "map", "deep"]],
    ["metrics", metrics, ["resource", "scope", "point"]],
  ] as const)(
    "lets no planted secret of %s pass",
    async (signal, make, places) => {
      await sendJson(stack, signal, make());
      await eventually(() => {
        const log = stack.log("collector", 100_000);
        for (const place of places) expect(log).toContain(`${place}.visible`);
        return Promise.resolve();
      });
      const log = stack.log("collector", 100_000);
      for (const secret of PLANTED) expect(log).not.toContain(secret);
      // What is no secret stays, and nothing of the work on it does.
      expect(log).toContain("page=2");
      expect(log).not.toContain("tracekeep.lent");
    },
    60_000,
  );
});
