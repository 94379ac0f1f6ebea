import { ONE_REPLICA } from "../schema/replicas";
import type { Problem } from "../parse";
import type { Check } from "./check";

/** Replicas only where they work. */
export const replicasWork: Check = ({ replicas, target }) =>
  Object.entries(replicas)
    .filter(([, count]) => count > 1)
    .flatMap(([service, count]): Problem[] => {
      const path = `replicas.${service}`;
      const why = ONE_REPLICA[service as keyof typeof ONE_REPLICA] as string | undefined;
      if (why !== undefined) return [{ path, message: `expected 1, got ${count}: ${why}` }];
      if (target === "kubernetes") return [];
      return [{ path, message: `expected 1 on a single host, got ${count}` }];
    });
