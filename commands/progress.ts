/** Seconds since `start` (of `Date.now()`), for people: "0.4 s", "12 s". */
export function elapsed(start: number): string {
  const seconds = (Date.now() - start) / 1000;
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

/** Says on stderr what is going on, every ten seconds that it still is, and how long it took. */
export async function withProgress<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = Date.now();
  process.stderr.write(`${what} …\n`);
  const reminder = setInterval(() => {
    process.stderr.write(`  … still at it after ${elapsed(start)}\n`);
  }, 10_000);
  try {
    const result = await work();
    process.stderr.write(`  done in ${elapsed(start)}\n`);
    return result;
  } finally {
    clearInterval(reminder);
  }
}
