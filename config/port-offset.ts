import type { ParsedOptions } from "./schema";

/** A group of options with every port in it moved; the rest (addresses, switches) as it is. */
function moved<T extends object>(group: T, offset: number): T {
  const members = Object.entries(group).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "number" ? value + offset : value,
  ]);
  return Object.fromEntries(members) as T;
}

/**
 * The options with `portOffset` added to every published port. It is done once, here: whoever reads
 * a port afterwards reads the one that the host has.
 */
export function withPortOffset(options: ParsedOptions): ParsedOptions {
  const { portOffset, ports, intake } = options;
  const services = Object.entries(ports).map(([name, group]) => [name, moved(group, portOffset)]);
  return {
    ...options,
    ports: Object.fromEntries(services) as ParsedOptions["ports"],
    intake: {
      ...intake,
      plaintext: moved(intake.plaintext, portOffset),
      jaeger: moved(intake.jaeger, portOffset),
      zipkin: moved(intake.zipkin, portOffset),
    },
  };
}
