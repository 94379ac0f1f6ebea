import type * as pulumi from "@pulumi/pulumi";
import { ServiceComponent, type ServiceArgs } from "../service-component";

/** Stores metrics, scrapes targets and evaluates alerts. */
export class Prometheus extends ServiceComponent {
  constructor(name: string, args: ServiceArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Prometheus", name, args, opts);
  }
}
