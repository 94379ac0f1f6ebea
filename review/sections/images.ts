import { arrow, byKey, code, type Compared, type Section } from "./section";

const repository = (image: string) => image.replace(/@sha256:.*$/, "").replace(/:[^:/]*$/, "");

function kind(before: string, after: string): string {
  if (repository(before) !== repository(after)) return "**another repository**";
  if (before.replace(/@.*/, "") === after.replace(/@.*/, "")) return "same tag, another digest";
  return "another tag";
}

/** Images by service. A digest alone is a change too: it replaces whatever runs. */
export function imagesSection({ before, after }: Compared): Section {
  const { stayed } = byKey(before.summary.workloads, after.summary.workloads, ({ name }) => name);
  const lines = stayed
    .filter(([was, is]) => was.image !== is.image)
    .map(
      ([was, is]) =>
        `- ${code(is.name)}: ${arrow(was.image, is.image)} (${kind(was.image, is.image)})`,
    );
  return { title: "Images", lines: lines.length > 0 ? lines : ["No change."] };
}
