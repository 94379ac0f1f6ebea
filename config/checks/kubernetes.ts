import type { Problem } from "../parse";
import { sizeText } from "../units";
import type { Check } from "./check";

/** What a pod has no counterpart of. */
const ON_DOCKER_ALONE = [
  ["intake.plaintext.enabled", "there is no loopback of a host that clients share"],
  ["intake.jaeger.enabled", "there is no loopback of a host that clients share"],
  ["intake.zipkin.enabled", "there is no loopback of a host that clients share"],
  ["containerLogs.enabled", "the containers' logs are on the nodes, which the stack does not read"],
] as const;

const valueAt = (config: object, path: string): unknown =>
  path.split(".").reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], config);

/** A claim holds what the options let its service keep, with a tenth of room. */
const claims: Check = ({ kubernetes: { volumes }, retention }) => {
  const least = retention.metrics.size + Math.ceil(retention.metrics.size / 10);
  if (volumes.prometheus >= least) return [];
  return [
    {
      path: "kubernetes.volumes.prometheus",
      message: `expected at least ${sizeText(least)}, for retention.metrics.size and a tenth of room, got ${sizeText(volumes.prometheus)}`,
    },
  ];
};

/** What the stack asks of a cluster, where it is to run on one. */
export const onKubernetes: Check = (config, environment) => {
  if (config.target !== "kubernetes") return [];
  return [
    ...ON_DOCKER_ALONE.filter(([path]) => valueAt(config, path) === true).map(
      ([path, why]): Problem => ({ path, message: `expected false on Kubernetes: ${why}` }),
    ),
    ...claims(config, environment),
  ];
};
