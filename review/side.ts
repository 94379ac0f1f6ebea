import { parse } from "yaml";
import type { Violation } from "../policy/evaluate";
import type { PlannedResource } from "./engine";

/** What `render` says of a Workload; an older one may say less. */
export interface WorkloadSummary {
  name: string;
  image: string;
  connectsTo: string[];
  [key: string]: unknown;
}

export interface CertificateSummary {
  name: string;
  [key: string]: unknown;
}

/** `resources.yaml` of a rendering. */
export interface Summary {
  target: string;
  workloads: WorkloadSummary[];
  certificates: CertificateSummary[];
  /** What is stored where, and for how long. */
  data?: Record<string, unknown>;
}

/** `connections.yaml` of a rendering. */
export interface Connections {
  connections: { from: string; to: string; carries: string }[];
  firewall: { open: string; for: string; from: string }[];
}

/** A stack as one revision has it. */
export interface Side {
  /** Files of the rendering by their path. */
  files: ReadonlyMap<string, string>;
  summary: Summary;
  connections: Connections;
  /** What the engine would be asked to make; undefined where a revision cannot tell. */
  resources?: readonly PlannedResource[];
  /** What the policy pack finds in it; undefined where a revision cannot tell. */
  violations?: readonly Violation[];
  /** Options of the stack's file that hold a ciphertext, by path. */
  ciphertexts: ReadonlyMap<string, string>;
}

/** Ciphertexts in the options of a stack's file, by path. */
export function ciphertextsOf(stackFile: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    const entries = Object.entries(value as Record<string, unknown>);
    if (entries.length === 1 && entries[0][0] === "secure") {
      found.set(path.replace(/^tracekeep:/, ""), String(entries[0][1]));
      return;
    }
    for (const [key, member] of entries) {
      const place = Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
      visit(member, place);
    }
  };
  visit((parse(stackFile) as { config?: unknown } | null)?.config, "");
  return found;
}

/** Name of the list of the engine's resources in a rendering. */
export const PLAN_FILE = "plan.yaml";

/** Name of the list of what the policy pack finds in them. */
export const POLICIES_FILE = "policies.yaml";

/** A revision's stack from its rendering and the text of the stack's file. */
export function sideOf(files: ReadonlyMap<string, string>, stackFile: string): Side {
  const plan = files.get(PLAN_FILE);
  const violations = files.get(POLICIES_FILE);
  return {
    files,
    summary: parse(files.get("resources.yaml") ?? "") as Summary,
    connections: parse(files.get("connections.yaml") ?? "") as Connections,
    ...(plan !== undefined && { resources: parse(plan) as PlannedResource[] }),
    ...(violations !== undefined && { violations: parse(violations) as Violation[] }),
    ciphertexts: ciphertextsOf(stackFile),
  };
}

/** A stack that a revision does not have. */
export const ABSENT: Side = {
  files: new Map(),
  summary: { target: "", workloads: [], certificates: [] },
  connections: { connections: [], firewall: [] },
  resources: [],
  violations: [],
  ciphertexts: new Map(),
};
