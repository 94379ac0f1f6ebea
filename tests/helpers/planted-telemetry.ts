import { randomBytes } from "node:crypto";
import { LOOK_ALIKES, TAKEN_FOR_SECRETS, type Planter, type Shape, SHAPES } from "./planted";

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

const id = (bytes: number) => randomBytes(bytes).toString("hex");
const now = () => `${Date.now()}000000`;
const text = (key: string, value: string): KeyValue => ({ key, value: { stringValue: value } });
const list = (key: string, ...values: string[]): KeyValue => ({
  key,
  value: { arrayValue: { values: values.map((stringValue) => ({ stringValue })) } },
});
const map = (key: string, ...values: KeyValue[]): KeyValue => ({
  key,
  value: { kvlistValue: { values } },
});

/** A word that is a secret for the name of its attribute alone. */
const KEYED: Shape = { name: "value of a telling name", kind: "word", text: (needle) => needle };

/** Attributes that hold a shape as a text, in a list and in maps, and values of telling names. */
function attributesOf(planter: Planter, place: string, shape: Shape): KeyValue[] {
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

const resourceOf = (planter: Planter, signal: string, shape: Shape) => ({
  attributes: [
    text("service.name", "planted"),
    ...attributesOf(planter, `resource of ${signal}`, shape),
  ],
});

const scopeOf = (planter: Planter, signal: string, shape: Shape) => ({
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

const CUMULATIVE = 2;

export function plantedMetrics(planter: Planter) {
  const resourceMetrics = SHAPES.map((shape, index) => {
    const point = (type: string) => ({
      startTimeUnixNano: now(),
      timeUnixNano: now(),
      attributes: attributesOf(planter, `data point of a ${type}`, shape),
    });
    const exemplars = (type: string) => [
      {
        timeUnixNano: now(),
        asDouble: 0.5,
        traceId: id(16),
        spanId: id(8),
        filteredAttributes: [
          text("seen", CANARY),
          // Prometheus keeps 128 characters of an exemplar, so not all at once.
          text("t", planter.plant(`exemplar of a ${type}`, shape)),
        ],
      },
      {
        timeUnixNano: now(),
        asDouble: 5,
        traceId: id(16),
        spanId: id(8),
        filteredAttributes: [
          text("password", planter.plant(`exemplar of a ${type}, password`, KEYED)),
          list("l", planter.plant(`exemplar of a ${type}, a list`, shape)),
        ],
      },
    ];
    const name = `planted.${index}`;
    const histogram = { count: "3", sum: 6, exemplars: exemplars("histogram") };
    return {
      resource: resourceOf(planter, "metrics", shape),
      scopeMetrics: [
        {
          scope: scopeOf(planter, "metrics", shape),
          metrics: [
            { name: `${name}.gauge`, gauge: { dataPoints: [{ ...point("gauge"), asDouble: 1 }] } },
            {
              name: `${name}.sum`,
              sum: {
                aggregationTemporality: CUMULATIVE,
                isMonotonic: true,
                dataPoints: [{ ...point("sum"), asDouble: 1, exemplars: exemplars("sum") }],
              },
            },
            {
              name: `${name}.histogram`,
              histogram: {
                aggregationTemporality: CUMULATIVE,
                dataPoints: [
                  {
                    ...point("histogram"),
                    ...histogram,
                    explicitBounds: [1],
                    bucketCounts: ["1", "2"],
                  },
                ],
              },
            },
            {
              name: `${name}.exponential`,
              exponentialHistogram: {
                aggregationTemporality: CUMULATIVE,
                dataPoints: [
                  {
                    ...point("native histogram"),
                    ...histogram,
                    scale: 0,
                    zeroCount: "0",
                    positive: { offset: 0, bucketCounts: ["1", "2"] },
                  },
                ],
              },
            },
            {
              name: `${name}.summary`,
              summary: {
                dataPoints: [
                  {
                    ...point("summary"),
                    count: "1",
                    sum: 1,
                    quantileValues: [{ quantile: 0.5, value: 1 }],
                  },
                ],
              },
            },
          ],
        },
      ],
    };
  });
  return { resourceMetrics };
}

/** Every look-alike, in attributes of a span and, a record each, as the body of a log. */
export function lookAlikes() {
  const traceId = id(16);
  const texts = [...LOOK_ALIKES, ...Object.keys(TAKEN_FOR_SECRETS)];
  const resource = { attributes: [text("service.name", "look-alikes")] };
  const span = {
    traceId,
    spanId: id(8),
    name: "look-alikes",
    kind: 1,
    startTimeUnixNano: now(),
    endTimeUnixNano: now(),
    attributes: [
      ...texts.map((value, index) => text(`text.${index}`, value)),
      // A number that fits is sent as one too.
      ...texts.flatMap((value, index) =>
        /^\d{1,19}$/.test(value) ? [{ key: `number.${index}`, value: { intValue: value } }] : [],
      ),
      ...texts.flatMap((value, index) =>
        /^-?0\.\d+(e[-+]\d+)?$/.test(value)
          ? [{ key: `number.${index}`, value: { doubleValue: Number(value) } }]
          : [],
      ),
    ],
  };
  return {
    traceId,
    texts,
    traces: { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] },
    logs: {
      resourceLogs: [
        {
          resource,
          scopeLogs: [
            {
              logRecords: texts.map((stringValue, index) => ({
                timeUnixNano: String(BigInt(now()) + BigInt(index)),
                body: { stringValue },
              })),
            },
          ],
        },
      ],
    },
  };
}
