import type { Problem } from "../parse";
import type { Check } from "./check";

/** A list of no port would open every port. */
export const apiPorts: Check = ({ kubernetes: { api } }) =>
  api.ports.length > 0
    ? []
    : [{ path: "kubernetes.api.ports", message: "expected at least one port" }];

/**
 * What the stack runs is scraped by jobs of its own, and opens its ports to these alone. Its second
 * namespace is made for the log agent, with no rights in it.
 */
export const foreignPods: Check = ({ kubernetes, namePrefix }) => {
  const own = kubernetes.namespace ?? namePrefix;
  const nodes = `${own}-nodes`;
  const refused = { attributes: [nodes], podMetrics: [own, nodes] };
  return Object.entries(refused).flatMap(([option, names]) =>
    kubernetes[option as keyof typeof refused].namespaces.flatMap((name, index): Problem[] =>
      names.includes(name)
        ? [
            {
              path: `kubernetes.${option}.namespaces[${index}]`,
              message: `expected another namespace: "${name}" is the stack's own`,
            },
          ]
        : [],
    ),
  );
};
