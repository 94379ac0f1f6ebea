import * as lifecycle from "../../../policy/rules/lifecycle";
import * as privileges from "../../../policy/rules/privileges";
import type { Subject } from "../../../policy/rule";
import {
  changed,
  dockerHelper,
  dockerService,
  files,
  inContainer,
  inPod,
  statefulSet,
} from "../subjects";
import type { Case } from "./case";

const both = [dockerService, statefulSet];
const writer = files("tempo", "tempo.yaml", "target: all\n").docker;

const named = (from: Subject, service: string): Subject =>
  from.type.startsWith("docker:")
    ? changed(from, "labels.0.value", service)
    : changed(from, "spec.template.metadata.labels", { "app.kubernetes.io/name": service });

const docker = (path: string, ...value: unknown[]) => changed(dockerService, path, ...value);
const container = (path: string, ...value: unknown[]) => inContainer(statefulSet, path, ...value);
const pod = (path: string, ...value: unknown[]) => inPod(statefulSet, path, ...value);

/** A directory of the host in a pod, and where its container sees it. */
const hostPath = (path: string, readOnly: boolean) =>
  inContainer(pod("volumes", [{ name: "host", hostPath: { path } }]), "volumeMounts", [
    { name: "host", mountPath: "/host", readOnly },
  ]);
const bind = (source: string, readOnly: boolean) =>
  docker("mounts", [{ type: "bind", source, target: "/host", readOnly }]);
const LOGS = "/var/lib/docker/containers";

/** The pod's container once more, as one that runs before it, with something else about it. */
const beside = (list: string, path: string, ...value: unknown[]) => {
  const { containers } = (
    statefulSet.props.spec as { template: { spec: { containers: object[] } } }
  ).template.spec;
  return changed(pod(list, containers), `spec.template.spec.${list}.0.${path}`, ...value);
};

