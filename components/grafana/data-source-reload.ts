import * as pulumi from "@pulumi/pulumi";
import { inputCommand } from "../stack/input-command";
import type { Endpoint } from "../../targets/target";
import type { VerificationTarget } from "../verification/target";

export interface DataSourceReloadArgs {
  /** Grafana's address and login among others, a secret as a whole. */
  target: pulumi.Output<VerificationTarget>;
  grafana: Endpoint;
  /** Grafana's certificate: a renewed one is why this runs. */
  certificate: pulumi.Output<string>;
}

/**
 * Makes Grafana take a renewed client certificate in the same `up`, without a restart: it copies
 * the files of its data sources into its database when they are provisioned.
 */
export class DataSourceReload extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: DataSourceReloadArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("tracekeep:index:DataSourceReload", name, {}, opts);
    const { target, grafana, certificate } = args;
    inputCommand(
      name,
      {
        command: "node --import tsx components/grafana/reload-main.ts",
        input: pulumi.output({ target, certificate }),
        triggers: [certificate],
        shown: false,
      },
      { parent: this, dependsOn: grafana.ready },
    );
    this.registerOutputs();
  }
}
