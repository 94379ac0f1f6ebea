import type { Subject } from "../rule";
import { attempt, known, orEmpty } from "../unknown";
import type { Container, HostPath, Role } from "./container";
import { kindOf, NAME_LABEL, type Metadata } from "./kubernetes";

interface SecurityContext {
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  readOnlyRootFilesystem?: boolean;
  runAsNonRoot?: boolean;
  runAsUser?: number;
  capabilities?: { add?: string[]; drop?: string[] };
  seccompProfile?: { type?: string };
}

interface Handler {
  exec?: { command?: string[] };
}

interface ContainerProps {
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string }[];
  securityContext?: SecurityContext;
  resources?: { limits?: Record<string, string> };
  readinessProbe?: Handler;
  livenessProbe?: Handler;
  startupProbe?: Handler;
  volumeMounts?: { name: string; readOnly?: boolean }[];
  ports?: { containerPort: number; hostPort?: number }[];
}

interface VolumeProps {
  name: string;
  hostPath?: { path: string };
  secret?: { defaultMode?: number };
}

export interface PodSpec {
  containers?: ContainerProps[];
  initContainers?: ContainerProps[];
  ephemeralContainers?: ContainerProps[];
  volumes?: VolumeProps[];
  securityContext?: SecurityContext;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  restartPolicy?: string;
  terminationGracePeriodSeconds?: number;
}

/** What a controller makes pods of. */
export interface Pod {
  where: string;
  /** Of the resource. */
  name: string;
  kind: string;
  /** Default: the name's. */
  namespace: string | undefined;
  metadata: Metadata;
  spec: PodSpec;
  replicas: number;
}

const CONTROLLERS = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"];

interface Template {
  metadata?: Metadata;
  spec?: PodSpec;
}

function templateOf(kind: string, props: Record<string, unknown>): Template | undefined {
  if (kind === "Pod") return props;
  const spec = props.spec as
    { template?: Template; jobTemplate?: { spec?: { template?: Template } } } | undefined;
  if (kind === "CronJob") return spec?.jobTemplate?.spec?.template;
  return CONTROLLERS.includes(kind) ? spec?.template : undefined;
}

/** The pods that a resource is, or makes. */
export function podsOf(subject: Subject): Pod[] {
  const kind = kindOf(subject);
  const template = kind && templateOf(kind, subject.props);
  if (!template) return [];
  const { metadata, spec } = subject.props as { metadata?: Metadata; spec?: { replicas?: number } };
  return [
    {
      where: `${kind.toLowerCase()} ${subject.name}`,
      name: subject.name,
      kind,
      get namespace() {
        return metadata?.namespace;
      },
      get metadata() {
        return template.metadata ?? {};
      },
      get spec() {
        return template.spec ?? {};
      },
      get replicas() {
        return spec?.replicas ?? 1;
      },
    },
  ];
}

const HOST_NAMESPACES = ["hostNetwork", "hostPID", "hostIPC"] as const;

const PROBES = ["readinessProbe", "livenessProbe", "startupProbe"] as const;

/** A variable whose value stands in the pod itself. */
const pairOf = ({ name, value }: { name: string; value?: string }): [string, string][] =>
  value === undefined ? [] : [[name, value]];

class PodContainer implements Container {
  readonly target = "kubernetes";

  constructor(
    readonly where: string,
    readonly role: Role,
    private readonly pod: Pod,
    private readonly props: ContainerProps,
  ) {}

  /** What is said of this container, else of all in the pod. */
  #context<K extends keyof SecurityContext>(key: K): SecurityContext[K] {
    return this.props.securityContext?.[key] ?? this.pod.spec.securityContext?.[key];
  }

  get service() {
    return this.pod.metadata.labels?.[NAME_LABEL];
  }

  get image() {
    return this.props.image ?? "";
  }

  get privileged() {
    return this.props.securityContext?.privileged === true;
  }

  get hostNamespaces() {
    return HOST_NAMESPACES.filter((name) => attempt(() => this.pod.spec[name]) === true);
  }

  get hostPaths(): HostPath[] {
    const mounts = known(this.props.volumeMounts);
    return known(this.pod.spec.volumes).flatMap(({ name, hostPath }) => {
      if (hostPath === undefined) return [];
      const mount = mounts.find((one) => one.name === name);
      if (mount === undefined) return [];
      const own = hostPath.path === `/var/lib/${this.pod.namespace}/${this.service}`;
      return [{ path: hostPath.path, readOnly: mount.readOnly === true, own }];
    });
  }

  get addedCapabilities() {
    return known(this.props.securityContext?.capabilities?.add);
  }

  get dropsAllCapabilities() {
    return (this.props.securityContext?.capabilities?.drop ?? []).includes("ALL");
  }

  get readOnlyRoot() {
    return this.props.securityContext?.readOnlyRootFilesystem === true;
  }

  get noNewPrivileges() {
    return this.props.securityContext?.allowPrivilegeEscalation === false;
  }

  get confined() {
    return ["RuntimeDefault", "Localhost"].includes(this.#context("seccompProfile")?.type ?? "");
  }

  get root() {
    return this.#context("runAsNonRoot") !== true || this.#context("runAsUser") === 0;
  }

  get memoryLimited() {
    return this.props.resources?.limits?.memory !== undefined;
  }

  get cpuLimited() {
    return this.props.resources?.limits?.cpu !== undefined;
  }

  get stopGrace() {
    return this.pod.spec.terminationGracePeriodSeconds;
  }

  get probed() {
    return this.props.readinessProbe !== undefined;
  }

  get restarted() {
    return (this.pod.spec.restartPolicy ?? "Always") === "Always";
  }

  get environment() {
    return known(this.props.env).flatMap(
      (variable) => attempt((): [string, string][] => pairOf(variable)) ?? [],
    );
  }

  get wholeEnvironment() {
    return new Map((this.props.env ?? []).flatMap(pairOf));
  }

  get commandLines() {
    const { props } = this;
    return [
      [...orEmpty(() => props.command), ...orEmpty(() => props.args)],
      ...PROBES.map((probe) => orEmpty(() => props[probe]?.exec?.command)),
    ];
  }

  get wholeCommandLine() {
    return [...(this.props.command ?? []), ...(this.props.args ?? [])];
  }
}

/** The containers of the pods that a resource is, or makes. */
export const podContainers = (subject: Subject): Container[] =>
  podsOf(subject).flatMap((pod) => {
    const role = ["Job", "CronJob"].includes(pod.kind) ? "helper" : "service";
    const all = (
      [
        ["containers", role],
        ["initContainers", "helper"],
        ["ephemeralContainers", "helper"],
      ] as const
    ).flatMap(([list, of]) =>
      known(attempt(() => pod.spec[list])).map((props, index) => ({ list, of, props, index })),
    );
    return all.map(({ list, of, props, index }) => {
      const where =
        index === 0 && list === "containers" ? pod.where : `${pod.where}, ${list}[${index}]`;
      return new PodContainer(where, of, pod, props);
    });
  });
