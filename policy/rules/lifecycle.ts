import { SERVICES } from "../../config/services";
import { NOT_ASKED_BY_DOCKER, NOT_ASKED_BY_KUBELET } from "../exceptions";
import { rulesOver } from "../rule";
import { runningOf, servicesOf } from "../views/container";
import { dockerPartsOf } from "../views/docker-container";

const running = rulesOver(runningOf);
const service = rulesOver(servicesOf);

export const memoryLimit = running({
  name: "memory-limit",
  description: "What runs has a limit of memory, without swap beside it.",
  broken: ({ memoryLimited }) => !memoryLimited,
});

export const cpuLimit = service({
  name: "cpu-limit",
  description: "A service has a limit of CPU.",
  broken: ({ cpuLimited }) => !cpuLimited,
});

export const logRotation = rulesOver(dockerPartsOf)({
  name: "log-rotation",
  description: "Docker keeps a bounded number of log files of bounded size.",
  targets: ["docker"],
  broken: ({ props }) => {
    const options = Object.keys(props.logOpts ?? {});
    return (
      !["json-file", "local"].includes(props.logDriver ?? "") ||
      !options.includes("max-size") ||
      !options.includes("max-file")
    );
  },
});

export const stopGrace = service<{ seconds: number }>({
  name: "stop-grace",
  description: "A service has time to write what it holds before it is killed.",
  options: {
    seconds: {
      type: "integer",
      minimum: 1,
      default: 10,
      description: "Least time between SIGTERM and SIGKILL.",
    },
  },
  broken: ({ stopGrace }, { seconds }) => stopGrace === undefined || stopGrace < seconds,
});

const OWN: readonly string[] = SERVICES;

export const healthCheck = service<Record<"notOnDocker" | "notOnKubernetes", readonly string[]>>({
  name: "health-check",
  description:
    "Every service of the stack is asked whether it is well, where its image can answer.",
  options: {
    notOnDocker: {
      type: "array",
      items: { type: "string" },
      default: [...NOT_ASKED_BY_DOCKER],
      description: "Services whose image has nothing that Docker could run to ask.",
    },
    notOnKubernetes: {
      type: "array",
      items: { type: "string" },
      default: [...NOT_ASKED_BY_KUBELET],
      description: "Services without a listener that the kubelet could dial.",
    },
  },
  broken: ({ probed, service = "", target }, { notOnDocker, notOnKubernetes }) => {
    const excepted = { docker: notOnDocker, kubernetes: notOnKubernetes }[target];
    return OWN.includes(service) && !probed && !excepted.includes(service);
  },
});

export const restarts = service({
  name: "restart",
  description: "A service comes back when it ends, whatever ended it.",
  broken: ({ restarted }) => !restarted,
});
