/** What Pulumi's closing summaries count besides what is unchanged: `["+ 3 created"]`. */
export function changesIn(output: string): string[] {
  const blocks = [...output.matchAll(/^Resources:\n((?: .*\n?)*)/gm)];
  if (blocks.length === 0) throw new Error(`Pulumi summed nothing up:\n${output.slice(-4000)}`);
  return blocks
    .flatMap(([, block]) => block.split("\n"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^\d+ unchanged$/.test(line));
}

/** Names of the broken hops of a verification, in its closing lines. */
export function brokenIn(output: string): string[] {
  // Inside of Pulumi's run its lines stand behind the name of the resource.
  return [...output.matchAll(/\bbroken: (.*)$/gm)].map(([, name]) => name.trim());
}
