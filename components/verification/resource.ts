import * as path from "node:path";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Endpoint } from "../../targets/target";
import type { VerificationTarget } from "./target";

export interface VerificationArgs {
  /** Addresses and keys, a secret as a whole; it reaches the check through standard input alone. */
  target: pulumi.Output<VerificationTarget>;
  /** Everything that must stand first. A replaced process is verified again. */
  endpoints: Readonly<Record<string, Endpoint>>;
  /** Certificates (no keys), by identity: a renewed one is verified again. */
  certificates: Readonly<Record<string, pulumi.Output<string>>>;
  /** References of the images, by workload. */
  images: Readonly<Record<string, pulumi.Input<string>>>;
}

const PROJECT = path.resolve(__dirname, "..", "..");
const COMMAND = "node --import tsx commands/main.ts verify --from-stdin";

const sorted = <T>(record: Readonly<Record<string, T>>): T[] =>
  Object.keys(record)
    .sort()
    .map((name) => record[name]);

/**
 * The check with real traffic as the last resource of `up`: `up` fails where it fails. It runs when
 * the stack is made and again whenever a process, a certificate or an image changes.
 */
export class Verification extends pulumi.ComponentResource {
  constructor(name: string, args: VerificationArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("tracekeep:index:Verification", name, {}, opts);
    const { target, endpoints, certificates, images } = args;
    new command.local.Command(
      name,
      {
        create: COMMAND,
        update: COMMAND,
        dir: PROJECT,
        // Standard input, for arguments and environments show in process lists.
        stdin: pulumi.secret(pulumi.jsonStringify(target)),
        triggers: [
          ...sorted(endpoints).map(({ instance }) => instance),
          ...sorted(certificates),
          ...sorted(images),
        ],
        // The lines of the hops are shown as they come; the state keeps none of them in clear.
        logging: command.local.Logging.StdoutAndStderr,
        addPreviousOutputInEnv: false,
      },
      {
        parent: this,
        dependsOn: Object.values(endpoints).flatMap(({ ready }) => ready),
        additionalSecretOutputs: ["stdout", "stderr"],
      },
    );
    this.registerOutputs();
  }
}
