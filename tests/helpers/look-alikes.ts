import { LOOK_ALIKES, TAKEN_FOR_SECRETS } from "./planted";
import { id, now, text } from "./planted-telemetry";

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
