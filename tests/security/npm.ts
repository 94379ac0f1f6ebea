import { execFile } from "node:child_process";

/**
 * What an npm command with JSON on its standard output says of the project in the working directory.
 * Its exit code tells nothing: `npm audit` fails with its findings as without an answer.
 *
 * @throws if it printed no JSON, with what it complained of.
 */
export function askNpm(...args: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    execFile("npm", [...args], { maxBuffer: 64 * 2 ** 20 }, (_, stdout, errors) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error(`npm ${args.join(" ")} gave no JSON:\n${errors || stdout}`));
      }
    });
  });
}

/** Packages as CycloneDX; of the lockfile, for what is installed lacks those of other platforms. */
export const SBOM = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"] as const;
