/** An application that knows nothing but its environment variables: sends a trace, prints its id. */
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { detectResources, envDetector } from "@opentelemetry/resources";
import { NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";

const exporter = new OTLPTraceExporter();
const provider = new NodeTracerProvider({
  resource: detectResources({ detectors: [envDetector] }),
  spanProcessors: [new SimpleSpanProcessor(exporter)],
});

async function main(): Promise<void> {
  const span = provider.getTracer("e2e").startSpan("checkout");
  span.end();
  await provider.forceFlush();
  await provider.shutdown();
  process.stdout.write(`${span.spanContext().traceId}\n`);
}

void main();
