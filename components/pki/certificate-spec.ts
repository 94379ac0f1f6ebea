import { replicaCount } from "../../config/capacity";
import type { StackConfig } from "../../config/parse";
import { dialledName } from "../../config/services";
import { isAnnotated } from "../application/annotated";
import { enabledServices } from "../stack/connections";
import type { Issuer } from "../stack/listeners";

export type CertificateUse = "digital_signature" | "server_auth" | "client_auth";

/** Of who is dialled, too. */
const BOTH_WAYS: CertificateUse[] = ["digital_signature", "server_auth", "client_auth"];

/** What stands in a leaf certificate. Lists are sorted: the provider replaces a leaf when their order changes. */
export interface CertificateSpec {
  /** Name of the identity; also the common name. */
  name: string;
  issuer: Issuer;
  dnsNames: string[];
  ipAddresses: string[];
  uses: CertificateUse[];
}

/** Certificate of the operator: opens what services open. */
export const OPERATOR = "operator";
/** The application that the verification plays. */
export const VERIFICATION = "verification";
/** Certificate with which an application queries (`reads:`). */
export const readerName = (application: string): string => `${application}-reader`;

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const sorted = (names: readonly string[]) => [...new Set(names)].sort();

function client(name: string, issuer: Issuer): CertificateSpec {
  return {
    name,
    issuer,
    dnsNames: [name],
    ipAddresses: [],
    uses: ["digital_signature", "client_auth"],
  };
}

/**
 * Every leaf of the stack.
 *
 * @param serverNames further DNS names of a service on the target, besides its short name; the
 * number of its replicas decides with it.
 */
export function certificateSpecs(
  config: StackConfig,
  serverNames: (service: string, replicas: number) => readonly string[] = () => [],
): CertificateSpec[] {
  const services = enabledServices(config).map((service): CertificateSpec => {
    // It sends as applications do, and needs nothing else opened to it.
    if (service === "log-agent") return client(service, "applications");
    const name = dialledName(service);
    const further =
      name === service
        ? serverNames(service, replicaCount(config, service))
        : [service, ...serverNames(service, 1), ...serverNames(name, 1)];
    const hosts = config.hostNames[name];
    return {
      name: service,
      issuer: "services",
      dnsNames: sorted([
        name,
        "localhost",
        ...further,
        ...hosts.filter((host) => !IPV4.test(host)),
      ]),
      ipAddresses: sorted(["127.0.0.1", ...hosts.filter((host) => IPV4.test(host))]),
      // Both: Tempo and Loki dial themselves with the certificate that they serve.
      uses: BOTH_WAYS,
    };
  });
  const applications = config.apps.flatMap((app): CertificateSpec[] => {
    const { name, reads, scrape } = app;
    const own = client(name, "applications");
    if (isAnnotated(config, app)) own.uses = BOTH_WAYS;
    if (scrape?.tls) {
      const host = scrape.target?.replace(/:\d+$/, "") ?? name;
      own.uses = BOTH_WAYS;
      own.dnsNames = sorted([name, ...(IPV4.test(host) ? [] : [host])]);
      own.ipAddresses = IPV4.test(host) ? [host] : [];
    }
    return reads.length > 0 ? [own, client(readerName(name), "services")] : [own];
  });
  return [
    ...services,
    ...applications,
    client(OPERATOR, "services"),
    client(VERIFICATION, "applications"),
  ];
}
