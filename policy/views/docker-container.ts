import type { Subject } from "../rule";
import { attempt, known, orEmpty } from "../unknown";
import type { Container, HostPath, Role } from "./container";

/** What of `docker.Container` rules read. */
export interface DockerProps {
  image?: string;
  privileged?: boolean;
  networkMode?: string;
  pidMode?: string;
  ipcMode?: string;
  usernsMode?: string;
  capabilities?: { adds?: string[]; drops?: string[] };
  securityOpts?: string[];
  readOnly?: boolean;
  user?: string;
  memory?: number;
  memorySwap?: number;
  cpus?: string;
  cpuShares?: number;
  devices?: unknown[];
  logDriver?: string;
  logOpts?: Record<string, string>;
  destroyGraceSeconds?: number;
  stopTimeout?: number;
  healthcheck?: { tests?: string[] };
  restart?: string;
  start?: boolean;
  envs?: string[];
  entrypoints?: string[];
  command?: string[];
  labels?: { label: string; value: string }[];
  ports?: { internal: number; external?: number; ip?: string }[];
  mounts?: { type: string; source?: string; readOnly?: boolean }[];
  volumes?: { hostPath?: string; readOnly?: boolean; fromContainer?: string }[];
  uploads?: { file: string; content?: string; contentBase64?: string }[];
}

export const DOCKER_CONTAINER = "docker:index/container:Container";

/** Value of a label; undefined where there is none. */
export const labelOf = ({ labels }: DockerProps, name: string): string | undefined =>
  labels?.find(({ label }) => label === name)?.value;

function variable(entry: string): [name: string, value: string] {
  const [name] = entry.split("=", 1);
  return [name, entry.slice(name.length + 1)];
}

const HOST_MODES = ["networkMode", "pidMode", "ipcMode", "usernsMode"] as const;

class DockerContainer implements Container {
  readonly target = "docker";
  readonly where: string;
  readonly #props: DockerProps;

  constructor({ name, props }: Subject) {
    this.where = `container ${name}`;
    this.#props = props;
  }

  get service() {
    return labelOf(this.#props, "tracekeep.service");
  }

  get role(): Role {
    if (this.#props.start === false) return "writer";
    return this.#props.restart === "no" ? "helper" : "service";
  }

  get image() {
    return this.#props.image ?? "";
  }

  get privileged() {
    return this.#props.privileged === true || (this.#props.devices ?? []).length > 0;
  }

  get hostNamespaces() {
    return HOST_MODES.filter((mode) => attempt(() => this.#props[mode]) === "host");
  }

  get hostPaths(): HostPath[] {
    const mounts = known(this.#props.mounts).flatMap(({ type, source = "", readOnly = false }) =>
      type === "bind" ? [{ path: source, readOnly, own: false }] : [],
    );
    const volumes = known(this.#props.volumes).flatMap(({ hostPath, readOnly = false }) =>
      hostPath ? [{ path: hostPath, readOnly, own: false }] : [],
    );
    return [...mounts, ...volumes];
  }

  get addedCapabilities() {
    return known(this.#props.capabilities?.adds);
  }

  get dropsAllCapabilities() {
    return (this.#props.capabilities?.drops ?? []).some((name) => /^(CAP_)?ALL$/i.test(name));
  }

  get readOnlyRoot() {
    return this.#props.readOnly === true;
  }

  get noNewPrivileges() {
    return (this.#props.securityOpts ?? []).some((option) =>
      /^no-new-privileges([:=]true)?$/.test(option),
    );
  }

  get confined() {
    return !known(this.#props.securityOpts).some((option) =>
      /^(seccomp|apparmor|label)[:=](unconfined|disable)/.test(option),
    );
  }

  get root() {
    return /^(root|0*)(:|$)/.test(this.#props.user ?? "");
  }

  get memoryLimited() {
    // Swap beside it would be memory without a limit.
    const { memory = 0, memorySwap } = this.#props;
    return memory > 0 && memorySwap === memory;
  }

  get cpuLimited() {
    return Number(this.#props.cpus ?? 0) > 0;
  }

  get stopGrace() {
    // Without the first the provider kills at once, without the second Docker does after 10 s.
    const { destroyGraceSeconds, stopTimeout } = this.#props;
    return destroyGraceSeconds === undefined || stopTimeout === undefined
      ? undefined
      : Math.min(destroyGraceSeconds, stopTimeout);
  }

  get probed() {
    const tests = this.#props.healthcheck?.tests ?? [];
    return tests.length > 0 && tests[0] !== "NONE";
  }

  get restarted() {
    return ["unless-stopped", "always"].includes(this.#props.restart ?? "no");
  }

  get environment() {
    return known(this.#props.envs).map(variable);
  }

  get wholeEnvironment() {
    return new Map((this.#props.envs ?? []).map(variable));
  }

  get commandLines() {
    const props = this.#props;
    return [
      [...orEmpty(() => props.entrypoints), ...orEmpty(() => props.command)],
      orEmpty(() => props.healthcheck?.tests),
    ];
  }

  get wholeCommandLine() {
    return [...(this.#props.entrypoints ?? []), ...(this.#props.command ?? [])];
  }
}

/** The container that a resource is. */
export const dockerContainers = (subject: Subject): Container[] =>
  subject.type === DOCKER_CONTAINER ? [new DockerContainer(subject)] : [];

/** A container of Docker with what no other target has. */
export interface DockerPart {
  where: string;
  role: Role;
  props: DockerProps;
}

export const dockerPartsOf = (subject: Subject): DockerPart[] =>
  dockerContainers(subject).map(({ where, role }) => ({ where, role, props: subject.props }));
