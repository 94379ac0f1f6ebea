import { checkServerIdentity } from "node:tls";
import { credentials } from "@grpc/grpc-js";
import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type SpanOptions,
} from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { resourceFromAttributes, type Resource } from "@opentelemetry/resources";
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-node";
import type { Address, Identity } from "./client";
import { PLAYED, RUN_ATTRIBUTE, RUN_METRIC, type Run } from "./run";

/** Milliseconds that an export may take, the SDK's own retries included. */
const EXPORT_TIMEOUT = 15_000;

interface Sender {
  address: Address;
  identity: Identity;
}

function resourceOf(service: string, environment: string): Resource {
  return resourceFromAttributes({
    "service.name": service,
    "deployment.environment.name": environment,
  });
}

interface ExportOutcome {
  code: number;
  error?: Error;
}

/** One export, whose failure is an error and never only a line in the SDK's log. */
async function exported<T>(
  exporter: {
    export(items: T, done: (outcome: ExportOutcome) => void): void;
    shutdown(): Promise<void>;
  },
  items: T,
): Promise<void> {
  try {
    const outcome = await new Promise<ExportOutcome>((done) => exporter.export(items, done));
    if (outcome.code !== 0) throw outcome.error ?? new Error("the export failed without a reason");
  } finally {
    await exporter.shutdown();
  }
}

/** A trace of three services, made but not sent. */
export interface MadeTrace {
  traceId: string;
  spans: ReadableSpan[];
  /** Span ids, to be found again one by one. */
  spanIds: string[];
  /** Seconds that each played service's one server span lasts; particular to the run. */
  served: Readonly<Record<keyof typeof PLAYED, number>>;
}

/**
 * gateway → search → vectors: pairs of client and server spans, so that the service graph has edges.
 * One span is an error and one is slower than `slowSeconds`, so that every sampler keeps the trace.
 */
export function makeTrace(run: Run, environment: string, slowSeconds: number): MadeTrace {
  const memory = new InMemorySpanExporter();
  const tracerOf = (service: string) =>
    new BasicTracerProvider({
      resource: resourceOf(service, environment),
      spanProcessors: [new SimpleSpanProcessor(memory)],
    }).getTracer("tracekeep-verification");
  const gateway = tracerOf(PLAYED.gateway);
  const search = tracerOf(PLAYED.search);
  const vectors = tracerOf(PLAYED.vectors);
  const end = run.startedAt;
  // Durations of the run's own: sums in Prometheus then tell its spans from an earlier run's, even
  // where the collector's counters began anew in between.
  const own = run.number % 997;
  const start = end - slowSeconds * 1000 - 500 - own;
  const findStart = end - 190 - own;
  const serveStart = start + 20;
  const attributes = { [RUN_ATTRIBUTE]: run.id };
  const child = (
    tracer: typeof gateway,
    parent: Span | undefined,
    name: string,
    options: SpanOptions,
  ) =>
    tracer.startSpan(
      name,
      { ...options, attributes: { ...attributes, ...options.attributes } },
      parent ? trace.setSpan(context.active(), parent) : context.active(),
    );

  const root = child(gateway, undefined, "GET /search", {
    kind: SpanKind.SERVER,
    startTime: start,
    root: true,
    attributes: { "http.request.method": "GET", "http.route": "/search" },
  });
  const ask = child(gateway, root, "search", {
    kind: SpanKind.CLIENT,
    startTime: start + 10,
    attributes: { "server.address": PLAYED.search },
  });
  const serve = child(search, ask, "search", { kind: SpanKind.SERVER, startTime: serveStart });
  const embed = child(search, serve, "embed", { kind: SpanKind.INTERNAL, startTime: start + 30 });
  const query = child(search, serve, "query", {
    kind: SpanKind.CLIENT,
    startTime: findStart - 10,
    attributes: { "db.system.name": "qdrant" },
  });
  const find = child(vectors, query, "query", { kind: SpanKind.SERVER, startTime: findStart });
  const error = child(vectors, find, "shard", { kind: SpanKind.INTERNAL, startTime: end - 180 });

  error.setStatus({ code: SpanStatusCode.ERROR, message: "an error on purpose" });
  error.end(end - 170);
  find.end(end - 100);
  query.end(end - 90);
  embed.end(findStart - 20);
  serve.end(end - 40);
  ask.end(end - 30);
  root.end(end);
  const spans = memory.getFinishedSpans();
  return {
    traceId: root.spanContext().traceId,
    spans,
    spanIds: spans.map((span) => span.spanContext().spanId),
    served: {
      gateway: (end - start) / 1000,
      search: (end - 40 - serveStart) / 1000,
      vectors: (end - 100 - findStart) / 1000,
    },
  };
}

/** Sends a trace by OTLP over gRPC. Rejects with the exporter's error. */
export function sendTrace({ address, identity }: Sender, made: MadeTrace): Promise<void> {
  const exporter = new OTLPTraceExporter({
    url: `https://${address.host}:${address.port}`,
    timeoutMillis: EXPORT_TIMEOUT,
    credentials: credentials.createSsl(
      Buffer.from(address.root),
      Buffer.from(identity.key),
      Buffer.from(identity.certificate),
      // The certificate must carry the service's name, whatever address it is published at.
      { checkServerIdentity: (_, peer) => checkServerIdentity(address.serverName, peer) },
    ),
  });
  return exported(exporter, made.spans);
}

const overHttp = ({ address, identity }: Sender, path: string) => ({
  url: `https://${address.host}:${address.port}${path}`,
  timeoutMillis: EXPORT_TIMEOUT,
  httpAgentOptions: {
    ca: address.root,
    cert: identity.certificate,
    key: identity.key,
    servername: address.serverName,
    keepAlive: false,
  },
});

/** The log line of a run, written within its trace. */
export const logLine = (run: Run) => `tracekeep verification run ${run.id}`;

/** Sends a log record with the trace's id by OTLP over HTTP. Rejects with the exporter's error. */
export async function sendLog(
  sender: Sender,
  run: Run,
  environment: string,
  made: MadeTrace,
): Promise<void> {
  const memory = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({
    resource: resourceOf(PLAYED.search, environment),
    processors: [new SimpleLogRecordProcessor({ exporter: memory })],
  });
  const parent = made.spans[made.spans.length - 1].spanContext();
  provider.getLogger("tracekeep-verification").emit({
    severityText: "INFO",
    severityNumber: 9,
    timestamp: run.startedAt,
    body: logLine(run),
    attributes: { [RUN_ATTRIBUTE]: run.id },
    context: trace.setSpanContext(context.active(), parent),
  });
  await exported(new OTLPLogExporter(overHttp(sender, "/v1/logs")), memory.getFinishedLogRecords());
}

/** Sends the metric whose value is the run's number, by OTLP over HTTP. */
export async function sendMetric(sender: Sender, run: Run, environment: string): Promise<void> {
  const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: memory,
    exportIntervalMillis: 3_600_000,
  });
  const provider = new MeterProvider({
    resource: resourceOf(PLAYED.gateway, environment),
    readers: [reader],
  });
  provider.getMeter("tracekeep-verification").createGauge(RUN_METRIC).record(run.number);
  const { resourceMetrics, errors } = await reader.collect();
  await provider.shutdown();
  if (errors.length > 0) throw new Error("the SDK could not collect the metric");
  await exported(new OTLPMetricExporter(overHttp(sender, "/v1/metrics")), resourceMetrics);
}
