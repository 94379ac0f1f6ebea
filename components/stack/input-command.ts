import * as path from "node:path";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

const PROJECT = path.resolve(__dirname, "..", "..");

export interface InputCommandArgs {
  /** Command line, run in the project's directory. */
  command: string;
  /** What it reads as JSON from its standard input, a secret as a whole. */
  input: pulumi.Output<unknown>;
  /** It runs once, and again whenever one of these changes. */
  triggers: pulumi.Input<unknown>[];
  /** Whether its output is shown as it comes. */
  shown: boolean;
}

/**
 * A command of this project as a resource. Keys reach it through standard input alone, for arguments
 * and environments show in process lists; the state keeps nothing of it in clear.
 */
export function inputCommand(
  name: string,
  { command: line, input, triggers, shown }: InputCommandArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const { None, StdoutAndStderr } = command.local.Logging;
  return new command.local.Command(
    name,
    {
      create: line,
      update: line,
      dir: PROJECT,
      stdin: pulumi.secret(pulumi.jsonStringify(input)),
      triggers,
      logging: shown ? StdoutAndStderr : None,
      addPreviousOutputInEnv: false,
    },
    { ...opts, additionalSecretOutputs: ["stdout", "stderr"] },
  );
}
