import type * as pulumi from "@pulumi/pulumi";
import type { SecretName } from "../components/stack/secrets";
import type { Remote } from "../components/verification/target";
import type { Grant } from "./grant";
import type { Layout } from "./layout";
import type { Workload } from "./workload";

/** The trust bundles of the stack, PEM. Each holds every generation that is trusted. */
export interface TrustBundle {
  root: pulumi.Output<string>;
  services: pulumi.Output<string>;
  clients: pulumi.Output<string>;
}

/** A leaf certificate (followed by its issuer) and its key, PEM. */
export interface IdentityMaterial {
  certificate: pulumi.Output<string>;
  key: pulumi.Output<string>;
}

/** What Workloads only name: certificates, keys and secrets. */
export interface Materials {
  trust: TrustBundle;
  identities: Readonly<Record<string, IdentityMaterial>>;
  secrets: Readonly<Record<SecretName, pulumi.Output<string>>>;
}

/** A deployed Workload. */
export interface Endpoint {
  name: string;
  /** Resources that stand once the process is up (and healthy, where that can be probed). */
  ready: pulumi.Resource[];
  /** Changes with every replacement of the process. */
  instance: pulumi.Output<string>;
  /** `host:port` on the host of what is published, by the listener's name. */
  published: Record<string, string>;
}

/** Runs Workloads. Made once a stack, with what the Workloads name. */
export interface Deployer {
  deploy(workload: Workload, opts: pulumi.ComponentResourceOptions): Endpoint;
  /** Leaves what it is given beside an application that the stack does not run, where there is such a place. */
  grant?(grant: Grant, opts: pulumi.ComponentResourceOptions): void;
}

/** What the stack is deployed to. It knows no service, and no service knows it. */
export interface Target {
  /** How what it publishes is reached, where that is not by dialling it. */
  remote?: Remote;
  /** Layout of the container of a service or an application. */
  layout(name: string): Layout;
  /**
   * DNS names, besides the short one, at which a service is reached on this target.
   *
   * @param replicas how many of it run, each of which may have names of its own.
   */
  serverNames(service: string, replicas: number): string[];
  deployer(materials: Materials, opts: pulumi.ComponentResourceOptions): Deployer;
}
