import { X509Certificate } from "node:crypto";
import { request } from "node:https";
import { checkServerIdentity } from "node:tls";
import { setTimeout as pause } from "node:timers/promises";

export interface GrafanaAccess {
  /** `host:port` at which Grafana's HTTPS listener is reached. */
  address: string;
  /** Root certificate(s), PEM, under which Grafana's certificate must be. */
  rootPem: string;
  /** The certificate, PEM, leaf first, that the data sources are to take: the one that Grafana serves. */
  certificate: string;
  user: string;
  password: string;
}

const PATH = "/api/admin/provisioning/datasources/reload";
const TIMEOUT = 30_000;
/** Milliseconds that a renewed certificate may take to its files (a kubelet's round) and be noticed. */
const RENEWED_WITHIN = 300_000;

/** What is served is not what was issued last. */
class NotYetRenewed extends Error {}

function explain(status: number | undefined): string {
  if (status === 401 || status === 403) {
    return "the administrator's password is not the generated one; if it was changed in Grafana, reset it with `grafana cli admin reset-admin-password`";
  }
  return "see Grafana's log";
}

/** @throws {NotYetRenewed} before the login is sent, if Grafana serves another certificate. */
function reloadOnce(access: GrafanaAccess): Promise<void> {
  const url = new URL(`https://${access.address}${PATH}`);
  const { fingerprint256 } = new X509Certificate(access.certificate);
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method: "POST",
        ca: access.rootPem,
        servername: "grafana",
        checkServerIdentity: (name, served) =>
          checkServerIdentity(name, served) ??
          (served.fingerprint256 === fingerprint256
            ? undefined
            : new NotYetRenewed("it does not serve its renewed certificate yet")),
        auth: `${access.user}:${access.password}`,
        agent: false,
        timeout: TIMEOUT,
      },
      (response) => {
        const { statusCode } = response;
        response.resume();
        response.once("end", () => {
          if (statusCode === 200) resolve();
          else reject(new Error(`it answered ${statusCode}; ${explain(statusCode)}`));
        });
      },
    );
    call.once("timeout", () => call.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`)));
    call.once("error", reject);
    call.end();
  });
}

/**
 * Makes Grafana provision its data sources anew, so that they take a renewed client certificate. It
 * is asked only once it serves that certificate itself: then it has the files. Of several replicas
 * one is enough, for what it provisions stands in the database of all.
 *
 * @throws if Grafana cannot be reached, has another certificate than the stack's, or refuses.
 */
export async function reloadDataSources(
  access: GrafanaAccess,
  { within = RENEWED_WITHIN, interval = 2000 } = {},
): Promise<void> {
  const end = Date.now() + within;
  for (;;) {
    try {
      return await reloadOnce(access);
    } catch (error) {
      if (error instanceof NotYetRenewed && Date.now() + interval < end) {
        await pause(interval);
        continue;
      }
      const why = (error as Error).message;
      throw new Error(`Grafana's data sources were not reloaded at ${access.address}: ${why}`);
    }
  }
}
