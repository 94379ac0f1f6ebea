import { parse, stringify } from "yaml";
import { editFiles, type Mutation } from "./process-stack";
import { replicaAddress } from "./replicas";

/** Where no name can be given to several addresses, the gateway is told the collectors' addresses. */
export const toldAddresses: Mutation = editFiles("collector-gateway", ({ path, content }) => {
  const document = parse(content) as { exporters: Record<string, { resolver: unknown }> };
  for (const exporter of Object.values(document.exporters)) {
    const { dns } = exporter.resolver as { dns: { port: string } };
    exporter.resolver = {
      static: { hostnames: [0, 1].map((index) => `${replicaAddress(index)}:${dns.port}`) },
    };
  }
  return { path, content: stringify(document) };
});
