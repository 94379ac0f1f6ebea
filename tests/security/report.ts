/** Ends a check: its problems, a line each under its name, and exit code 1; or what is well. */
export function finish(check: string, problems: readonly string[], well: string): void {
  const lines = problems.length > 0 ? problems : [well];
  const kind = problems.length > 0 ? "failed" : "ok";
  process.stdout.write(lines.map((line) => `${check} ${kind}: ${line}\n`).join(""));
  if (problems.length > 0) process.exitCode = 1;
}
