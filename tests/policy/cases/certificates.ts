import * as certificates from "../../../policy/rules/certificates";
import * as images from "../../../policy/rules/images";
import type { Subject } from "../../../policy/rule";
import {
  changed,
  DIGEST,
  dockerService,
  inContainer,
  inPod,
  statefulSet,
  subject,
} from "../subjects";
import { LOCKED_TAG, OPEN_TAG } from "../lock";
import type { Case } from "./case";

const image = (name: string) => subject("docker:index/remoteImage:RemoteImage", name, { name });
const PINNED = `docker.io/grafana/tempo:3.0.3@${DIGEST}`;

export const IMAGES: Case[] = [
  {
    rule: images.imageDigest,
    passing: [
      image(PINNED),
      dockerService,
      statefulSet,
      changed(dockerService, "image", PINNED),
      changed(dockerService, "image", LOCKED_TAG),
      changed(
        dockerService,
        "image",
        LOCKED_TAG.replace("docker.io", "mirror.example.org:5000/all"),
      ),
    ],
    failing: {
      "locked, but pulled by its tag": image(LOCKED_TAG),
      "locked, but in a pod": inContainer(statefulSet, "image", LOCKED_TAG),
      "not locked": changed(dockerService, "image", OPEN_TAG),
      "by its tag": image("docker.io/grafana/tempo:3.0.3"),
      "by a digest that is none": image("docker.io/grafana/tempo@sha256:3.0.3"),
      "a digest and something behind it": image(`${PINNED}-debug`),
      "one that is not pulled": changed(dockerService, "image", "tempo:3.0.3"),
      "nothing at all": changed(dockerService, "image"),
      "in a pod": inContainer(statefulSet, "image", "docker.io/grafana/tempo:latest"),
      "before the pod's container": inPod(statefulSet, "initContainers", [{ image: "busybox" }]),
    },
    says: {
      "by its tag": ["image docker.io/grafana/tempo:3.0.3"],
      "one that is not pulled": ["container tempo"],
      "in a pod": ["statefulset tempo"],
      "before the pod's container": ["statefulset tempo, initContainers[0]"],
    },
  },
  {
    rule: images.imageRegistry,
    passing: [
      image(PINNED),
      dockerService,
      statefulSet,
      image("grafana/tempo:3.0.3"),
      image("tempo"),
      image("localhost"),
    ],
    failing: {
      "another one": image("registry.example.org/grafana/tempo:3.0.3"),
      "with a port": image("registry:5000/tempo"),
      "this machine's": image("localhost/tempo"),
      "in a pod": inContainer(statefulSet, "image", `quay.io/grafana/tempo@${DIGEST}`),
    },
    allowed: [[{ registries: ["registry.example.org"] }, image("registry.example.org/tempo")]],
  },
];

const SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert";
const LOCALLY_SIGNED = "tls:index/locallySignedCert:LocallySignedCert";

const LIFETIMES = { validityPeriodHours: 2160, earlyRenewalHours: 720 };
const root = subject(
  SELF_SIGNED,
  "root-g1",
  {
    isCaCertificate: true,
    maxPathLength: 1,
    allowedUses: ["cert_signing", "crl_signing"],
    validityPeriodHours: 87_600,
    earlyRenewalHours: 2161,
  },
  {},
  "CertificateAuthority",
);
const issuer: Subject = { ...root, type: LOCALLY_SIGNED, name: "services-g1" };
const SERVES = ["digital_signature", "server_auth", "client_auth"];
const DIALS = ["digital_signature", "client_auth"];
const leaf = (name: string, props: object = {}) =>
  subject(
    LOCALLY_SIGNED,
    name,
    {
      allowedUses: ["operator", "verification", "log-agent", "shop"].includes(name)
        ? DIALS
        : SERVES,
      ...LIFETIMES,
      ...props,
    },
    {},
    "Identity",
  );

const request = (name: string, props: object = {}, component = "Identity") =>
  subject(
    "tls:index/certRequest:CertRequest",
    name,
    {
      subject: { commonName: name },
      dnsNames: [name, "localhost"],
      ipAddresses: ["127.0.0.1"],
      ...props,
    },
    {},
    component,
  );

const key = (props: object) => subject("tls:index/privateKey:PrivateKey", "tempo", { ...props });

const sound = [root, issuer, leaf("tempo"), leaf("operator"), leaf("shop")];

