import { readFileSync } from "node:fs";
import { join } from "node:path";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import type { SecretName } from "../../components/stack/secrets";
import { applicationWorkloads, serviceWorkloads } from "../../components/stack/workloads";
import type { StackConfig } from "../../config/parse";
import { clusterOf } from "../../targets/kubernetes/cluster";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { namespaceObjects } from "../../targets/kubernetes/namespace";
import { NAMED, type MaterialTexts } from "../../targets/kubernetes/texts";
import { stackObjects } from "../../targets/kubernetes/workload-objects";
import type { Manifest } from "./cluster-objects";
import { issuePki, type Pki } from "./pki";

/** Certificates of a stack, in a directory. */
export const pkiOf = (config: StackConfig, directory: string): Promise<Pki> =>
  issuePki(directory, certificateSpecs(config));

function materialsOf(config: StackConfig, pki: Pki): MaterialTexts {
  const trusted = (file: string) => readFileSync(join(pki.trust, file), "utf8");
  const pair = (name: string) => {
    const read = (file: string) => readFileSync(join(pki.identity(name), file), "utf8");
    return { certificate: read("tls.crt"), key: read("tls.key") };
  };
  return {
    trust: {
      root: trusted("root.crt"),
      services: trusted("services.crt"),
      clients: trusted("clients.crt"),
    },
    identities: Object.fromEntries(
      certificateSpecs(config).map(({ name }) => [name, pair(name)] as const),
    ),
    secrets: new Proxy({} as Record<SecretName, string>, {
      get: (_, name) => `secret-of-${String(name)}`,
    }),
  };
}

/** Every object of a stack, with its certificates as they are now, in the order of its making. */
export function objectsOf(config: StackConfig, pki: Pki): Manifest[] {
  const cluster = clusterOf(config);
  const target = { layout: kubernetesLayout };
  const workloads = [...serviceWorkloads(config, target), ...applicationWorkloads(config, target)];
  const making = { cluster, materials: materialsOf(config, pki), texts: NAMED };
  // With materials that are at hand, every name is.
  return stackObjects(making, namespaceObjects(cluster), workloads) as Manifest[];
}
