import type { input as inputs } from "@pulumi/kubernetes/types";
import type { Workload } from "../workload";
import { labelsOf, placementOf, selectorOf, type Cluster } from "./cluster";
import { accountName } from "./accounts";
import { apiMounts, apiVolumes } from "./api-access";
import { nodeMounts, nodeVolumes } from "./node-volumes";
import { mountsBeside, mountsOf, volumesOf, type MountedNames } from "./volumes";

type Container = inputs.core.v1.Container;
type Probe = inputs.core.v1.Probe;

const MI = 2 ** 20;

/** Listener names as a port may be called: lower case, at most 15 characters. */
export const portName = (listener: string): string =>
  listener
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .slice(0, 15);

/** How the kubelet asks: by dialling the pod where it can, else by a command inside. */
function handlerOf({ probe, dialledProbe }: Workload): Probe | undefined {
  if (dialledProbe?.kind === "https") {
    const { listener, path } = dialledProbe;
    return { httpGet: { scheme: "HTTPS", port: portName(listener), path } };
  }
  if (dialledProbe?.kind === "http") {
    return { httpGet: { port: dialledProbe.port, path: dialledProbe.path } };
  }
  if (dialledProbe?.kind === "tcp") return { tcpSocket: { port: portName(dialledProbe.listener) } };
  return probe.kind === "exec" ? { exec: { command: probe.command } } : undefined;
}

/**
 * The three probes. A start may take five minutes, for a log of writes that is played back; an
 * answer that is missing takes the pod out of its Service after 30 s and restarts it after 5 min:
 * what it waits for is more often its neighbour's trouble than its own.
 */
function probesOf(workload: Workload) {
  const handler = handlerOf(workload);
  if (handler === undefined) return {};
  return {
    startupProbe: { ...handler, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 60 },
    readinessProbe: { ...handler, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...handler, periodSeconds: 30, timeoutSeconds: 5, failureThreshold: 10 },
  };
}

/** What a replica is told of itself and of where it is. */
function replicaVariables({
  replicaNameVariable,
  replicaAddressVariable,
  hostNameVariable,
}: Workload) {
  const variable = (name: string | undefined, fieldPath: string) =>
    name === undefined ? [] : [{ name, valueFrom: { fieldRef: { fieldPath } } }];
  return [
    ...variable(replicaNameVariable, "metadata.name"),
    ...variable(replicaAddressVariable, "status.podIP"),
    ...variable(hostNameVariable, "spec.nodeName"),
  ];
}

function containerOf(
  { pull }: Cluster,
  workload: Workload,
  volumeMounts: Container["volumeMounts"],
): Container {
  const { name, image, entrypoint, args, env, limits, ports, linger = 0 } = workload;
  return {
    name,
    image,
    imagePullPolicy: pull ? "IfNotPresent" : "Never",
    ...(entrypoint && { command: entrypoint }),
    args,
    env: [
      ...replicaVariables(workload),
      ...Object.entries(env)
        .map(([variable, value]) => ({ name: variable, value }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ],
    ports: ports.map(({ name: listener, number }) => ({
      name: portName(listener),
      containerPort: number,
      protocol: "TCP",
    })),
    resources: {
      requests: {
        cpu: `${Math.ceil(limits.cpus * 250)}m`,
        memory: `${Math.floor(limits.memoryReservation / MI)}Mi`,
        "ephemeral-storage": "64Mi",
      },
      limits: {
        cpu: `${Math.ceil(limits.cpus * 1000)}m`,
        memory: `${Math.floor(limits.memory / MI)}Mi`,
        "ephemeral-storage": "256Mi",
      },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      privileged: false,
      readOnlyRootFilesystem: true,
    },
    volumeMounts,
    ...(linger > 0 && { lifecycle: { preStop: { sleep: { seconds: linger } } } }),
    ...probesOf(workload),
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

/** Labels of nodes by which replicas are kept apart. */
const SPREAD_OVER = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"];

/** Where a pod that lives beside the others looks for their short names too. */
const searchingIn = ({ main, options }: Cluster) => ({
  dnsConfig: { searches: [`${main}.svc.${options.clusterDomain}`] },
});

/** The pod of a Workload, fit for Pod Security's `restricted` unless it sees its node. */
export function podOf(
  cluster: Cluster,
  workload: Workload,
  names: MountedNames,
): inputs.core.v1.PodTemplateSpec {
  const { name, user, stopGrace, linger = 0, beside = [] } = workload;
  const { priorityClass } = cluster.options;
  const { nodeSelector, tolerations } = placementOf(cluster, name);
  const labels = labelsOf(cluster, name);
  const account = accountName(workload);
  return {
    metadata: { labels, ...(names.readOnce && { annotations: names.readOnce }) },
    spec: {
      containers: [
        containerOf(cluster, workload, [
          ...mountsOf(workload),
          ...nodeMounts(workload),
          ...apiMounts(workload),
        ]),
        ...beside.map((other) => containerOf(cluster, other, mountsBeside(other, workload))),
      ],
      volumes: [
        ...volumesOf(workload, names),
        ...nodeVolumes(cluster, workload),
        ...apiVolumes(workload),
      ],
      securityContext: {
        runAsNonRoot: user.uid !== 0,
        runAsUser: user.uid,
        runAsGroup: user.gid,
        // Key files and a fresh volume are readable and writable by this group.
        fsGroup: user.uid,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(account !== undefined && { serviceAccountName: account }),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(cluster.namespace !== cluster.main && searchingIn(cluster)),
      // The kubelet counts from the moment at which the pod is to end.
      terminationGracePeriodSeconds: linger + stopGrace,
      ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
      ...(tolerations.length > 0 && { tolerations }),
      ...(priorityClass !== undefined && { priorityClassName: priorityClass }),
      // Apart where it can be: a stack on one node is still a stack.
      ...((workload.replicas ?? 1) > 1 && {
        topologySpreadConstraints: SPREAD_OVER.map((topologyKey) => ({
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: { matchLabels: selectorOf(cluster, name) },
        })),
      }),
    },
  };
}
