import { z } from "zod";
import type { ImagesLock } from "../../config/images-lock";

const licence = z.union([
  z.object({ license: z.looseObject({ id: z.string().optional(), name: z.string().optional() }) }),
  z.object({ expression: z.string() }),
]);

const component = z.looseObject({
  "bom-ref": z.string(),
  name: z.string(),
  version: z.string(),
  licenses: z.array(licence).optional(),
  properties: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
});
export type Component = z.output<typeof component>;

/** The parts of a CycloneDX document of npm's that are read or changed. */
export const billOfMaterials = z.looseObject({
  specVersion: z.string(),
  metadata: z.looseObject({ component }),
  components: z.array(component),
  dependencies: z.array(z.looseObject({ ref: z.string() })).default([]),
});
export type BillOfMaterials = z.output<typeof billOfMaterials>;

/** Licence that a component states, as SPDX has it; null if that is none. */
export function statedLicence({ licenses = [] }: Component): string | null {
  const stated = licenses.map((one) =>
    "expression" in one ? one.expression : (one.license.id ?? one.license.name ?? ""),
  );
  return stated.length === 0 ? null : stated.join(" AND ");
}

/** Whether only the project's development needs a package. */
export const isForDevelopment = ({ properties = [] }: Component): boolean =>
  properties.some(({ name, value }) => name === "cdx:npm:package:development" && value === "true");

/** An image of the lock as a component; `pkg:oci` names it by its digest, where that is known. */
const imageComponent = ({
  repository,
  tag,
  digest,
  licence,
  source,
}: ImagesLock["images"][number]) => {
  const name = repository.split("/").at(-1) ?? repository;
  const at = digest === null ? "" : `@${encodeURIComponent(digest)}`;
  const where = new URLSearchParams({ repository_url: repository, tag }).toString();
  return {
    type: "container",
    "bom-ref": `${repository}:${tag}`,
    name: repository,
    version: tag,
    purl: `pkg:oci/${name}${at}?${where}`,
    licenses: [{ expression: licence }],
    externalReferences: [{ type: "vcs", url: source }],
    ...(digest !== null && {
      hashes: [{ alg: "SHA-256", content: digest.replace("sha256:", "") }],
    }),
  };
};

/** One of each key: npm 10 says a package again for every place in which it stands. */
const once = <T>(all: readonly T[], keyOf: (one: T) => string): T[] => [
  ...new Map(all.map((one) => [keyOf(one), one])).values(),
];

/** npm's document, with the project by its name and the images of the lock beside the packages. */
export function withImages(
  { metadata, components, dependencies, ...rest }: BillOfMaterials,
  { images }: ImagesLock,
  project: string,
): BillOfMaterials {
  return {
    ...rest,
    // npm calls the project after its directory.
    metadata: { ...metadata, component: { ...metadata.component, name: project } },
    components: once([...components, ...images.map(imageComponent)], (one) => one["bom-ref"]),
    dependencies: once(dependencies, ({ ref }) => ref),
  };
}
