import { UNREADABLE } from "../config/types";
import { hostOf } from "./hosts";
import type { ReadLog } from "./hosts/host";
import { readStackConfig } from "./stack-config";

/** S3 credentials play no part; that there are some is taken for granted. */
const ENVIRONMENT = { AWS_ACCESS_KEY_ID: UNREADABLE, AWS_SECRET_ACCESS_KEY: UNREADABLE };

/**
 * Reads the last lines that a service of a stack wrote, for the likely cause of a broken hop. What
 * cannot be read is an empty text: a cause is then less exact, and nothing else.
 */
export function serviceLogs(stack: string): ReadLog {
  return async (...of) => {
    try {
      const config = readStackConfig(stack, { environment: ENVIRONMENT });
      return await hostOf(config).logs(config)(...of);
    } catch {
      return "";
    }
  };
}
