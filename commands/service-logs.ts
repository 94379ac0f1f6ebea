import type { ServiceName } from "../config/services";
import { UNREADABLE } from "../config/types";
import { dockerHost } from "./docker";
import { readStackConfig } from "./stack-config";

/** S3 credentials play no part; that there are some is taken for granted. */
const ENVIRONMENT = { AWS_ACCESS_KEY_ID: UNREADABLE, AWS_SECRET_ACCESS_KEY: UNREADABLE };

/**
 * Reads the last lines that a service of a stack wrote, for the likely cause of a broken hop. What
 * cannot be read is an empty text: a cause is then less exact, and nothing else.
 */
export function serviceLogs(stack: string): (service: ServiceName) => Promise<string> {
  return async (service) => {
    try {
      const { docker: options } = readStackConfig(stack, { environment: ENVIRONMENT });
      const { docker } = dockerHost(options, 5000);
      const label = [`tracekeep.stack=${stack}`, `tracekeep.service=${service}`];
      const containers = await docker.listContainers({ filters: { label } });
      const [newest] = containers.sort((a, b) => b.Created - a.Created);
      if (newest === undefined) return "";
      const log = await docker
        .getContainer(newest.Id)
        .logs({ stdout: true, stderr: true, tail: 500, follow: false });
      return log.toString("utf8");
    } catch {
      return "";
    }
  };
}
