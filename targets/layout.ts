import type { ServiceName } from "../config/services";

/**
 * Environment variables of a Workload (`replicaNameVariable`, `replicaAddressVariable`) that
 * `Layout.self` and `Layout.selfAddress` ask for.
 */
export const REPLICA = { name: "REPLICA_NAME", address: "REPLICA_ADDRESS" } as const;

/** Environment variable of a Workload (`hostNameVariable`) that holds the name of its host. */
export const HOST_NAME = "HOST_NAME";

/**
 * Where a process finds its files, listens and reaches its peers. Containers have one layout; the
 * conformance tests give each server another, in a temporary directory on free loopback ports.
 */
export interface Layout {
  /** Directory of the configuration documents. */
  config: string;
  /** Directory of the trust bundles: `root.crt`, `services.crt`, `clients.crt`. */
  trust: string;
  /** Directory of the identity: `tls.crt` (leaf, then issuer) and `tls.key`. */
  identity: string;
  /** Directory of secret files. */
  secrets: string;
  /** Directory of the data that is kept. */
  data: string;
  /** Mount point of the file system that holds it. */
  dataMount: string;
  /** Directory of scratch files, in memory. */
  scratch: string;
  /** Address that network listeners bind to. */
  bind: string;
  /** Address that nobody but the process itself and what runs beside it reaches. */
  loopback: string;
  /** Address that plaintext health listeners bind to, where a command inside cannot ask them. */
  probeBind: string;
  /** How the host keeps what containers log: Docker's `json-file` files, or those of pods. */
  containerLogs: "json-file" | "pods";
  /** Port of one of the process's own listeners. */
  listen(listener: string): number;
  /** `host:port` at which this process reaches a peer's listener (or its own, from outside). */
  peer(service: ServiceName, listener: string): string;
  /** `host:port` at which what stands before this process dials one of its listeners. */
  behind(listener: string): string;
  /** `host:port` of one replica of a service that stores, counted from 0. */
  replica(service: ServiceName, index: number, listener: string): string;
  /** `host:port` that stands for all replicas of a service: a name with an address of each. */
  replicas(service: ServiceName, listener: string): string;
  /** `host:port` at which the others reach this replica of a service that stores, for arguments. */
  self(listener: string): string;
  /** The same with its IP address, where a name will not do. */
  selfAddress(listener: string): string;
}

/** Files that every layout has, by their use. */
export function tlsFiles(layout: Layout) {
  return {
    /** Leaf certificate followed by its issuer. */
    certificate: `${layout.identity}/tls.crt`,
    key: `${layout.identity}/tls.key`,
    /** What every client verifies servers against. */
    root: `${layout.trust}/root.crt`,
    /** Client CA of listeners that take services and the operator only. */
    services: `${layout.trust}/services.crt`,
    /** Client CA of listeners that take applications too. */
    clients: `${layout.trust}/clients.crt`,
  };
}
