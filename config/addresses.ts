import { BlockList, isIP, isIPv4 } from "node:net";

/** Address and length of the prefix of a range such as `192.0.2.0/24`. */
function parts(range: string): [string, number, "ipv4" | "ipv6"] {
  const [address, prefix] = range.split("/");
  return [address, Number(prefix), isIPv4(address) ? "ipv4" : "ipv6"];
}

/** Whether a text is a range of IPv4 or IPv6 addresses. */
export function isRange(text: string): boolean {
  const [, address, prefix] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address ?? "");
  return family !== 0 && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** Whether all addresses of a range are of another. */
export function isWithin(inner: string, outer: string): boolean {
  const [address, length, family] = parts(inner);
  const [start, least, outerFamily] = parts(outer);
  if (family !== outerFamily || length < least) return false;
  const list = new BlockList();
  list.addSubnet(start, least, family);
  return list.check(address, family);
}

/** The range of one address, or undefined if the text is none. */
export function rangeOf(address: string): string | undefined {
  const family = isIP(address);
  return family === 0 ? undefined : `${address}/${family === 4 ? 32 : 128}`;
}

/** Namespace of a Service by its full name, such as `minio.storage.svc`. */
export const namespaceOf = (host: string): string | undefined =>
  /\.([^.]+)\.svc(?:\.cluster\.local)?$/.exec(host)?.[1];

/**
 * Where clouds hand a machine its credentials: link-local addresses, and what AWS, Google and Oracle
 * answer at over IPv6, Azure and Alibaba over IPv4.
 */
export const METADATA_RANGES: readonly string[] = [
  "169.254.0.0/16",
  "168.63.129.16/32",
  "100.100.100.200/32",
  "fe80::/10",
  "fd00:ec2::/32",
  "fd20:ce::254/128",
  "fd00:c1::a9fe:a9fe/128",
];
