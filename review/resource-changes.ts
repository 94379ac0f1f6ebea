import { isDeepStrictEqual } from "node:util";
import type { PlannedResource } from "./engine";

/** What becomes of a resource. */
export type Fate = "created" | "deleted" | "replaced" | "rolled out" | "updated";

export interface ResourceChange {
  fate: Fate;
  type: string;
  name: string;
  before?: PlannedResource["inputs"];
  after?: PlannedResource["inputs"];
  /** Inputs that differ, sorted. */
  inputs: string[];
}

type Inputs = PlannedResource["inputs"];

const at = (inputs: Inputs, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], inputs);

const differs = (before: Inputs, after: Inputs, paths: readonly string[]) =>
  paths.some((path) => !isDeepStrictEqual(at(before, path), at(after, path)));

/** Parts of an object of Kubernetes that cannot change: another value is another object. */
const FIXED = ["apiVersion", "kind", "metadata.name", "metadata.namespace", "type"];
const FIXED_OF_KIND: Readonly<Record<string, readonly string[]>> = {
  StatefulSet: ["spec.selector", "spec.serviceName", "spec.podManagementPolicy"],
  Deployment: ["spec.selector"],
  DaemonSet: ["spec.selector"],
  ConfigMap: ["data", "immutable"],
  Service: ["spec.clusterIP"],
  RoleBinding: ["roleRef"],
  ClusterRoleBinding: ["roleRef"],
};

const kindOf = (type: string) => type.split(":").at(-1) ?? type;

/** Claims are no part of an update either, their labels among them. */
const claimsDiffer = (before: Inputs, after: Inputs) =>
  differs(before, after, ["spec.volumeClaimTemplates"]);

/** What the provider does with a changed resource, which its preview may not say. */
function fateOf(type: string, before: Inputs, after: Inputs): Fate {
  if (type.startsWith("kubernetes:")) {
    const kind = kindOf(type);
    // A Secret is fixed where it says so; the others are refreshed in place.
    const fixed = kind === "Secret" && before.immutable === true ? ["stringData"] : [];
    const paths = [...FIXED, ...(FIXED_OF_KIND[kind] ?? []), ...fixed];
    if (differs(before, after, paths)) return "replaced";
    if (kind === "StatefulSet" && claimsDiffer(before, after)) return "replaced";
    return differs(before, after, ["spec.template"]) ? "rolled out" : "updated";
  }
  if (type.startsWith("pulumi:") || type.startsWith("command:")) return "updated";
  // Nothing of a container, volume, network, certificate, key or password changes in place.
  return "replaced";
}

/** Labels of Docker's volumes are ignored by the engine: a volume is its name. */
function relevant({ type, inputs }: PlannedResource): Inputs {
  if (type !== "docker:index/volume:Volume") return inputs;
  return { name: inputs.name };
}

/** What happens to each resource, in the order of their names; what stays as it is is left out. */
export function resourceChanges(
  before: readonly PlannedResource[],
  after: readonly PlannedResource[],
): ResourceChange[] {
  const key = ({ type, name }: PlannedResource) => `${type}::${name}`;
  const old = new Map(before.map((resource) => [key(resource), resource]));
  const made = new Map(after.map((resource) => [key(resource), resource]));
  return [...new Set([...old.keys(), ...made.keys()])].sort().flatMap((id): ResourceChange[] => {
    const [from, to] = [old.get(id), made.get(id)];
    const [type, name] = id.split("::");
    if (from === undefined || to === undefined) {
      const fate = from === undefined ? "created" : "deleted";
      return [{ fate, type, name, before: from?.inputs, after: to?.inputs, inputs: [] }];
    }
    const [was, is] = [relevant(from), relevant(to)];
    if (isDeepStrictEqual(was, is)) return [];
    const inputs = [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .filter((input) => !isDeepStrictEqual(was[input], is[input]))
      .sort();
    const fate = fateOf(type, was, is);
    return [{ fate, type, name, before: from.inputs, after: to.inputs, inputs }];
  });
}
