import { OPERATOR } from "../../components/pki/certificate-spec";
import {
  call,
  type Address,
  type HttpCall,
  type HttpResponse,
} from "../../components/verification/client";
import { newRun, type Run } from "../../components/verification/run";
import { makeTrace, sendTrace, type MadeTrace } from "../../components/verification/traffic";
import type { ServiceName } from "../../config/services";
import { eventually } from "./ports";
import type { ProcessStack } from "./process-stack";
import { clientIdentity, rootCertificate } from "./refusals";
import { replicaAddress } from "./replicas";

/** A listener of a running stack, to be dialled under the service's name. */
export function addressIn(
  stack: ProcessStack,
  service: ServiceName,
  listener: string,
  replica = 0,
): Address {
  return {
    host: replicaAddress(replica),
    port: stack.port(service, listener),
    serverName: service,
    root: rootCertificate(stack.pki),
  };
}

/** Certificate and key of an identity of the stack. */
export function identityIn(stack: ProcessStack, name: string) {
  const { cert, key } = clientIdentity(stack.pki, name);
  return { certificate: cert, key };
}

/** An HTTPS request with the operator's certificate. */
export function get(
  stack: ProcessStack,
  service: ServiceName,
  path: string,
  options: Partial<HttpCall> & { listener?: string; replica?: number } = {},
): Promise<HttpResponse> {
  const { listener = "http", replica, ...rest } = options;
  return call(addressIn(stack, service, listener, replica), {
    path,
    identity: identityIn(stack, OPERATOR),
    ...rest,
  });
}

/** Sends a trace of three services to Tempo, as the collector would. */
export async function pushTrace(stack: ProcessStack, run: Run = newRun()): Promise<MadeTrace> {
  const made = makeTrace(run, stack.config.environment, 2);
  await sendTrace(
    { address: addressIn(stack, "tempo", "otlpGrpc"), identity: identityIn(stack, "collector") },
    made,
  );
  return made;
}

/** Span ids (hexadecimal, sorted) that Tempo has of a trace. @throws if it does not have it. */
export async function spansInTempo(stack: ProcessStack, traceId: string): Promise<string[]> {
  const { status, body } = await get(stack, "tempo", `/api/v2/traces/${traceId}`);
  if (status !== 200) throw new Error(`Tempo answered ${status}: ${body}`);
  const { trace } = JSON.parse(body) as {
    trace: { resourceSpans?: { scopeSpans: { spans: { spanId: string }[] }[] }[] };
  };
  const spans = (trace.resourceSpans ?? []).flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap((scope) => scope.spans),
  );
  if (spans.length === 0) throw new Error(`Tempo has no span of ${traceId}`);
  return spans.map(({ spanId }) => Buffer.from(spanId, "base64").toString("hex")).sort();
}

/** Waits until Tempo has every span of a trace. */
export async function expectStored(
  stack: ProcessStack,
  made: MadeTrace,
  timeout = 10_000,
): Promise<void> {
  const wanted = [...made.spanIds].sort();
  await eventually(async () => expect(await spansInTempo(stack, made.traceId)).toEqual(wanted), {
    timeout,
    interval: 100,
  });
}

/** Sends a log line with a trace's id to Loki by OTLP over HTTP, as the collector would. */
export async function pushLog(
  stack: ProcessStack,
  line: string,
  traceId: string,
  attributes: Record<string, string> = { "service.name": "conformance" },
): Promise<void> {
  const keyValues = Object.entries(attributes).map(([key, value]) => ({
    key,
    value: { stringValue: value },
  }));
  const logRecords = [
    {
      timeUnixNano: `${Date.now()}000000`,
      severityText: "INFO",
      severityNumber: 9,
      body: { stringValue: line },
      traceId,
      spanId: traceId.slice(0, 16),
    },
  ];
  const { status, body } = await get(stack, "loki", "/otlp/v1/logs", {
    identity: identityIn(stack, "collector"),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      resourceLogs: [{ resource: { attributes: keyValues }, scopeLogs: [{ logRecords }] }],
    }),
  });
  if (status !== 204 && status !== 200) throw new Error(`Loki answered ${status}: ${body}`);
}

/**
 * Log lines that Loki answers a LogQL query with.
 *
 * @param range further parameters. Default: the last hour.
 */
export async function linesInLoki(
  stack: ProcessStack,
  query: string,
  range: Record<string, string> = { since: "1h" },
): Promise<string[]> {
  const parameters = new URLSearchParams({ query, limit: "5000", ...range });
  const { status, body } = await get(
    stack,
    "loki",
    `/loki/api/v1/query_range?${parameters.toString()}`,
  );
  if (status !== 200) throw new Error(`Loki answered ${status}: ${body}`);
  const { data } = JSON.parse(body) as { data: { result: { values: [string, string][] }[] } };
  return data.result.flatMap(({ values }) => values.map(([, line]) => line));
}
