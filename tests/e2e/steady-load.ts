/**
 * A sender that behaves well, and a reader, in a process that is started in another network. It sends
 * until it is told to end (SIGTERM), reads what was acknowledged back, and prints its figures as JSON.
 */
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { call, type Address, type Identity } from "../../components/verification/client";
import type { Target } from "../helpers/hostile/dial";
import { SteadySender, type Record } from "../helpers/hostile/steady-sender";

export interface SteadyInput {
  grpc: Target;
  http: Target;
  tempo: Address;
  identity: Identity;
}

export type SteadyFigures = Omit<Record, "acknowledged" | "latencies"> & {
  acknowledged: number;
  /** Acknowledged, and not found. */
  lost: number;
  /** Milliseconds that one request took at most, repetitions and all. */
  slowest: number;
};

async function missingOf(ids: readonly string[], { tempo, identity }: SteadyInput) {
  let missing = [...ids];
  for (const end = Date.now() + 60_000; missing.length > 0 && Date.now() < end;) {
    const still: string[] = [];
    for (const id of missing) {
      const { status } = await call(tempo, { path: `/api/v2/traces/${id}`, identity });
      if (status !== 200) still.push(id);
    }
    missing = still;
    if (missing.length > 0) await setTimeout(1000);
  }
  return missing;
}

async function main(): Promise<void> {
  const input = (await json(process.stdin)) as SteadyInput;
  const sender = new SteadySender(input.grpc, input.http);
  await once(process, "SIGTERM");
  await sender.stop();
  const { acknowledged, repeated, failed, latencies } = sender.record;
  const { length: lost } = await missingOf(acknowledged, input);
  const figures: SteadyFigures = {
    ...{ acknowledged: acknowledged.length, repeated, failed, lost },
    slowest: Math.round(Math.max(...latencies)),
  };
  process.stdout.write(JSON.stringify(figures));
}

void main();
