import type { StackConfig } from "../../config/parse";
import { dockerKind } from "./docker";
import type { HostKind } from "./host";
import { kubernetesKind } from "./kubernetes";

/** What a stack can run on, for the commands, as `index.ts` has it for the program. */
const HOSTS: Readonly<Record<StackConfig["target"], HostKind>> = {
  docker: dockerKind,
  kubernetes: kubernetesKind,
};

export const hostOf = (config: StackConfig): HostKind => HOSTS[config.target];

/** What `env` prints of applications on one kind of target or another. */
export const targetFormats = (): string[] =>
  Object.values(HOSTS).flatMap(({ formats }) => Object.keys(formats));
