import { join } from "node:path";
import { VERIFICATION } from "../../components/pki/certificate-spec";
import { call } from "../../components/verification/client";
import { newRun } from "../../components/verification/run";
import { makeTrace, sendTrace } from "../../components/verification/traffic";
import { load, type LoadOptions, type LoadResult } from "../bench/load";
import type { ProcessStack } from "./process-stack";
import { replicaAddress } from "./replicas";
import { addressIn, get, identityIn } from "./requests";

/**
 * Sends OTLP in JSON to the collector, as an application. @throws unless it is taken.
 *
 * @param replica of what takes it, counted from 0.
 */
export async function sendJson(
  stack: ProcessStack,
  signal: "traces" | "logs" | "metrics",
  body: unknown,
  replica = 0,
): Promise<void> {
  const address = { ...addressIn(stack, "collector", "otlpHttp"), host: replicaAddress(replica) };
  const response = await call(address, {
    path: `/v1/${signal}`,
    identity: identityIn(stack, VERIFICATION),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.status !== 200) {
    throw new Error(`the collector answered ${response.status}: ${response.body}`);
  }
}

/** Loads the collector's intake as an application. */
export function loadIntake(
  stack: ProcessStack,
  options: Omit<LoadOptions, "port" | "tls">,
): Promise<LoadResult> {
  const identity = stack.pki.identity(VERIFICATION);
  return load({
    port: stack.port("collector", "otlpGrpc"),
    tls: {
      ca: join(stack.pki.trust, "root.crt"),
      cert: join(identity, "tls.crt"),
      key: join(identity, "tls.key"),
    },
    ...options,
  });
}

/** Sends a trace of several services as an application does. */
export async function sendAsApplication(stack: ProcessStack) {
  const made = makeTrace(newRun(), stack.config.environment, 2);
  await sendTrace(
    {
      address: addressIn(stack, "collector", "otlpGrpc"),
      identity: identityIn(stack, VERIFICATION),
    },
    made,
  );
  return made;
}

/** Spans that Tempo's receiver has handed on since its start. */
export async function spansReceived(stack: ProcessStack): Promise<number> {
  const { body } = await get(stack, "tempo", "/metrics");
  const counter = /^tempo_distributor_spans_received_total(?:\{[^}]*\})? (\S+)$/gm;
  return [...body.matchAll(counter)].reduce((sum, [, value]) => sum + Number(value), 0);
}
