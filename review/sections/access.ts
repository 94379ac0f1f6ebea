import type { ResourceChange } from "../resource-changes";
import { byKey, code, type Compared, type Section } from "./section";

interface Rule {
  type?: string;
  host?: string;
}

/** Ways into the cluster that an object opens, in words. */
function waysIn(type: string, inputs: ResourceChange["before"]): string[] {
  const spec = (inputs?.spec ?? {}) as {
    type?: string;
    rules?: Rule[];
    hostnames?: string[];
    ports?: { port: number }[];
  };
  const name = (inputs?.metadata as { name?: string } | undefined)?.name ?? "";
  if (type.endsWith(":Service") && (spec.type ?? "ClusterIP") !== "ClusterIP") {
    const ports = (spec.ports ?? []).map(({ port }) => port).join(", ");
    return [`${spec.type} ${name}: ${ports}`];
  }
  if (type.endsWith(":Ingress")) {
    return (spec.rules ?? []).map(({ host = "any host" }) => `Ingress ${name}: ${host}`);
  }
  if (/:(HTTP|GRPC|TLS)Route$/.test(type)) {
    return (spec.hostnames ?? ["any host"]).map((host) => `route ${name}: ${host}`);
  }
  return [];
}

/** Ports and other ways in, and who talks to whom. */
export function accessSection({ before, after, changes = [] }: Compared): Section {
  const ports = byKey(
    before.connections.firewall,
    after.connections.firewall,
    ({ open, for: owner }) => `${open} ${owner}`,
  );
  const ways = byKey(
    changes.flatMap(({ type, before: was }) => waysIn(type, was)),
    changes.flatMap(({ type, after: is }) => waysIn(type, is)),
    (way) => way,
  );
  const edge = ({ from, to }: { from: string; to: string }) => `${from} → ${to}`;
  const edges = byKey(before.connections.connections, after.connections.connections, edge);
  const port = ({ open, for: owner, from }: (typeof ports.came)[number]) =>
    `${code(open)} for ${owner}, from ${from}`;
  const lines = [
    ...ports.came.map((one) => `- Opened: ${port(one)}`),
    ...ports.went.map((one) => `- Closed: ${port(one)}`),
    ...ways.came.map((way) => `- Opened: ${code(way)}`),
    ...ways.went.map((way) => `- Closed: ${code(way)}`),
    ...edges.came.map((one) => `- New connection: ${edge(one)}, ${one.carries}`),
    ...edges.went.map((one) => `- Connection that ends: ${edge(one)}, ${one.carries}`),
  ];
  return { title: "Ports and connections", lines: lines.length > 0 ? lines : ["No change."] };
}
