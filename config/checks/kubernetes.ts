import { isWithin, METADATA_RANGES } from "../addresses";
import type { Problem } from "../parse";
import { sizeText } from "../units";
import type { Check } from "./check";
import { entrances } from "./kubernetes-routes";

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

/** Nothing is opened at which a cloud hands out a node's credentials. */
const egressRanges: Check = ({ kubernetes: { egress } }) =>
  Object.entries(egress).flatMap(([purpose, ranges]) =>
    ranges.flatMap((range, index): Problem[] => {
      const metadata = METADATA_RANGES.find((one) => isWithin(range, one));
      // A cache of names on each node has such an address.
      if (metadata === undefined || purpose === "dns") return [];
      return [
        {
          path: `kubernetes.egress.${purpose}[${index}]`,
          message: `expected another range: in ${metadata} clouds hand out a node's credentials, got "${range}"`,
        },
      ];
    }),
  );

/** What has a meaning on a cluster alone. */
const onlyThere: Check = ({ kubernetes: { routes, loadBalancers } }) =>
  [
    ["routes.grafana.https", routes.grafana.https],
    ["routes.collector.otlpGrpc", routes.collector.otlpGrpc],
    ["routes.collector.otlpHttp", routes.collector.otlpHttp],
    ["loadBalancers.collector", loadBalancers.collector],
    ["loadBalancers.grafana", loadBalancers.grafana],
  ]
    .filter(([, option]) => option !== undefined)
    .map(([path]) => ({
      path: `kubernetes.${path as string}`,
      message: "has a meaning only with target: kubernetes",
    }));

/** What the stack asks of a cluster, where it is to run on one. */
export const onKubernetes: Check = (config, environment) => {
  if (config.target !== "kubernetes") return onlyThere(config, environment);
  return [
    ...ON_DOCKER_ALONE.filter(([path]) => valueAt(config, path) === true).map(
      ([path, why]): Problem => ({ path, message: `expected false on Kubernetes: ${why}` }),
    ),
    ...claims(config, environment),
    ...egressRanges(config, environment),
    ...entrances(config, environment),
  ];
};
