import { randomBytes } from "node:crypto";
import { SHAPES, type Planter, type Shape } from "./planted";

/** Telemetry with a secret of every shape in every place, as requests of OTLP over HTTP in JSON. */

interface AnyValue {
  stringValue?: string;
  intValue?: string;
  arrayValue?: { values: AnyValue[] };
  kvlistValue?: { values: KeyValue[] };
}
interface KeyValue {
  key: string;
  value: AnyValue;
}

/** Stands in every place beside the secrets: what is not found there was not looked for. */
export const CANARY = "canary-in-the-mine";

export const id = (bytes: number) => randomBytes(bytes).toString("hex");
export const now = () => `${Date.now()}000000`;
export const text = (key: string, value: string): KeyValue => ({
  key,
  value: { stringValue: value },
});
export const list = (key: string, ...values: string[]): KeyValue => ({
  key,
  value: { arrayValue: { values: values.map((stringValue) => ({ stringValue })) } },
});
const map = (key: string, ...values: KeyValue[]): KeyValue => ({
  key,
  value: { kvlistValue: { values } },
});

/** A word that is a secret for the name of its attribute alone. */
export const KEYED: Shape = {
  name: "value of a telling name",
  kind: "word",
  text: (needle) => needle,
};

/** Attributes that hold a shape as a text, in a list and in maps, and values of telling names. */
export function attributesOf(planter: Planter, place: string, shape: Shape): KeyValue[] {
  const plant = (where: string) => planter.plant(`${place}, ${where}`, shape);
  const keyed = (where: string) => planter.plant(`${place}, ${where}`, KEYED);
  return [
    text("seen", `${CANARY} ${place} ${planter.spare()}`),
    text("planted.text", plant("a text")),
    list("planted.list", "first", plant("a list")),
    map("planted.map", map("deep", text("note", plant("a map in a map")))),
    text("user.password", keyed("user.password")),
    list("http.request.header.authorization", keyed("a list under authorization")),
    map("planted.user", text("password", keyed("password of a map")), text("name", "app")),
    ...(shape.kind === "card"
      ? [{ key: "planted.number", value: { intValue: planter.plant(`${place}, a number`, CARD) } }]
      : []),
  ];
}

/** The digits alone, as a number. */
const CARD: Shape = { name: "card number", kind: "card", text: (digits) => digits };

export const resourceOf = (planter: Planter, signal: string, shape: Shape) => ({
  attributes: [
    text("service.name", "planted"),
    ...attributesOf(planter, `resource of ${signal}`, shape),
  ],
});

export const scopeOf = (planter: Planter, signal: string, shape: Shape) => ({
  name: `${CANARY} ${planter.plant(`name of the scope of ${signal}`, shape)}`,
  version: planter.plant(`version of the scope of ${signal}`, shape),
  attributes: attributesOf(planter, `scope of ${signal}`, shape),
});

export interface PlantedTraces {
  request: unknown;
  traceId: string;
  /** Spans that must be found. */
  spans: number;
}

export function plantedTraces(planter: Planter): PlantedTraces {
  const traceId = id(16);
  const resourceSpans = SHAPES.map((shape) => ({
    resource: resourceOf(planter, "spans", shape),
    scopeSpans: [
      {
        scope: scopeOf(planter, "spans", shape),
        spans: [
          {
            traceId,
            spanId: id(8),
            name: `${CANARY} ${planter.plant("span name", shape)}`,
            kind: 2,
            startTimeUnixNano: now(),
            endTimeUnixNano: now(),
            traceState: planter.plant("trace state", shape),
            attributes: attributesOf(planter, "span", shape),
            status: { code: 2, message: `${CANARY} ${planter.plant("status message", shape)}` },
            events: [
              {
                timeUnixNano: now(),
                name: `${CANARY} ${planter.plant("event name", shape)}`,
                attributes: attributesOf(planter, "event", shape),
              },
            ],
            links: [
              {
                traceId: id(16),
                spanId: id(8),
                traceState: planter.plant("trace state of a link", shape),
                attributes: attributesOf(planter, "link", shape),
              },
            ],
          },
        ],
      },
    ],
  }));
  return { request: { resourceSpans }, traceId, spans: SHAPES.length };
}

export function plantedLogs(planter: Planter) {
  const resourceLogs = SHAPES.map((shape) => {
    const plant = (place: string) => planter.plant(place, shape);
    const attributes = () => attributesOf(planter, "log", shape);
    const record = (body: AnyValue) => ({ timeUnixNano: now(), observedTimeUnixNano: now(), body });
    return {
      resource: resourceOf(planter, "logs", shape),
      scopeLogs: [
        {
          scope: scopeOf(planter, "logs", shape),
          logRecords: [
            {
              ...record({ stringValue: `${CANARY} ${plant("log body")}` }),
              eventName: plant("event name of a log"),
              severityText: plant("severity text"),
              attributes: attributes(),
            },
            record({
              kvlistValue: {
                values: [
                  text("seen", CANARY),
                  text("note", plant("log body, a map")),
                  map("deep", ...attributesOf(planter, "log body, a map in a map", shape)),
                ],
              },
            }),
            record({
              arrayValue: {
                values: [{ stringValue: CANARY }, { stringValue: plant("log body, a list") }],
              },
            }),
          ],
        },
      ],
    };
  });
  return { resourceLogs };
}
