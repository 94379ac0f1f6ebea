import * as path from "node:path";

/** Directory of the project: where `Pulumi.yaml` and the stack files are. */
export const PROJECT = path.resolve(__dirname, "..");

/**
 * What belongs to this user alone and is ignored by git: state, passphrase, copies of the stack
 * files, a fetched Pulumi CLI. The environment's `TRACEKEEP_HOME` puts it elsewhere.
 */
export function home(): string {
  return path.resolve(process.env.TRACEKEEP_HOME ?? path.join(PROJECT, ".tracekeep"));
}
