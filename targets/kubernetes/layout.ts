import { containerLayout, portOf } from "../container-layout";
import { REPLICA, type Layout } from "../layout";
import { headlessName, replicaName } from "./cluster";

/**
 * Layout of a pod's container. The kubelet dials health listeners on the pod's address, for the
 * collector's image has nothing that could ask from inside; network policies keep everyone else out.
 */
export const kubernetesLayout = (name: string): Layout => ({
  ...containerLayout(name),
  probeBind: "0.0.0.0",
  containerLogs: "pods",
  // In one pod they share its loopback.
  behind: (listener) => `127.0.0.1:${portOf(name, listener)}`,
  replica: (service, index, listener) =>
    `${replicaName(service, index)}.${headlessName(service)}:${portOf(service, listener)}`,
  replicas: (service, listener) => `${headlessName(service)}:${portOf(service, listener)}`,
  self: (listener) => `$(${REPLICA.name}).${headlessName(name)}:${portOf(name, listener)}`,
  selfAddress: (listener) => `$(${REPLICA.address}):${portOf(name, listener)}`,
});
