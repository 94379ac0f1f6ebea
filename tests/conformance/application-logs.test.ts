import { randomBytes } from "node:crypto";
import { parseConfig } from "../../config/parse";
import { ask, lokiRange } from "../helpers/data-source-api";
import { sendJson } from "../helpers/intake";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";

const config = parseConfig(
  { environment: "staging", jaeger: { enabled: false } },
  { stack: "dev", environment: {} },
);
const TRACE_ID = randomBytes(16).toString("hex");
const SPAN_ID = randomBytes(8).toString("hex");
const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** What an application says of a line's severity, and the level that Loki makes of it. */
const SEVERITIES = [
  { body: "cache asked", severityNumber: 5, severityText: "DEBUG", level: "debug" },
  { body: "order taken", severityNumber: 9, severityText: "Information", level: "info" },
  { body: "stock is low", severityNumber: 13, level: "warn" },
  { body: "payment refused", severityNumber: 17, severityText: "ERROR", level: "error" },
  { body: "out of memory", severityNumber: 21, severityText: "FATAL", level: "fatal" },
  { body: "level=error msg=unsaid", level: "error" },
];

describeWith(["collector", "loki"], "Logs of applications, by OTLP through the collector", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startStack({ config, services: ["loki", "collector"] });
    const time = `${Date.now()}000000`;
    await sendJson(stack, "logs", {
      resourceLogs: [
        {
          resource: {
            attributes: [text("service.name", "shop"), text("service.instance.id", "shop-1")],
          },
          scopeLogs: [
            {
              scope: { name: "shop.checkout" },
              logRecords: SEVERITIES.map(({ body, severityNumber, severityText }) => ({
                timeUnixNano: time,
                observedTimeUnixNano: time,
                severityNumber,
                severityText,
                body: { stringValue: body },
                attributes: [text("order.state", "new")],
                traceId: TRACE_ID,
                spanId: SPAN_ID,
              })),
            },
          ],
        },
      ],
    });
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  /** Lines that LogQL finds, once there are so many. */
  const linesOf = (query: string, count: number) =>
    eventually(async () => {
      const now = Date.now() / 1000;
      const range = { start: now - 600, end: now + 60, step: 60 };
      const { lines } = await lokiRange(stack, query, range);
      expect(lines).toHaveLength(count);
      return lines;
    });

  test("are found by their trace's id, with their span's", async () => {
    const query = `{service_name="shop"} | trace_id="${TRACE_ID}" | span_id="${SPAN_ID}"`;
    const lines = await linesOf(query, SEVERITIES.length);
    expect(lines.map(({ text: line }) => line).sort()).toEqual(
      SEVERITIES.map(({ body }) => body).sort(),
    );
    expect(lines[0].labels).toMatchObject({
      trace_id: TRACE_ID,
      span_id: SPAN_ID,
      order_state: "new",
      scope_name: "shop.checkout",
      service_instance_id: "shop-1",
    });
  }, 60_000);

  test.each(SEVERITIES)("have a level: $body is $level", async ({ body, level }) => {
    const [line] = await linesOf(
      `{service_name="shop"} |= "${body}" | detected_level="${level}"`,
      1,
    );
    expect(line.text).toBe(body);
  });

  test("keep the severity that the application gave", async () => {
    const [line] = await linesOf('{service_name="shop"} | severity_text="Information"', 1);
    expect(line.labels).toMatchObject({ severity_number: "9", detected_level: "info" });
  });

  test("are one stream of a service in an environment, whatever they carry", async () => {
    const { data } = await ask<{ data: unknown }>(stack, "loki", "/loki/api/v1/series", {
      "match[]": '{service_name="shop"}',
    });
    // The environment is the stack's, for the application did not say.
    expect(data).toEqual([{ service_name: "shop", deployment_environment_name: "staging" }]);
  });
});
