import { parse, stringify } from "yaml";
import { parseConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import type { Shape } from "../bench/otlp";
import { editFiles, startStack, type Mutation, type ProcessStack } from "../helpers/process-stack";

/** Seconds of what was acknowledged that a kill of Tempo may cost: see `docs/durability.md`. */
export const TEMPO_BOUND = 5;

/** The same of a kill of the collector that samples: it decides once a second. */
export const decisionBound = (decisionWait: number) => decisionWait + 1.5;

/** Traces of which sampling keeps every one. */
export const KEPT: Shape = {
  spansPerTrace: 50,
  spansPerRequest: 50,
  attributes: "few",
  failed: true,
};

export const sleep = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

/** A mutation of a service's own document. */
export const editDocument = <T>(service: ServiceName, edit: (document: T) => void): Mutation =>
  editFiles(service, ({ path, content }) => {
    if (!/\.ya?ml$/.test(path)) return { path, content };
    const document = parse(content) as T;
    edit(document);
    return { path, content: stringify(document, { aliasDuplicateObjects: false }) };
  });

/** Reading by id in two steps instead of fifty: it is asked for some ten thousand traces. */
const readsFast = editDocument<{ query_frontend: Record<string, unknown> }>("tempo", (document) => {
  document.query_frontend.trace_by_id = { query_shards: 2 };
});

/** A stack that carries the load of these tests, with what differs from a stack of development. */
export function startForFaults(
  services: readonly ServiceName[],
  options: Record<string, unknown> = {},
  mutate: Mutation = (workload) => workload,
): Promise<ProcessStack> {
  return startStack({
    config: parseConfig(
      { jaeger: { enabled: false }, capacity: { spansPerSecond: 10_000 }, ...options },
      { stack: "dev", environment: {} },
    ),
    services,
    mutate: (workload, places) => mutate(readsFast(workload, places), places),
  });
}

/** Kills services with nothing under way in them: all of them at once. */
export const killAll = (stack: ProcessStack, services: readonly ServiceName[]) =>
  Promise.all(services.map((service) => stack.kill(service)));

export const restartAll = (stack: ProcessStack, services: readonly ServiceName[]) =>
  Promise.all(services.map((service) => stack.restart(service)));
