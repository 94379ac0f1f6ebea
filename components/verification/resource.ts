import * as pulumi from "@pulumi/pulumi";
import { inputCommand } from "../stack/input-command";
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
    inputCommand(
      name,
      {
        command: "node --import tsx commands/main.ts verify --from-stdin",
        input: target,
        triggers: [
          ...sorted(endpoints).map(({ instance }) => instance),
          ...sorted(certificates),
          ...sorted(images),
        ],
        shown: true,
      },
      {
        parent: this,
        dependsOn: Object.values(endpoints).flatMap(({ ready }) => ready),
      },
    );
    this.registerOutputs();
  }
}
