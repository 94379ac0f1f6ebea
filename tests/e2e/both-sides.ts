import type { TestStack } from "./stack";
import { exported } from "./state";

const ON_DAEMON = /^docker:index\/(container|network|volume):/;

/** Ids of what the state has and of what the daemon has, under the stack's label; both sorted. */
export async function bothSides(stack: TestStack) {
  const { resources, pending_operations: pending } = exported(stack).deployment;
  const state = resources.flatMap(({ type, id }) => (ON_DAEMON.test(type) ? [id!] : []));
  const daemon = [
    ...(await stack.containers()).map(({ Id }) => Id),
    ...(await stack.networks()).map(({ Id }) => Id),
    ...(await stack.volumes()).map(({ Name }) => Name),
  ];
  return { state: state.sort(), daemon: daemon.sort(), pending: pending ?? [] };
}
