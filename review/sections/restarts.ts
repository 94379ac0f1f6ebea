import { isDeepStrictEqual } from "node:util";
import { inStartOrder } from "../../components/stack/start-order";
import type { ResourceChange } from "../resource-changes";
import type { WorkloadSummary } from "../side";
import { code, type Compared, type Section } from "./section";

const CONTROLLERS = ["StatefulSet", "Deployment", "DaemonSet"];

/** Whether it is a process of the stack, not a container that writes files once. */
function isProcess({ type, before, after }: ResourceChange): boolean {
  if (type === "docker:index/container:Container") {
    return (after ?? before)?.restart === "unless-stopped";
  }
  return type.startsWith("kubernetes:apps/") && CONTROLLERS.some((kind) => type.endsWith(kind));
}

/** What peers and policies are told; no process is made of it. */
const AROUND = ["dials", "dialledBy", "connectsTo", "files", "secretFiles", "identities"];

/** What of a Workload differs, in words that stand in its options and files. */
function reasons({ before, after }: Compared, name: string): string[] {
  const find = (workloads: WorkloadSummary[]) => workloads.find((one) => one.name === name);
  const [was, is] = [find(before.summary.workloads), find(after.summary.workloads)];
  if (was === undefined || is === undefined) return [];
  const parts = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (part) => !AROUND.includes(part) && !isDeepStrictEqual(was[part], is[part]),
  );
  const files = [...new Set([...before.files.keys(), ...after.files.keys()])].filter(
    (file) => file.startsWith(`${name}/`) && before.files.get(file) !== after.files.get(file),
  );
  return [...parts, ...files.map((file) => file.split("/").slice(2).join("/")).sort()];
}

const VERBS: Readonly<Record<ResourceChange["fate"], string>> = {
  created: "starts for the first time",
  deleted: "stops for good",
  replaced: "is replaced: it is away until the new one is ready",
  "rolled out": "is rolled out, a pod at a time",
  updated: "goes on",
};

/** Which processes are replaced, each after those that it waits for. */
export function restartsSection(compared: Compared): Section {
  const title = "Restarts, in order";
  const { before, after, changes } = compared;
  if (changes === undefined) return { title, lines: ["Not known: a revision does not tell."] };
  const known = changes.filter((change) => isProcess(change) && change.fate !== "updated");
  const order = [...inStartOrder(after.summary.workloads), ...before.summary.workloads].flatMap(
    // A guard follows its store.
    ({ name }) => [name, `${name}-guard`],
  );
  const sorted = [...known].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  if (sorted.length === 0) return { title, lines: ["None."] };
  return {
    title,
    lines: sorted.map(({ name, fate, inputs }, index) => {
      const found = reasons(compared, name);
      const why = found.length > 0 ? found : inputs;
      const because = why.length === 0 ? "" : ` (${why.map(code).join(", ")})`;
      return `${index + 1}. ${code(name)} ${VERBS[fate]}${because}`;
    }),
  };
}
