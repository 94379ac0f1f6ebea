import type { ImageName } from "../../config/images-lock";
import { newerTags } from "./newer-tags";
import { settled, type Outcome } from "./outcome";
import type { Registry } from "./registry";

/** Which newer tag of the same line a registry has for an image. Nothing is changed. */
export async function proposeUpdate(
  registry: Registry,
  { tag }: ImageName,
  repository: string,
): Promise<Outcome> {
  const name = `${repository}:${tag}`;
  const result = await settled(() => registry.tags(repository));
  if (!result.ok) return { ok: false, words: `${name}: ${result.reason}` };
  const newer = newerTags(tag, result.value);
  if (newer === undefined) return { ok: false, words: `${name}: the tag is no version` };
  const { line, beyond } = newer;
  const further =
    beyond === undefined ? "" : ` (${beyond} is of a later line: read its changes first)`;
  return line === undefined
    ? { ok: true, words: `${name} is the newest of its line${further}` }
    : { ok: true, words: `${name} -> ${line}${further}` };
}
