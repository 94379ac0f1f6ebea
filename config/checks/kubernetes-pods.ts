import type { Problem } from "../parse";
import type { Check } from "./check";

/** A list of no port would open every port. */
export const apiPorts: Check = ({ kubernetes: { api } }) =>
  api.ports.length > 0
    ? []
    : [{ path: "kubernetes.api.ports", message: "expected at least one port" }];

/** What the stack runs is scraped by jobs of its own, and opens its ports to these alone. */
export const foreignPods: Check = ({ kubernetes: { namespace, podMetrics }, namePrefix }) =>
  podMetrics.namespaces.flatMap((name, index): Problem[] => {
    const own = namespace ?? namePrefix;
    return name === own || name === `${own}-nodes`
      ? [
          {
            path: `kubernetes.podMetrics.namespaces[${index}]`,
            message: `expected another namespace: "${name}" is the stack's own`,
          },
        ]
      : [];
  });
