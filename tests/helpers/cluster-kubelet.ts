import { stringify } from "yaml";

/** Processes of this machine that stand for those of a pod. */
export interface PodProcesses {
  pod: string;
  namespace: string;
  /** Loopback ports, by the pod's own. */
  ports: Readonly<Record<number, number>>;
}

/** An image with this in its name cannot be had: its pod never comes up. */
export const UNPULLABLE = "cannot-be-pulled";

const document = (kind: string, metadata: object, spec: object) => ({
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind,
  metadata,
  spec,
});

const is = (key: string, operator: "Exists" | "DoesNotExist") => ({ key, operator });

/** Something that becomes of a pod on a node: where `when` holds, this is said of it. */
const stage = (name: string, when: object[], next: object) =>
  document(
    "Stage",
    { name },
    {
      resourceRef: { apiGroup: "v1", kind: "Pod" },
      selector: { matchExpressions: when },
      // A moment, in which a rollout is under way.
      delay: { durationMilliseconds: 200 },
      next,
    },
  );

const LIVES = is(".metadata.deletionTimestamp", "DoesNotExist");
const FRESH = is(".status.startTime", "DoesNotExist");
const unpullable = `.spec.containers.[].image | select(contains("${UNPULLABLE}"))`;

const status = (ready: boolean, phase: string, state: string) => ({
  statusTemplate: `
phase: ${phase}
startTime: {{ Now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace | Quote }}
conditions:
{{ range list "Initialized" "ContainersReady" "Ready" }}
- type: {{ . }}
  status: {{ if eq . "Initialized" }}"True"{{ else }}"${ready ? "True" : "False"}"{{ end }}
  lastTransitionTime: {{ Now | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: ${ready}
  started: ${ready}
  restartCount: 0
  state: ${state}
{{ end }}
`,
});

const STAGES = [
  stage(
    "runs",
    [LIVES, FRESH, is(unpullable, "DoesNotExist")],
    status(true, "Running", "{running: {startedAt: {{ Now | Quote }}}}"),
  ),
  stage(
    "cannot-be-pulled",
    [LIVES, FRESH, is(unpullable, "Exists")],
    status(
      false,
      "Pending",
      '{waiting: {reason: ImagePullBackOff, message: "Back-off pulling the image: not found"}}',
    ),
  ),
  stage("ends", [is(".metadata.deletionTimestamp", "Exists")], {
    finalizers: { empty: true },
    delete: true,
  }),
];

const forward = ({ pod, namespace, ports }: PodProcesses) =>
  document(
    "PortForward",
    { name: pod, namespace },
    {
      forwards: Object.entries(ports).map(([port, local]) => ({
        ports: [Number(port)],
        target: { address: "127.0.0.1", port: local },
      })),
    },
  );

/** What the simulated kubelet says of pods, and where it forwards their ports to. */
export const kubeletConfig = (processes: readonly PodProcesses[]): string =>
  [...STAGES, ...processes.map(forward)].map((one) => stringify(one)).join("---\n");
