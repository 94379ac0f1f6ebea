import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { version as SDK_VERSION } from "@pulumi/pulumi/version";
import { home } from "./paths";
import { withProgress } from "./progress";

/** The oldest CLI that is taken; older ones were never tried with this SDK. */
const OLDEST = [3, 240] as const;

/** Whether a CLI of this version runs the program. */
export function isUsable(version: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)\.\d+/.exec(version.trim()) ?? [];
  return Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1];
}

function versionOf(command: string): string | undefined {
  try {
    return execFileSync(command, ["version"], {
      encoding: "utf8",
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 30_000,
    });
  } catch {
    return undefined;
  }
}

/**
 * The Pulumi CLI: the user's own on `PATH`, else the one in `.tracekeep/pulumi`, which is fetched
 * at the SDK's version when it is not there yet.
 *
 * @returns the command to run.
 * @throws {Error} when there is none and it cannot be fetched.
 */
export async function findPulumi(): Promise<string> {
  const root = path.join(home(), "pulumi");
  const candidates = ["pulumi", path.join(root, "bin", "pulumi")];
  for (const command of candidates) {
    const version = versionOf(command);
    if (version !== undefined && isUsable(version)) return command;
    if (version !== undefined) {
      process.stderr.write(
        `${command} is version "${version.trim()}"; ${OLDEST.join(".")} or newer (3.x) is needed.\n`,
      );
    }
  }
  try {
    return await withProgress(`Fetching the Pulumi CLI ${SDK_VERSION}, once`, async () => {
      const { PulumiCommand } = await import("@pulumi/pulumi/automation");
      return (await PulumiCommand.install({ root })).command;
    });
  } catch (error) {
    throw new Error(
      `The Pulumi CLI is not on PATH, and fetching version ${SDK_VERSION} from get.pulumi.com failed ` +
        `(${(error as Error).message.trim().split("\n")[0]}).\n` +
        "Install it (https://www.pulumi.com/docs/install/) or give this host access to get.pulumi.com, then try again.",
    );
  }
}
