/** Seconds since `start` (of `Date.now()`), for people: "0.4 s", "12 s". */
export function elapsed(start: number): string {
  const seconds = (Date.now() - start) / 1000;
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

/**
 * Says on stderr what is going on, every ten seconds that it still is, and how long it took.
 *
 * @param far how far it is, for people: "1.2 GiB".
 */
export async function withProgress<T>(
  what: string,
  work: () => Promise<T>,
  far?: () => string,
): Promise<T> {
  const start = Date.now();
  process.stderr.write(`${what} …\n`);
  const reminder = setInterval(() => {
    const at = far === undefined ? "" : `: ${far()}`;
    process.stderr.write(`  … still at it after ${elapsed(start)}${at}\n`);
  }, 10_000);
  try {
    const result = await work();
    const all = far === undefined ? "" : `: ${far()}`;
    process.stderr.write(`  done in ${elapsed(start)}${all}\n`);
    return result;
  } finally {
    clearInterval(reminder);
  }
}
