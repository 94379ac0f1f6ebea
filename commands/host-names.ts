import type Docker from "dockerode";
import type { StackConfig } from "../config/parse";
import { SERVICES } from "../config/services";
import { guardName } from "../components/guard/name";
import { readerName } from "../components/pki/certificate-spec";
import { stackResources } from "./pulumi";

/** Something on a Docker host that has a name of its kind. */
export interface Named {
  kind: "container" | "volume" | "network";
  name: string;
  /** The stack that it belongs to, if to one of ours. */
  stack?: string;
}

type Labelled = { Labels?: Record<string, string> | null };

const stackOf = ({ Labels }: Labelled) => Labels?.["tracekeep.stack"];

/** Everything on a Docker host that bears a name. */
async function namedOn(docker: Docker): Promise<Named[]> {
  const [containers, { Volumes }, networks] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listVolumes(),
    docker.listNetworks(),
  ]);
  return [
    ...containers.map((one): Named => {
      const name = (one.Names[0] ?? "").replace(/^\//, "");
      return { kind: "container", name, stack: stackOf(one) };
    }),
    ...Volumes.map((one): Named => ({ kind: "volume", name: one.Name, stack: stackOf(one) })),
    ...networks.map((one): Named => ({ kind: "network", name: one.Name, stack: stackOf(one) })),
  ];
}

/** What the stack would call its containers, volumes and networks: `targets/docker`. */
function ownNames({ namePrefix, apps }: StackConfig): RegExp {
  const names = [
    ...SERVICES,
    ...SERVICES.map(guardName),
    ...apps.flatMap(({ name }) => [name, readerName(name)]),
  ];
  const parts = "(-(config|secrets|identity|data)(-(writer|owner|check|[0-9a-f]{12}))?)?";
  const zones = "backplane|intake|legacy|a-egress";
  return new RegExp(
    `^${namePrefix}-((${names.join("|")})${parts}|trust-(writer|[0-9a-f]{12})|${zones})$`,
  );
}

/** What has a name that the stack would give, and is not the stack's. */
export function takenNames(config: StackConfig, there: readonly Named[]): Named[] {
  const own = ownNames(config);
  return there.filter(({ name, stack }) => stack !== config.stack && own.test(name));
}

function complaint(config: StackConfig, [first, ...more]: readonly Named[]): string {
  const owner = first.stack === undefined ? "none of tracekeep's" : `stack "${first.stack}"'s`;
  const others = more.length === 0 ? "" : `, as ${more.length} more such names are`;
  return (
    `The name prefix "${config.namePrefix}" of stack "${config.stack}" is taken on this Docker host: ` +
    `${first.kind} "${first.name}" is ${owner}${others}; nothing was changed.\n` +
    `Give this stack another namePrefix in Pulumi.${config.stack}.yaml.`
  );
}

/**
 * Makes sure that no name which the stack would give is another's, for a volume of that name would be
 * taken over in silence, and that what bears this stack's labels was made from this state.
 *
 * @param resources how many resources the stack's state has; undefined where that is not known.
 * @throws {Error} that names who has it.
 */
export async function checkNames(
  config: StackConfig,
  docker: Docker,
  resources: () => Promise<number | undefined> = () => stackResources(config.stack),
): Promise<void> {
  const there = await namedOn(docker);
  const taken = takenNames(config, there);
  if (taken.length > 0) throw new Error(complaint(config, taken));
  // Volumes alone are what a `destroy` has kept, and are gone on with.
  const runs = there.find(({ kind, stack }) => kind === "container" && stack === config.stack);
  if (runs === undefined || (await resources()) !== 0) return;
  throw new Error(
    `A stack "${config.stack}" of another state is on this Docker host already (container "${runs.name}"); nothing was changed.\n` +
      "Give this stack another name (a file Pulumi.<name>.yaml of its own), or run `up` where that one was made.",
  );
}
