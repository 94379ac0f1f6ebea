const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A size for people: "3.4 MiB". */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** A moment for people, to the second, in UTC. */
export const momentText = (iso: string): string => iso.replace("T", " ").replace(/\.\d+Z$/, " UTC");

/** What went through this process, sealed or opened on its way, and how long it took. */
export interface Transfer {
  bytes: number;
  milliseconds: number;
}

/** Does a piece of the work of a transfer, and adds its time. */
export async function timed<T>(transfer: Transfer, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    transfer.milliseconds += performance.now() - start;
  }
}

/** A transfer for people: "1.2 GiB at 31 MiB/s". */
export function transferText({ bytes, milliseconds }: Transfer): string {
  const rate = milliseconds > 0 ? bytes / (milliseconds / 1000) : 0;
  return `${bytesText(bytes)} at ${bytesText(rate)}/s`;
}