export const CERTIFICATES: Case[] = [
  {
    rule: certificates.onlyTheCa,
    passing: [...sound, dockerService],
    failing: {
      "a leaf that signs": leaf("tempo", { isCaCertificate: true }),
      "one that signs itself": { ...leaf("tempo"), type: SELF_SIGNED },
    },
  },
  {
    rule: certificates.caUses,
    passing: [...sound, changed(root, "allowedUses", ["cert_signing"])],
    failing: {
      "no CA": changed(issuer, "isCaCertificate"),
      "that cannot sign": changed(issuer, "allowedUses", ["crl_signing"]),
      "nothing said": changed(root, "allowedUses"),
      "that serves as well": changed(issuer, "allowedUses", ["cert_signing", "server_auth"]),
    },
  },
  {
    rule: certificates.leafUses,
    passing: [...sound, leaf("log-agent"), leaf("shop", { allowedUses: SERVES })],
    failing: {
      "that signs": leaf("tempo", { allowedUses: [...SERVES, "cert_signing"] }),
      "without a signature": leaf("tempo", { allowedUses: ["server_auth", "client_auth"] }),
      "that cannot dial": leaf("tempo", { allowedUses: ["digital_signature", "server_auth"] }),
      "a service that cannot serve": leaf("tempo", { allowedUses: DIALS }),
      "a person that serves": leaf("operator", { allowedUses: SERVES }),
      "the check that serves": leaf("verification", { allowedUses: SERVES }),
      "a service that nobody dials": leaf("log-agent", { allowedUses: SERVES }),
      nothing: leaf("tempo", { allowedUses: undefined }),
    },
  },
  {
    rule: certificates.leafLifetime,
    passing: [...sound, leaf("tempo", { validityPeriodHours: 1 })],
    failing: {
      "a day longer": leaf("tempo", { validityPeriodHours: 91 * 24 }),
      "an hour longer": leaf("tempo", { validityPeriodHours: 2161 }),
      none: leaf("tempo", { validityPeriodHours: 0 }),
      "nothing said": leaf("tempo", { validityPeriodHours: undefined }),
    },
    allowed: [[{ days: 365 }, leaf("tempo", { validityPeriodHours: 365 * 24 })]],
  },
  {
    rule: certificates.renewalWindow,
    passing: [...sound, leaf("tempo", { earlyRenewalHours: 168 })],
    failing: {
      "a day before": leaf("tempo", { earlyRenewalHours: 24 }),
      "an hour too late": leaf("tempo", { earlyRenewalHours: 167 }),
      "nothing said": leaf("tempo", { earlyRenewalHours: undefined }),
      "at once": leaf("tempo", { earlyRenewalHours: 2160 }),
      "no lifetime": leaf("tempo", { validityPeriodHours: undefined }),
      "of the root": changed(root, "earlyRenewalHours", 0),
    },
    allowed: [[{ days: 1 }, leaf("tempo", { earlyRenewalHours: 24 })]],
  },
  {
    rule: certificates.certificateNames,
    passing: [
      request("tempo"),
      request("services-g1", { dnsNames: undefined }, "CertificateAuthority"),
      request("shop-reader", { ipAddresses: [] }),
    ],
    failing: {
      nobody: request("tempo", { subject: {} }),
      "nobody at all": request("tempo", { subject: undefined }),
      "an issuer without a name": request("services-g1", { subject: {} }, "CertificateAuthority"),
      "no host": request("tempo", { dnsNames: undefined }),
      "another host": request("tempo", { dnsNames: ["loki"] }),
      "any host": request("tempo", { dnsNames: ["tempo", "*.example.org"] }),
    },
  },
  {
    rule: certificates.keyStrength,
    passing: [
      key({ algorithm: "ECDSA", ecdsaCurve: "P256" }),
      key({ algorithm: "ECDSA", ecdsaCurve: "P384" }),
      key({ algorithm: "ECDSA", ecdsaCurve: "P521" }),
      key({ algorithm: "ED25519" }),
      key({ algorithm: "RSA", rsaBits: 3072 }),
    ],
    failing: {
      "a small curve": key({ algorithm: "ECDSA", ecdsaCurve: "P224" }),
      "the provider's own curve": key({ algorithm: "ECDSA" }),
      "short RSA": key({ algorithm: "RSA", rsaBits: 2048 }),
      "the provider's own RSA": key({ algorithm: "RSA" }),
      "nothing said": key({}),
      "one kind with the other's size": key({ algorithm: "ECDSA", rsaBits: 4096 }),
      "the other way round": key({ algorithm: "RSA", ecdsaCurve: "P256" }),
    },
  },
];
