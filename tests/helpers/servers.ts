import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Programs that the tests run, by name, with the file names that each is known under. */
const FILE_NAMES = {
  tempo: ["tempo"],
  collector: ["otelcol-contrib"],
  "collector-gateway": ["otelcol-contrib"],
  "log-agent": ["otelcol-contrib"],
  "collector-before": ["otelcol-contrib-before"],
  prometheus: ["prometheus"],
  loki: ["loki"],
  "loki-before": ["loki-before"],
  grafana: ["grafana"],
  jaeger: ["jaeger"],
  qdrant: ["qdrant"],
  // Debian names it after its package.
  alertmanager: ["alertmanager", "prometheus-alertmanager"],
  promtool: ["promtool"],
  amtool: ["amtool"],
  versitygw: ["versitygw"],
  telemetrygen: ["telemetrygen"],
  wget: ["wget"],
  haproxy: ["haproxy"],
  busybox: ["busybox"],
  bash: ["bash"],
  sshd: ["sshd"],
  etcd: ["etcd"],
  "docker-registry": ["docker-registry"],
  skopeo: ["skopeo"],
  "kube-apiserver": ["kube-apiserver"],
  "kube-controller-manager": ["kube-controller-manager"],
  "kube-scheduler": ["kube-scheduler"],
  kwok: ["kwok"],
  kubelet: ["kubelet"],
  "kube-proxy": ["kube-proxy"],
  coredns: ["coredns"],
  containerd: ["containerd"],
  "kube-score": ["kube-score"],
  kubeconform: ["kubeconform"],
  checkov: ["checkov"],
  "gateway-crds": ["gateway-crds"],
} as const;

export type Program = keyof typeof FILE_NAMES;

/** Where `tests/servers/build.sh` puts the pinned programs. */
function builtPrograms(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(process.env.TRACEKEEP_CACHE ?? join(cache, "tracekeep"), "servers", "bin");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Path of a program: the pinned one that `tests/servers/build.sh` built, else that of `PATH`. */
export function findProgram(program: Program): string | undefined {
  const directories = [builtPrograms(), ...(process.env.PATH ?? "").split(delimiter)];
  return FILE_NAMES[program]
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find(isExecutable);
}

/** Program of a container's command, such as `/usr/bin/loki`; undefined if the tests know none. */
export function programOf(command: string): Program | undefined {
  const name = command.split("/").at(-1) ?? "";
  return (Object.keys(FILE_NAMES) as Program[]).find((program) =>
    (FILE_NAMES[program] as readonly string[]).includes(name),
  );
}

/** @throws if it is not on this machine; tests ask `describeWith` first. */
export function programPath(program: Program): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`no program ${FILE_NAMES[program][0]}: ${howToGet}`);
  return path;
}

export const howToGet = "put it on PATH or build it with tests/servers/build.sh";
