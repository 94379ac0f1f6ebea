import type { Subject } from "../../policy/rule";

type Props = Record<string, unknown>;

const STACK = "tracekeep:index:ObservabilityStack";

/** A resource as a policy gets it. */
export function subject(
  type: string,
  name: string,
  props: Props,
  opts: Partial<Subject["opts"]> = {},
  component = "Tempo",
): Subject {
  return {
    type,
    name,
    urn: `urn:pulumi:prod::tracekeep::${STACK}$tracekeep:index:${component}$${type}::${name}`,
    props,
    opts: {
      protect: false,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
      ...opts,
    },
  };
}

/**
 * A copy. Not by `structuredClone`: what that makes under Jest is of another realm, and the runtime's
 * proxy, which asks `instanceof Object`, would let it through unchecked.
 */
export const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/**
 * A copy in which what stands at a path is another value, or, without one, is not there.
 *
 * @param path `props` and keys and places below it: `spec.template.spec.containers.0.image`.
 */
export function changed(from: Subject, path: string, ...value: unknown[]): Subject {
  const copy = copyOf(from);
  const keys = path.split(".");
  const last = keys.pop()!;
  const holder = keys.reduce<Props>((node, key) => {
    node[key] ??= {};
    return node[key] as Props;
  }, copy.props);
  if (value.length === 0) delete holder[last];
  else [holder[last]] = value;
  return copy;
}

/** The same in a container of Docker's or in the first container of a pod. */
export const inContainer = (from: Subject, path: string, ...value: unknown[]): Subject =>
  changed(from, `spec.template.spec.containers.0.${path}`, ...value);

/** The same in a pod. */
export const inPod = (from: Subject, path: string, ...value: unknown[]): Subject =>
  changed(from, `spec.template.spec.${path}`, ...value);

export const CONTAINER = "docker:index/container:Container";

export const DIGEST = `sha256:${"0a".repeat(32)}`;

const docker = (name: string, props: Props): Subject =>
  subject(CONTAINER, name, {
    image: DIGEST,
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    logDriver: "json-file",
    logOpts: { "max-file": "3", "max-size": "10m" },
    memory: 512,
    memorySwap: 512,
    labels: [
      { label: "tracekeep.service", value: "tempo" },
      { label: "tracekeep.stack", value: "prod" },
    ],
    ...props,
  });

/** A service on Docker that holds to every rule. */
export const dockerService = docker("tempo", {
  cpus: "1.5",
  user: "10001:10001",
  readOnly: true,
  networkMode: "bridge",
  restart: "unless-stopped",
  destroyGraceSeconds: 20,
  stopTimeout: 20,
  healthcheck: { tests: ["CMD", "/tempo", "-health"] },
  envs: ["GOMEMLIMIT=1768318566", "AWS_SHARED_CREDENTIALS_FILE=/etc/tracekeep/secrets/s3"],
  command: ["-config.file=/etc/tracekeep/config/tempo.yaml"],
  ports: [{ internal: 3200, external: 3200, ip: "127.0.0.1", protocol: "tcp" }],
  volumes: [{ volumeName: "tracekeep-prod-tempo-data", containerPath: "/var/tempo" }],
});

/** What sets owners in a volume. */
export const dockerHelper = docker("tempo-data-owner", {
  capabilities: { adds: ["CAP_CHOWN"], drops: ["ALL"] },
  user: "0:0",
  readOnly: true,
  networkMode: "none",
  restart: "no",
  entrypoints: ["sh", "-ec"],
  command: ["chown 10001:10001 /var/tempo"],
});

/** A container of Docker's that takes a file of a service, and the ConfigMap that does. */
export function files(
  service: string,
  file: string,
  text: string,
): Record<"docker" | "kubernetes", Subject> {
  const uploaded = docker(`${service}-config-writer`, {
    start: false,
    restart: "no",
    labels: [{ label: "tracekeep.service", value: service }],
    uploads: [{ file: `/etc/tracekeep/config/${file}`, content: text, permissions: "0444" }],
  });
  const map = kubernetes("core/v1:ConfigMap", `${service}-config`, {
    metadata: metadata(service),
    data: { [file.replaceAll("/", "__")]: text },
  });
  return { docker: uploaded, kubernetes: map };
}

/** The same file where secrets stand. */
export function secretFiles(
  service: string,
  file: string,
  text: string,
): Record<"docker" | "kubernetes", Subject> {
  const { docker: uploaded } = files(service, file, text);
  return {
    docker: changed(uploaded, "uploads.0.file", `/etc/tracekeep/secrets/${file}`),
    kubernetes: kubernetes("core/v1:Secret", `${service}-secrets`, {
      metadata: metadata(service),
      stringData: { [file.replaceAll("/", "__")]: text },
    }),
  };
}

const selector = (name: string) => ({
  "app.kubernetes.io/instance": "prod",
  "app.kubernetes.io/name": name,
});

export const metadata = (name: string) => ({
  name,
  namespace: "tracekeep-prod",
  labels: selector(name),
});

export const kubernetes = (
  kind: string,
  name: string,
  props: Props,
  opts: Partial<Subject["opts"]> = {},
): Subject => subject(`kubernetes:${kind}`, name, props, opts);

/** A service on Kubernetes that holds to every rule. */
export const statefulSet = kubernetes("apps/v1:StatefulSet", "tempo", {
  metadata: metadata("tempo"),
  spec: {
    replicas: 1,
    selector: { matchLabels: selector("tempo") },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    template: {
      metadata: { labels: selector("tempo") },
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 20,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 10001,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "tempo",
            image: `docker.io/grafana/tempo:3.0.3@${DIGEST}`,
            args: ["-config.file=/etc/tracekeep/config/tempo.yaml"],
            env: [
              { name: "GOMEMLIMIT", value: "1768318566" },
              { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            ],
            ports: [{ name: "http", containerPort: 3200 }],
            resources: { limits: { cpu: "1500m", memory: "512Mi" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { drop: ["ALL"] },
              privileged: false,
              readOnlyRootFilesystem: true,
            },
            readinessProbe: { exec: { command: ["/tempo", "-health"] } },
            volumeMounts: [{ name: "config", mountPath: "/etc/tracekeep/config", readOnly: true }],
          },
        ],
        volumes: [
          { name: "config", configMap: { name: "tempo-config" } },
          { name: "identity", secret: { secretName: "tempo-identity", defaultMode: 0o440 } },
        ],
      },
    },
  },
});

const policy = (name: string, spec: object): Subject =>
  kubernetes("networking.k8s.io/v1:NetworkPolicy", `${name}-networkpolicy`, {
    metadata: metadata(name),
    spec: { policyTypes: ["Ingress", "Egress"], ...spec },
  });

/** What lets Prometheus in and S3 out. */
export const networkPolicy = policy("tempo", {
  podSelector: { matchLabels: selector("tempo") },
  ingress: [
    {
      from: [{ podSelector: { matchLabels: selector("prometheus") } }],
      ports: [{ protocol: "TCP", port: 3200 }],
    },
  ],
  egress: [
    {
      to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }],
      ports: [{ protocol: "TCP", port: 443 }],
    },
  ],
});

export const denyAll = policy("deny-all", { podSelector: {} });
