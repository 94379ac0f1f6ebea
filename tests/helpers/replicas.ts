import { certificateSpecs, type CertificateSpec } from "../../components/pki/certificate-spec";
import type { StackConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";

/** Address of a replica: each has a loopback address of its own, and the service's ports. */
export const replicaAddress = (replica: number): string => `127.0.0.${replica + 1}`;

/** Name of a replica; the first is called as the service. */
export const replicaName = (service: ServiceName, replica: number): string =>
  replica === 0 ? service : `${service}-${replica}`;

/** The specifications, with the addresses of replicas in them as a target has their names. */
export const specsOf = (config: StackConfig): CertificateSpec[] =>
  certificateSpecs(config).map((spec) => {
    const replicas = config.replicas[spec.name as keyof StackConfig["replicas"]] ?? 1;
    const addresses = Array.from({ length: replicas }, (_, index) => replicaAddress(index));
    return { ...spec, ipAddresses: [...new Set([...spec.ipAddresses, ...addresses])] };
  });
