import { code, type Compared, type Section } from "./section";

/** Which secrets of the stack's file changed; never what they are. */
export function secretsSection({ before, after }: Compared): Section {
  const [old, made] = [before.ciphertexts, after.ciphertexts];
  const lines = [...new Set([...old.keys(), ...made.keys()])]
    .sort()
    .filter((path) => old.get(path) !== made.get(path))
    .map((path) => {
      if (!old.has(path)) return `- ${code(path)}: added`;
      if (!made.has(path)) return `- ${code(path)}: removed`;
      return `- ${code(path)}: changed, or encrypted anew`;
    });
  return { title: "Secrets", lines: lines.length > 0 ? lines : ["No change."] };
}
