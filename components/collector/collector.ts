import type * as pulumi from "@pulumi/pulumi";
import { ServiceComponent, type ServiceArgs } from "../service-component";

/** Takes OTLP in, redacts, samples and counts, and passes it on to the stores. */
export class Collector extends ServiceComponent {
  constructor(name: string, args: ServiceArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Collector", name, args, opts);
  }
}
