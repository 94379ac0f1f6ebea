import type { StackConfig } from "../../config/parse";
import type { Layout } from "../../targets/layout";
import { dockerLogs } from "./docker-logs";
import { podLogs } from "./pod-logs";

/** One step on the way from a line of a file to a log record. */
export type Operator = Record<string, unknown> & { type: string };

/** Files of containers' logs, and how to read them. */
export interface LogSource {
  /** Directory of the host that holds them. */
  directory: string;
  include: string[];
  exclude?: string[];
  /** What else the receiver is told of them. */
  settings: Record<string, unknown>;
  operators: Operator[];
}

const SOURCES: Record<Layout["containerLogs"], (config: StackConfig) => LogSource> = {
  "json-file": dockerLogs,
  pods: podLogs,
};

/** The files that there are where the agent runs. */
export const sourceOf = (config: StackConfig, { containerLogs }: Layout): LogSource =>
  SOURCES[containerLogs](config);
