import type { StackConfig } from "../../config/parse";
import { HOST_NAME } from "../../targets/layout";
import type { LogSource, Operator } from "./source";

/** Name of the host, which the collector takes from the environment. */
export const HOST = `\${env:${HOST_NAME}}`;

/** The namespace of the stack's own pods. */
const ownNamespace = ({ kubernetes, namePrefix }: StackConfig) =>
  kubernetes.namespace ?? namePrefix;

/** The namespaces whose pods are read; `*` is every one. */
function namespacesOf(config: StackConfig): string[] {
  const { namespaces } = config.kubernetes.podLogs;
  return namespaces.includes("*") ? ["*"] : [...new Set([ownNamespace(config), ...namespaces])];
}

const resource = (name: string) => `resource["${name}"]`;

/**
 * The lines of pods as log records, in whichever format the node's runtime writes them; whose they
 * are is told by their file. Pieces of a line are joined by an operator for each stream, for those
 * of one may stand between those of the other.
 */
function operators(config: StackConfig): Operator[] {
  const parse = (stream: string): Operator => ({
    type: "container",
    id: stream,
    max_log_size: config.tuning.loki.maxLineSize,
    // Half a line, where the node went down while it was written.
    on_error: "drop",
    output: "service",
  });
  return [
    {
      type: "router",
      routes: [{ expr: `body matches "^[^ ]+ stderr "`, output: "stderr" }],
      default: "stdout",
    },
    parse("stdout"),
    parse("stderr"),
    {
      type: "add",
      id: "service",
      field: resource("service.name"),
      value: `EXPR(${resource("k8s.container.name")})`,
    },
    {
      type: "add",
      // The stack's own services are known without one.
      if: `${resource("k8s.namespace.name")} != "${ownNamespace(config)}"`,
      field: resource("service.namespace"),
      value: `EXPR(${resource("k8s.namespace.name")})`,
    },
    { type: "add", field: resource("k8s.node.name"), value: HOST },
    { type: "remove", field: 'attributes["log.file.path"]' },
    { type: "remove", field: "attributes.logtag", on_error: "send_quiet" },
  ];
}

/** The logs of pods, as the kubelet lays them out on every node. */
export function podLogs(config: StackConfig): LogSource {
  const { directory } = config.kubernetes.podLogs;
  return {
    directory,
    include: namespacesOf(config).flatMap((namespace) => [
      `${directory}/${namespace}_*/*/*.log`,
      // Rotated, with the time of it. Compressed they have been read.
      `${directory}/${namespace}_*/*/*.log.????????-??????`,
    ]),
    // The agent's own lines would come back, and bring new ones.
    exclude: [`${directory}/*_log-agent-*/log-agent/*`],
    settings: {
      // Whose a line is stands there.
      include_file_path: true,
      // A line may be cut behind a space.
      preserve_trailing_whitespaces: true,
    },
    operators: operators(config),
  };
}