export const PRIVILEGES: Case[] = [
  {
    rule: privileges.privileged,
    passing: [...both, dockerHelper, writer],
    failing: {
      "on Docker": docker("privileged", true),
      "a writer": changed(writer, "privileged", true),
      "a device": docker("devices", [{ hostPath: "/dev/kmsg" }]),
      "in a pod": container("securityContext.privileged", true),
      "before the pod's container": beside("initContainers", "securityContext.privileged", true),
      "thrown in later": beside("ephemeralContainers", "securityContext.privileged", true),
      ...Object.fromEntries(
        ["Deployment", "DaemonSet", "ReplicaSet", "Job"].map((kind) => [
          `in a ${kind}`,
          { ...container("securityContext.privileged", true), type: `kubernetes:any/v1:${kind}` },
        ]),
      ),
      "the second of two": pod("containers.1", { securityContext: { privileged: true } }),
    },
    says: {
      "in a pod": ["statefulset tempo"],
      "the second of two": ["statefulset tempo, containers[1]"],
      "before the pod's container": ["statefulset tempo, initContainers[0]"],
    },
  },
  {
    rule: privileges.hostNetwork,
    passing: [...both, docker("pidMode", "host"), pod("hostPID", true)],
    failing: { "on Docker": docker("networkMode", "host"), "in a pod": pod("hostNetwork", true) },
  },
  {
    rule: privileges.hostProcesses,
    passing: [...both, docker("networkMode", "host"), pod("hostNetwork", true)],
    failing: {
      processes: docker("pidMode", "host"),
      memory: docker("ipcMode", "host"),
      users: docker("usernsMode", "host"),
      "a pod's processes": pod("hostPID", true),
      "a pod's memory": pod("hostIPC", true),
    },
  },
  {
    rule: privileges.runtimeSocket,
    passing: [...both, bind(LOGS, true), hostPath(LOGS, true)],
    failing: {
      mounted: bind("/var/run/docker.sock", true),
      "as a volume": docker("volumes", [{ hostPath: "/run/docker.sock" }]),
      "its directory": bind("/var/run/", true),
      "its directory by another name": bind("/run", true),
      "what is around it": bind("/var", true),
      everything: bind("/", true),
      "a pod's": hostPath("/run/containerd/containerd.sock", true),
    },
  },
  {
    rule: privileges.hostDirectories,
    passing: [
      ...both,
      named(bind(LOGS, true), "log-agent"),
      named(hostPath(LOGS, true), "log-agent"),
      named(hostPath("/var/lib/tracekeep-prod/log-agent", false), "log-agent"),
    ],
    failing: {
      "another service": bind(LOGS, true),
      "nothing said": named(
        docker("mounts", [{ type: "bind", source: LOGS, target: "/host" }]),
        "log-agent",
      ),
      "another pod": hostPath(LOGS, true),
      "a volume": docker("volumes", [{ hostPath: "/srv", readOnly: true }]),
      "to write": named(bind(LOGS, false), "log-agent"),
      "to write in a pod": named(hostPath(LOGS, false), "log-agent"),
      "to write what is another's": named(
        hostPath("/var/lib/tracekeep-prod/tempo", false),
        "log-agent",
      ),
      "its own, of a service that is not named": hostPath("/var/lib/tracekeep-prod/tempo", false),
      "one of two to write": named(
        changed(bind(LOGS, true), "volumes", [{ hostPath: "/srv" }]),
        "log-agent",
      ),
      "a volume to write": named(docker("volumes", [{ hostPath: "/srv" }]), "log-agent"),
    },
    allowed: [[{ services: ["tempo"] }, bind("/srv", true)]],
  },
  {
    rule: privileges.addedCapabilities,
    passing: [
      ...both,
      dockerHelper,
      beside("initContainers", "securityContext.capabilities.add", ["CAP_CHOWN"]),
      beside("ephemeralContainers", "securityContext.capabilities.add", ["CAP_CHOWN"]),
    ],
    failing: {
      "of a service": docker("capabilities", { adds: ["CAP_CHOWN"], drops: ["ALL"] }),
      "another of a helper": changed(dockerHelper, "capabilities.adds", ["CAP_SYS_ADMIN"]),
      "one of two": changed(dockerHelper, "capabilities.adds", ["CAP_CHOWN", "CAP_NET_RAW"]),
      "in a pod": container("securityContext.capabilities.add", ["NET_BIND_SERVICE"]),
    },
    allowed: [
      [{ helpers: ["CAP_FOWNER"] }, changed(dockerHelper, "capabilities.adds", ["CAP_FOWNER"])],
    ],
  },
  {
    rule: privileges.droppedCapabilities,
    passing: [...both, dockerHelper, docker("capabilities.drops", ["CAP_ALL"])],
    failing: {
      none: docker("capabilities"),
      "one alone": docker("capabilities.drops", ["CAP_NET_RAW"]),
      "none in a pod": container("securityContext.capabilities"),
      "one alone in a pod": container("securityContext.capabilities.drop", ["NET_RAW"]),
    },
  },
  {
    rule: privileges.newPrivileges,
    passing: [...both, docker("securityOpts", ["no-new-privileges"])],
    failing: {
      "nothing said": docker("securityOpts"),
      "switched off": docker("securityOpts", ["no-new-privileges:false"]),
      "nothing said of a pod": container("securityContext.allowPrivilegeEscalation"),
      "allowed in a pod": container("securityContext.allowPrivilegeEscalation", true),
    },
  },
  {
    rule: privileges.systemCalls,
    passing: [
      ...both,
      container("securityContext.seccompProfile", { type: "Localhost" }),
      docker("securityOpts", ["no-new-privileges:true", "seccomp=/etc/own.json"]),
    ],
    failing: {
      unconfined: docker("securityOpts", ["no-new-privileges:true", "seccomp=unconfined"]),
      "without AppArmor": docker("securityOpts", ["apparmor:unconfined"]),
      "without labels": docker("securityOpts", ["label=disable"]),
      "nothing said of a pod": pod("securityContext.seccompProfile"),
      "unconfined in a pod": container("securityContext.seccompProfile", { type: "Unconfined" }),
    },
  },
  {
    rule: privileges.readOnlyRoot,
    passing: [...both, dockerHelper, writer],
    failing: {
      "nothing said": docker("readOnly"),
      "a helper": changed(dockerHelper, "readOnly", false),
      "in a pod": container("securityContext.readOnlyRootFilesystem", false),
      "before the pod's container": beside(
        "initContainers",
        "securityContext.readOnlyRootFilesystem",
      ),
    },
  },
  {
    rule: privileges.nonRoot,
    passing: [...both, dockerHelper, writer, named(docker("user", "0:0"), "log-agent")],
    failing: {
      "nothing said": docker("user"),
      "user 0": docker("user", "0:0"),
      "by name": docker("user", "root"),
      "with a group": docker("user", "root:adm"),
      "a pod that may": pod("securityContext.runAsNonRoot"),
      "a pod that does": pod("securityContext.runAsUser", 0),
      "its container": container("securityContext.runAsUser", 0),
    },
    allowed: [[{ services: ["tempo"] }, docker("user", "0:0")]],
  },
];

