import { execFile } from "node:child_process";
import type { ServiceName } from "../../config/services";
import type { Workload } from "../../targets/workload";
import { programOf, programPath, type Program } from "./servers";

/** What a program said of its files, and its exit code. */
export interface Checked {
  code: number;
  output: string;
}

/**
 * Runs the check that a target makes of a service's files, on files that are where its Workload says.
 *
 * @param program in place of the service's own, such as another version of it.
 */
export function checkConfig(workload: Workload, program?: Program): Promise<Checked> {
  const { name, env, configCheck } = workload;
  if (configCheck === undefined) throw new Error(`${name} has no check of its files`);
  const [command] = configCheck.entrypoint ?? [];
  const own = command === undefined ? (name as ServiceName) : programOf(command);
  if (own === undefined) throw new Error(`the tests know no program ${command}`);
  return new Promise((resolve) => {
    execFile(
      programPath(program ?? own),
      configCheck.args,
      { env: { PATH: process.env.PATH, ...env }, timeout: 30_000 },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });
}
