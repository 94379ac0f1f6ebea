/** Name and value of environment variables, in the order in which they are printed. */
export type Variables = readonly (readonly [name: string, value: string])[];

/** Name that the collector's certificate always carries, whatever address it is dialled at. */
const SERVER_NAME = "collector";

const shellQuoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
/** A string literal of JSON is one of Rust, Go, TypeScript and Python too for what stands in here. */
const literal = (value: string) => JSON.stringify(value);

const valueOf = (variables: Variables, name: string) =>
  variables.find(([known]) => known === name)?.[1] ?? "";

const asComment = (variables: Variables, mark: string) =>
  variables.map(([name, value]) => `${mark} ${name}=${value}`).join("\n");

function rust(variables: Variables): string {
  const of = (name: string) => literal(valueOf(variables, name));
  const attributes = valueOf(variables, "OTEL_RESOURCE_ATTRIBUTES")
    .split(",")
    .map((pair) => pair.split("=").map(decodeURIComponent))
    .map(([key, value]) => `        KeyValue::new(${literal(key)}, ${literal(value)}),`)
    .join("\n");
  return `// opentelemetry-otlp 0.14 takes no certificates from the environment: they are given in code.
// Cargo.toml:
//   opentelemetry = "0.21"
//   opentelemetry_sdk = { version = "0.21", features = ["rt-tokio"] }
//   opentelemetry-otlp = { version = "0.14", features = ["grpc-tonic", "tls"] }
//   tonic = { version = "0.9", features = ["tls"] }
use opentelemetry::KeyValue;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{runtime::Tokio, trace, Resource};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

fn init_tracing() -> Result<trace::Tracer, Box<dyn std::error::Error>> {
    let ca = std::fs::read(${of("OTEL_EXPORTER_OTLP_CERTIFICATE")})?;
    let certificate = std::fs::read(${of("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE")})?;
    let key = std::fs::read(${of("OTEL_EXPORTER_OTLP_CLIENT_KEY")})?;
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(ca))
        .identity(Identity::from_pem(certificate, key))
        .domain_name(${literal(SERVER_NAME)});
    let exporter = opentelemetry_otlp::new_exporter()
        .tonic()
        .with_endpoint(${of("OTEL_EXPORTER_OTLP_ENDPOINT")})
        .with_tls_config(tls);
    let resource = Resource::new(vec![
        KeyValue::new("service.name", ${of("OTEL_SERVICE_NAME")}),
${attributes}
    ]);
    Ok(opentelemetry_otlp::new_pipeline()
        .tracing()
        .with_exporter(exporter)
        .with_trace_config(trace::config().with_resource(resource))
        .install_batch(Tokio)?)
}`;
}

const go = (variables: Variables) => `// The exporter reads its certificates from the environment:
//   eval "$(npm run --silent env -- --app ${valueOf(variables, "OTEL_SERVICE_NAME")})"
${asComment(variables, "//  ")}
package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
)

// Start sends traces until the returned function is called, which flushes.
func Start(ctx context.Context) (func(context.Context) error, error) {
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, err
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(
		propagation.TraceContext{}, propagation.Baggage{}))
	return provider.Shutdown, nil
}`;

const ts = (variables: Variables) => `// The exporter reads its certificates from the environment:
//   eval "$(npm run --silent env -- --app ${valueOf(variables, "OTEL_SERVICE_NAME")})"
${asComment(variables, "//  ")}
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { detectResources, envDetector } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

export const provider = new NodeTracerProvider({
  resource: detectResources({ detectors: [envDetector] }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register();
process.once("SIGTERM", () => void provider.shutdown());`;

const python = (
  variables: Variables,
) => `# The exporter reads its certificates from the environment:
#   eval "$(npm run --silent env -- --app ${valueOf(variables, "OTEL_SERVICE_NAME")})"
${asComment(variables, "#  ")}
# pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-grpc
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)`;

/** How variables can be printed. Each text ends without a line break. */
export const FORMATS = {
  sh: (variables: Variables) =>
    variables.map(([name, value]) => `export ${name}=${shellQuoted(value)}`).join("\n"),
  // Double quotes are what dotenv, Compose and systemd all read; none of the values holds one.
  dotenv: (variables: Variables) =>
    variables.map(([name, value]) => `${name}=${literal(value)}`).join("\n"),
  json: (variables: Variables) => JSON.stringify(Object.fromEntries(variables), null, 2),
  rust,
  go,
  ts,
  python,
} as const;

export type Format = keyof typeof FORMATS;
