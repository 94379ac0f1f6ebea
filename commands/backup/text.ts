const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A size for people: "3.4 MiB". */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** A moment for people, to the second, in UTC. */
export const momentText = (iso: string): string => iso.replace("T", " ").replace(/\.\d+Z$/, " UTC");
