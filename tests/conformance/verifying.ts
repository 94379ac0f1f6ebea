import { formatHop } from "../../components/verification/report";
import type { HopResult } from "../../components/verification/hop";
import { parseConfig, type StackConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import type { ProcessStack } from "../helpers/process-stack";
import { targetOf } from "../helpers/verification-target";
import { verifyApart } from "../helpers/verify-apart";

/** Tempo's search leaves out the last 30 s: a whole verification takes about that long. */
export const TIMEOUT = 300_000;
const OPTIONAL = ["grafana", "jaeger", "qdrant", "alertmanager"] as const;

/** A stack of these services alone. */
export function configFor(services: readonly ServiceName[]): StackConfig {
  const off = OPTIONAL.filter((service) => !services.includes(service));
  return parseConfig(
    {
      ...Object.fromEntries(off.map((service) => [service, { enabled: false }])),
      tuning: { prometheus: { scrapeInterval: "2s" } },
    },
    { stack: "dev", environment: {} },
  );
}

/** Verifies a stack in a process of its own. */
export async function check(
  stack: ProcessStack,
  services: readonly ServiceName[],
  seconds: number,
) {
  const target = targetOf(stack, services, seconds);
  const logs = Object.fromEntries(
    services.map((service) => [service, stack.process(service).options.log]),
  );
  return { target, results: await verifyApart({ target, logs }) };
}

/** Ids of the hops with a status. */
export const of = (results: readonly HopResult[], status: HopResult["status"]) =>
  results.filter((result) => result.status === status).map(({ id }) => id);

/** Hops as they are printed. */
export const lines = (results: readonly HopResult[]) => results.map(formatHop).join("\n");
