import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ApiServer } from "./api-server";

interface Schema {
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
  [key: string]: unknown;
}

/** What Swagger leaves out for a schema to be a strict one of JSON. */
function strict(definition: Schema): Schema {
  if (definition.format === "int-or-string") {
    return { oneOf: [{ type: "string" }, { type: "integer" }] };
  }
  // Swagger calls any number of a resource a text.
  if (/Quantity$/.test(String(definition.title))) {
    return { oneOf: [{ type: "string" }, { type: "number" }] };
  }
  return definition.properties !== undefined && definition.additionalProperties === undefined
    ? { ...definition, additionalProperties: false }
    : definition;
}

/**
 * Writes the schemas of every kind that an API server has, as kubeconform finds them.
 *
 * @returns the location to give it.
 */
export async function writeSchemas(server: ApiServer, directory: string): Promise<string> {
  const { body } = await server.ask("/openapi/v2");
  const { definitions } = JSON.parse(body) as { definitions: Record<string, Schema> };
  await mkdir(directory, { recursive: true });
  const all = Object.fromEntries(
    Object.entries(definitions).map(([name, one]) => [
      name,
      strict({ ...one, title: name.split(".").at(-1) }),
    ]),
  );
  const file = join(directory, "definitions.json");
  await writeFile(file, JSON.stringify({ definitions: all }));
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition["x-kubernetes-group-version-kind"] ?? []) {
      const parts = [kind, ...(group === "" ? [] : [group.split(".")[0]]), version];
      await writeFile(
        join(directory, `${parts.join("-").toLowerCase()}.json`),
        JSON.stringify({ $ref: `definitions.json#/definitions/${name}` }),
      );
    }
  }
  return join(directory, "{{ .ResourceKind }}{{ .KindSuffix }}.json");
}
