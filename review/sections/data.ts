import { isDeepStrictEqual } from "node:util";
import type { ResourceChange } from "../resource-changes";
import { arrow, changedLeaves, code, type Compared, type Section } from "./section";

const nameOf = (inputs: ResourceChange["before"]): string => {
  const metadata = inputs?.metadata as { name?: string } | undefined;
  return String(metadata?.name ?? inputs?.name);
};

const claims = (inputs: ResourceChange["before"]) =>
  (inputs?.spec as { volumeClaimTemplates?: unknown } | undefined)?.volumeClaimTemplates;

function ofVolume({ fate, before, after }: ResourceChange): string {
  if (fate === "created") return `volume ${code(nameOf(after))} is created, empty`;
  if (fate === "deleted") return `volume ${code(nameOf(before))} is used no more; it stays`;
  return `volume ${arrow(nameOf(before), nameOf(after))}: the new one is empty, the old one stays unused`;
}

function ofClaims(change: ResourceChange): string[] {
  const { fate, name, before, after } = change;
  const claim = `claims of ${code(name)}`;
  if (fate === "created") return [`${claim} are created, empty`];
  if (fate === "deleted") return [`${claim} are used no more; they stay`];
  if (isDeepStrictEqual(claims(before), claims(after))) return [];
  return [`the template of the ${claim} changes: the StatefulSet is replaced, its claims stay`];
}

const sizeOf = (inputs: ResourceChange["before"]) =>
  (inputs?.spec as { resources?: { requests?: { storage?: string } } } | undefined)?.resources
    ?.requests?.storage;

const ofSize = ({ name, before, after }: ResourceChange) =>
  `claim ${code(name)}: ${arrow(sizeOf(before), sizeOf(after))} (it grows in place where its class lets it; none shrinks)`;

function ofResource(change: ResourceChange): string[] {
  const { type, name, fate, inputs } = change;
  switch (type) {
    case "docker:index/volume:Volume":
      return name.endsWith("-data") ? [ofVolume(change)] : [];
    case "kubernetes:apps/v1:StatefulSet":
      return ofClaims(change);
    case "kubernetes:core/v1:PersistentVolumeClaimPatch":
      return fate === "updated" ? [ofSize(change)] : [];
    case "kubernetes:core/v1:Namespace":
      return fate === "replaced" ? ["the namespace changes: everything starts empty in it"] : [];
    case "random:index/randomPassword:RandomPassword":
      return fate === "created"
        ? []
        : [`the generated secret ${code(name)} is ${fate}: what was written with it needs it`];
    case "pulumi:providers:docker":
    case "pulumi:providers:kubernetes":
      return fate === "updated"
        ? [
            `${inputs.map(code).join(", ")} of the target changes: the stack starts empty in the new place, ` +
              "and the old one has to be taken down by `npm run destroy` before this is merged",
          ]
        : [];
    default:
      return [];
  }
}

const WHAT_FOLLOWS: readonly [pattern: RegExp, consequence: string][] = [
  [/\.storage$/, "what is stored in the old place is not read any more"],
  [/\.retention/, "what is older than the new one is deleted"],
  [/^protected$/, "whether the engine refuses to delete data"],
];

/** What is stored: before all else, for nothing brings it back. */
export function dataSection({ before, after, changes }: Compared): Section {
  const stored = changedLeaves(before.summary.data, after.summary.data).map(([path, was, is]) => {
    const [, consequence] = WHAT_FOLLOWS.find(([pattern]) => pattern.test(path)) ?? [];
    return `${code(path)}: ${arrow(was, is)}${consequence === undefined ? "" : ` (${consequence})`}`;
  });
  const touched = [...(changes ?? []).flatMap(ofResource), ...stored];
  return {
    title: "Data",
    lines:
      touched.length === 0
        ? ["No data volume is touched."]
        : touched.map((line) => `- **${line[0].toUpperCase()}${line.slice(1)}**`),
  };
}
