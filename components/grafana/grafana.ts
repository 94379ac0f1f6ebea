import type * as pulumi from "@pulumi/pulumi";
import { ServiceComponent, type ServiceArgs } from "../service-component";

/** Shows traces, logs and metrics, linked to each other. */
export class Grafana extends ServiceComponent {
  constructor(name: string, args: ServiceArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Grafana", name, args, opts);
  }
}
