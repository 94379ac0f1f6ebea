import type { Limits } from "../config/capacity";
import type { Zone } from "../components/stack/connections";
import type { SecretName } from "../components/stack/secrets";

/**
 * What a service needs to run, in words that every target understands. A Workload is plain data,
 * computed before anything is created; secrets and keys are named in it, never contained.
 */
export interface Workload {
  /** DNS short name, equal on every target: what peers dial and the certificate carries. */
  name: string;
  /** Reference of the image, with its digest where it is locked. */
  image: string;
  /** User and group that the process runs as. */
  user: { uid: number; gid: number };
  /** Replaces the image's entry point. Default: the image's own. */
  entrypoint?: string[];
  args: string[];
  /**
   * How the program itself judges its files: it ends, well if it would take them, without serving
   * anybody. Default: none, for it has no such way.
   */
  configCheck?: { entrypoint?: string[]; args: string[] };
  /** Plain environment variables; never a secret. */
  env: Record<string, string>;
  /** Configuration documents: a change of one replaces the container. */
  files: ConfigFile[];
  /** Files made of secrets; a change of one replaces the container. */
  secretFiles: SecretFile[];
  /** Leaf certificates with their keys, refreshed in place. */
  identities: IdentityMount[];
  ports: WorkloadPort[];
  /** The data volume. */
  storage?: Storage;
  /**
   * What stands before it, where its data can be seen and not changed: in a container of its own, on
   * a cluster in its pod. It has neither storage nor secrets, and its files have names of their own.
   */
  beside?: Workload[];
  /** Directories of the host, absolute, that it reads and never writes, at the same path. Default: none. */
  hostDirectories?: string[];
  /**
   * Whether one runs on every host of the target, beside what it reads there, with its storage on
   * that host. Default: not.
   */
  perHost?: boolean;
  /** Environment variable that holds the name of its host. Default: none, where there is one host. */
  hostNameVariable?: string;
  /** Namespaces whose pods it reads of, by the API of the cluster that it runs in. Default: none. */
  readsPods?: readonly string[] | "all";
  /** Directories in memory that the process may write to. */
  writable: string[];
  probe: Probe;
  /** How a target asks that can dial the process. Default: as `probe` says. */
  dialledProbe?: DialledProbe;
  limits: Limits;
  /** How many run, each with storage of its own. Default: 1. */
  replicas?: number;
  /** How many run by the CPU that they take, in place of `replicas`, which is then the least. */
  autoscale?: {
    most: number;
    /** Cores of each, on average, above which one more is started. */
    cpus: number;
  };
  /** Environment variable that holds a replica's own name; `$(NAME)` in `args` stands for it. */
  replicaNameVariable?: string;
  /** The same of its IP address. */
  replicaAddressVariable?: string;
  /** Whether each replica is dialled, and not whichever answers: what stores is found so anyway. */
  eachDialled?: boolean;
  /** Seconds between SIGTERM and SIGKILL: enough to flush. */
  stopGrace: number;
  /** Whether it loses less when it is killed at once than when it is told to end. Default: not. */
  endsByKill?: boolean;
  /** Seconds that a replica that is to end goes on serving those who have not noticed. Default: none. */
  linger?: number;
  /** Workload that is reached at this one's name in its place. Its own replicas are found all the same. */
  front?: { name: string; ports: WorkloadPort[] };
  /** Networks that it joins; only `egress` leads out of the stack. */
  zones: Zone[];
  /** Services of the stack that it dials, and so starts after. */
  connectsTo: string[];
  /** Connections that it makes, as the connection table has them. */
  dials: Edge[];
  /** Connections that are made to it. */
  dialledBy: Edge[];
}

/** One end of a connection, seen from the other. */
export interface Edge {
  /**
   * A Workload of the stack, applications that it does not run, all or one, browsers, what passes on
   * the world's requests, all pods of a namespace, the cluster's own API, or what is elsewhere, with
   * its name or address where that is known.
   */
  peer:
    | { kind: "workload"; name: string; perHost?: boolean }
    | { kind: "applications" }
    | { kind: "application"; name: string; namespace?: string }
    | { kind: "browsers" }
    | { kind: "entrance"; namespaces: readonly string[]; addresses: readonly string[] }
    | { kind: "namespace"; name: string }
    | { kind: "clusterApi" }
    | { kind: "outside"; purpose: Purpose; host?: string };
  /** Port inside the container that is dialled. Default: not known, any. */
  port?: number;
}

/** What somebody outside of the stack is dialled for. */
export type Purpose =
  | "objectStorage"
  | "alertReceivers"
  | "identityProvider"
  | "database"
  | "extraReceivers"
  | "scrapeTargets"
  | "applications";

export interface ConfigFile {
  /** Absolute path inside the container, under the layout's configuration directory. */
  path: string;
  content: string;
}

export interface SecretFile {
  /** Absolute path inside the container, under the layout's secrets directory. */
  path: string;
  /** The secrets that the file is made of. */
  secrets: readonly SecretName[];
  /** The file's text from their values, in the same order. */
  render: (values: readonly string[]) => string;
}

export interface IdentityMount {
  /** Name of the certificate specification. */
  certificate: string;
  /** Directory of `tls.crt` (leaf, then issuer) and `tls.key`. */
  directory: string;
  /**
   * How the process takes a renewed certificate: by itself (`watch`), by a call of its API that the
   * stack makes (`api`), or by a restart (`restart`).
   */
  reload: "watch" | "api" | "restart";
  /** Further files of the directory, refreshed with the certificates that they tell of. */
  liveFiles?: LiveFile[];
}

/**
 * A document that is not known before the certificates are. All others are plain texts in `files`;
 * this one changes with every renewal, which must replace no container.
 */
export interface LiveFile {
  /** Absolute path inside the container, in the identity's directory. */
  path: string;
  render: (issued: IssuedCertificates) => string;
}

/** Every certificate of the stack, PEM, without any key. */
export interface IssuedCertificates {
  /** Bundle of the roots. */
  root: string;
  /** Bundle of the issuers whose leaves are accepted anywhere. */
  issuers: string;
  /** Leaf certificates, each followed by its issuer, by the name of their specification. */
  leaves: Readonly<Record<string, string>>;
}

export interface WorkloadPort {
  /** Name of the listener in the connection table. */
  name: string;
  number: number;
  /** Where the host publishes it. Default: nowhere. */
  publish?: { bind: string; port: number };
  /** How it is reached by a public name, where the options ask for that. */
  route?: {
    host: string;
    /** Whether it demands client certificates, so that nothing may end TLS before it. */
    passThrough: boolean;
    /** What the world is shown where TLS ends before it. Default: somebody else's. */
    certificate?: { chain: string; key: SecretName };
  };
}

export interface Storage {
  /** Directory of the data. */
  path: string;
  /** Whether the image ships the directory owned by its user, so that a fresh volume is writable. */
  ownedByImage: boolean;
}

/**
 * A question over the network. `http` is plaintext, on a port that is no listener for peers: only
 * who runs the process may reach it.
 */
export type DialledProbe =
  | { kind: "https"; listener: string; path: string }
  | { kind: "http"; port: number; path: string }
  | { kind: "tcp"; listener: string };

/** How a target learns that the process is well. */
export type Probe = { kind: "exec"; command: string[] } | { kind: "none"; reason: string };
