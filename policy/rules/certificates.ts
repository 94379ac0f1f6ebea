import { OPERATOR, VERIFICATION } from "../../components/pki/certificate-spec";
import { SERVICES } from "../../config/services";
import { rulesOver, type Part, type Subject } from "../rule";
import { rowsOf } from "../views/listeners";

const HOURS_A_DAY = 24;

/** Types of the resources around one: its URN names them. */
const isIn = ({ urn }: Subject, component: string) =>
  (urn.split("::")[2] ?? "").split("$").includes(`tracekeep:index:${component}`);

interface Certificate extends Part {
  name: string;
  /** Whether the stack's own CA asks for it. */
  ofCa: boolean;
  selfSigned: boolean;
  props: {
    isCaCertificate?: boolean;
    maxPathLength?: number;
    allowedUses?: string[];
    validityPeriodHours?: number;
    earlyRenewalHours?: number;
  };
}

const SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert";
const LOCALLY_SIGNED = "tls:index/locallySignedCert:LocallySignedCert";

const certificatesOf = (subject: Subject): Certificate[] =>
  [SELF_SIGNED, LOCALLY_SIGNED].includes(subject.type)
    ? [
        {
          where: `certificate ${subject.name}`,
          name: subject.name,
          ofCa: isIn(subject, "CertificateAuthority"),
          selfSigned: subject.type === SELF_SIGNED,
          props: subject.props,
        },
      ]
    : [];

const certificate = rulesOver(certificatesOf);
const leaf = rulesOver((subject) => certificatesOf(subject).filter(({ ofCa }) => !ofCa));

export const onlyTheCa = certificate({
  name: "only-the-ca",
  description: "Only certificates of the stack's CA sign others, and only its root signs itself.",
  broken: ({ ofCa, selfSigned, props }) => !ofCa && (selfSigned || props.isCaCertificate === true),
});

const CA_USES = ["cert_signing", "crl_signing"];

export const caUses = rulesOver((subject) => certificatesOf(subject).filter(({ ofCa }) => ofCa))({
  name: "ca-uses",
  description: "A certificate of the CA signs, and is good for nothing else.",
  broken: ({ props }) =>
    props.isCaCertificate !== true ||
    !(props.allowedUses ?? []).includes("cert_signing") ||
    (props.allowedUses ?? []).some((use) => !CA_USES.includes(use)),
});

const LEAF_USES = ["digital_signature", "server_auth", "client_auth"];

const isDialled = (service: string) => rowsOf(service).some(({ reach }) => reach === "network");
/** Who only dials: nobody may take it for a server. */
const CLIENTS = [OPERATOR, VERIFICATION, ...SERVICES.filter((service) => !isDialled(service))];

export const leafUses = leaf({
  name: "leaf-uses",
  description:
    "A leaf identifies a client, a service's also a server, and it is good for nothing else.",
  broken: ({ name, props: { allowedUses: uses = [] } }) =>
    uses.some((use) => !LEAF_USES.includes(use)) ||
    !uses.includes("digital_signature") ||
    !uses.includes("client_auth") ||
    (uses.includes("server_auth") ? CLIENTS.includes(name) : isDialled(name)),
});

export const leafLifetime = leaf<{ days: number }>({
  name: "leaf-lifetime",
  description: "A leaf lives no longer than it must, for it cannot be called back.",
  options: {
    days: { type: "integer", minimum: 1, default: 90, description: "Longest lifetime." },
  },
  broken: ({ props }, { days }) => {
    const hours = props.validityPeriodHours ?? 0;
    return hours <= 0 || hours > days * HOURS_A_DAY;
  },
});

export const renewalWindow = certificate<{ days: number }>({
  name: "renewal-window",
  description: "A certificate is renewed well before its end, and not from its beginning on.",
  options: {
    days: { type: "integer", minimum: 1, default: 7, description: "Least time before its end." },
  },
  broken: ({ props: { earlyRenewalHours = 0, validityPeriodHours = 0 } }, { days }) =>
    earlyRenewalHours < days * HOURS_A_DAY || earlyRenewalHours >= validityPeriodHours,
});

interface Request extends Part {
  name: string;
  ofCa: boolean;
  props: { subject?: { commonName?: string }; dnsNames?: string[]; ipAddresses?: string[] };
}

const requestsOf = (subject: Subject): Request[] =>
  subject.type === "tls:index/certRequest:CertRequest"
    ? [
        {
          where: `certificate request ${subject.name}`,
          name: subject.name,
          ofCa: isIn(subject, "CertificateAuthority"),
          props: subject.props,
        },
      ]
    : [];

export const certificateNames = rulesOver(requestsOf)({
  name: "certificate-names",
  description:
    "A certificate names whom it is for, a leaf also as a host, and none is for any host.",
  broken: ({ name, ofCa, props: { subject, dnsNames = [] } }) =>
    !subject?.commonName ||
    (!ofCa && !dnsNames.includes(name)) ||
    dnsNames.some((dns) => dns.includes("*")),
});

interface Key extends Part {
  props: { algorithm?: string; ecdsaCurve?: string; rsaBits?: number };
}

const keysOf = ({ type, name, props }: Subject): Key[] =>
  type === "tls:index/privateKey:PrivateKey" ? [{ where: `key ${name}`, props }] : [];

const CURVES = ["P256", "P384", "P521"];
const RSA_BITS = 3072;

export const keyStrength = rulesOver(keysOf)({
  name: "key-strength",
  description: "A key is of an elliptic curve of 256 bits or more, Ed25519, or RSA of 3072 bits.",
  broken: ({ props: { algorithm, ecdsaCurve = "", rsaBits = 0 } }) =>
    algorithm !== "ED25519" &&
    !(algorithm === "ECDSA" && CURVES.includes(ecdsaCurve)) &&
    !(algorithm === "RSA" && rsaBits >= RSA_BITS),
});
