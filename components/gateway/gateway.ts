import type * as pulumi from "@pulumi/pulumi";
import { ServiceComponent, type ServiceArgs } from "../service-component";

/** Takes OTLP in for a collector of two tiers, and hands each trace to one replica of it. */
export class Gateway extends ServiceComponent {
  constructor(name: string, args: ServiceArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Gateway", name, args, opts);
  }
}
