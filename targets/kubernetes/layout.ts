import { containerLayout } from "../container-layout";
import type { Layout } from "../layout";

/**
 * Layout of a pod's container. The kubelet dials health listeners on the pod's address, for the
 * collector's image has nothing that could ask from inside; network policies keep everyone else out.
 */
export const kubernetesLayout = (name: string): Layout => ({
  ...containerLayout(name),
  probeBind: "0.0.0.0",
});
