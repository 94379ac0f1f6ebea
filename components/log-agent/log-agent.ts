import type * as pulumi from "@pulumi/pulumi";
import { ServiceComponent, type ServiceArgs } from "../service-component";

/** Reads what the stack's own containers log and hands it to the collector. */
export class LogAgent extends ServiceComponent {
  constructor(name: string, args: ServiceArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("LogAgent", name, args, opts);
  }
}
