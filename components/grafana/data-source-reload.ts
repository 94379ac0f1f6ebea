import * as path from "node:path";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Endpoint } from "../../targets/target";
import type { VerificationTarget } from "../verification/target";

export interface DataSourceReloadArgs {
  /** Grafana's address and login among others, a secret as a whole. */
  target: pulumi.Output<VerificationTarget>;
  grafana: Endpoint;
  /** Grafana's certificate: a renewed one is why this runs. */
  certificate: pulumi.Output<string>;
}

const PROJECT = path.resolve(__dirname, "..", "..");
const COMMAND = "node --import tsx components/grafana/reload-main.ts";

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
    new command.local.Command(
      name,
      {
        create: COMMAND,
        update: COMMAND,
        dir: PROJECT,
        // Standard input, for arguments and environments show in process lists.
        stdin: pulumi.secret(pulumi.jsonStringify(target)),
        triggers: [certificate],
        logging: command.local.Logging.None,
        addPreviousOutputInEnv: false,
      },
      {
        parent: this,
        dependsOn: grafana.ready,
        additionalSecretOutputs: ["stdout", "stderr"],
      },
    );
    this.registerOutputs();
  }
}
