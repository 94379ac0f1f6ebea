import * as pulumi from "@pulumi/pulumi";
import type { Deployer, Endpoint } from "../targets/target";
import type { Workload } from "../targets/workload";

/** What a service's component takes. */
export interface ServiceArgs {
  /** What the room's `config.ts` says the service needs. */
  workload: Workload;
  deployer: Deployer;
}

/** A service of the stack: its Workload, run by the target. */
export abstract class ServiceComponent extends pulumi.ComponentResource {
  readonly endpoint: Endpoint;

  /**
   * @param type the class's name, for the type token.
   * @param opts `dependsOn` holds the service's own process back, not its files.
   */
  protected constructor(
    type: string,
    name: string,
    { workload, deployer }: ServiceArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    // A component that waits holds back everything in it.
    super(`tracekeep:index:${type}`, name, {}, { ...opts, dependsOn: undefined });
    this.endpoint = deployer.deploy(workload, { parent: this, dependsOn: opts.dependsOn });
    this.registerOutputs({ instance: this.endpoint.instance });
  }
}
