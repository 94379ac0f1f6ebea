import { gatewayReplicas } from "../capacity";
import { CAN } from "../targets";
import { ONE_REPLICA } from "../schema/replicas";
import type { Problem } from "../parse";
import type { Check } from "./check";

const GATEWAY = "collector-gateway";

/** Replicas only where they work. */
export const replicasWork: Check = ({ replicas, target, grafana }) =>
  Object.entries(replicas as Record<string, number | undefined>)
    .filter(([service]) => service !== GATEWAY)
    .flatMap(([service, count = 1]): Problem[] => {
      if (count === 1) return [];
      const path = `replicas.${service}`;
      const why = ONE_REPLICA[service as keyof typeof ONE_REPLICA] as string | undefined;
      if (why !== undefined) return [{ path, message: `expected 1, got ${count}: ${why}` }];
      if (service === "grafana" && grafana.database === undefined) {
        const message = `expected 1 without \`grafana.database\`, got ${count}: each would have users, sessions and dashboards of its own`;
        return [{ path, message }];
      }
      if (CAN[target].replicate) return [];
      return [{ path, message: `expected 1 on a single host, got ${count}` }];
    });

/** What is said of the gateway is said of a collector of two tiers, and agrees. */
export const gatewayRuns: Check = ({ replicas, kubernetes: { autoscale } }) => {
  const scaled = autoscale[GATEWAY];
  const stated = [
    [`replicas.${GATEWAY}`, replicas[GATEWAY]],
    [`kubernetes.autoscale.${GATEWAY}`, scaled],
  ] as const;
  if (replicas.collector === 1) {
    return stated
      .filter(([, value]) => value !== undefined)
      .map(([path]) => ({
        path,
        message: "has a meaning only with replicas.collector above 1: one collector has no gateway",
      }));
  }
  const least = gatewayReplicas(replicas);
  if (scaled === undefined || scaled.most > least) return [];
  return [
    {
      path: `kubernetes.autoscale.${GATEWAY}.most`,
      message: `expected more than ${least} (replicas.${GATEWAY}), got ${scaled.most}`,
    },
  ];
};