const cron = (() => {
  const { template } = statefulSet.props.spec as { template: unknown };
  const { metadata } = statefulSet.props;
  return {
    ...statefulSet,
    type: "kubernetes:batch/v1:CronJob",
    props: { metadata, spec: { jobTemplate: { spec: { template } } } },
  };
})();
const barePod = (() => {
  const { template } = statefulSet.props.spec as { template: Record<string, unknown> };
  return { ...statefulSet, type: "kubernetes:core/v1:Pod", props: template };
})();
const CRON = "spec.jobTemplate.spec.template.spec.containers.0";

export const LIFECYCLE: Case[] = [
  {
    rule: lifecycle.memoryLimit,
    passing: [...both, dockerHelper, cron, barePod, changed(writer, "memory")],
    failing: {
      none: changed(docker("memory"), "memorySwap"),
      "with swap": docker("memorySwap", 1024),
      "swap not said": docker("memorySwap"),
      "no limit at all": changed(docker("memory", 0), "memorySwap", 0),
      "a helper": changed(dockerHelper, "memorySwap", -1),
      "in a pod": container("resources.limits.memory"),
      "of a job": changed(cron, `${CRON}.resources.limits.memory`),
      "of a pod by itself": changed(barePod, "spec.containers.0.resources"),
      "before the pod's container": beside("initContainers", "resources.limits.memory"),
    },
  },
  {
    rule: lifecycle.cpuLimit,
    passing: [
      ...both,
      dockerHelper,
      changed(cron, `${CRON}.resources.limits.cpu`),
      { ...container("resources.limits.cpu"), type: "kubernetes:batch/v1:Job" },
      beside("initContainers", "resources.limits.cpu"),
      beside("ephemeralContainers", "resources.limits.cpu"),
    ],
    failing: {
      none: docker("cpus"),
      nothing: docker("cpus", "0"),
      "in a pod": container("resources.limits.cpu"),
    },
  },
  {
    rule: lifecycle.logRotation,
    passing: [...both, dockerHelper, writer, docker("logDriver", "local")],
    failing: {
      "the daemon's own": docker("logDriver"),
      elsewhere: docker("logDriver", "syslog"),
      "without a size": docker("logOpts.max-size"),
      "without a number": docker("logOpts.max-file"),
    },
  },
  {
    rule: lifecycle.stopGrace,
    passing: [...both, docker("stopTimeout", 10), dockerHelper],
    failing: {
      "killed at once": docker("destroyGraceSeconds"),
      "by Docker's own time": docker("stopTimeout"),
      "too soon": docker("destroyGraceSeconds", 9),
      "too soon by Docker": docker("stopTimeout", 9),
      "a pod": pod("terminationGracePeriodSeconds", 5),
      "nothing said of a pod": pod("terminationGracePeriodSeconds"),
    },
    allowed: [[{ seconds: 5 }, docker("destroyGraceSeconds", 9)]],
  },
  {
    rule: lifecycle.healthCheck,
    passing: [
      ...both,
      dockerHelper,
      named(docker("healthcheck"), "collector"),
      named(container("readinessProbe"), "log-agent"),
      named(docker("healthcheck"), "shop"),
      named(container("readinessProbe"), "shop"),
      docker("labels", []),
    ],
    failing: {
      none: docker("healthcheck"),
      "no test": docker("healthcheck.tests", []),
      "switched off": docker("healthcheck.tests", ["NONE"]),
      "in a pod": container("readinessProbe"),
      "in a pod of what Docker cannot ask": named(container("readinessProbe"), "collector"),
    },
    allowed: [
      [{ notOnDocker: ["tempo"] }, docker("healthcheck")],
      [{ notOnKubernetes: ["tempo"] }, container("readinessProbe")],
    ],
  },
  {
    rule: lifecycle.restarts,
    passing: [...both, dockerHelper, docker("restart", "always")],
    failing: {
      "nothing said": docker("restart"),
      "not when it ended well": docker("restart", "on-failure"),
      "a pod": pod("restartPolicy", "OnFailure"),
    },
  },
];
