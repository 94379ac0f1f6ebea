import { request } from "node:https";

export interface GrafanaAccess {
  /** `host:port` at which Grafana's HTTPS listener is reached. */
  address: string;
  /** Root certificate(s), PEM, under which Grafana's certificate must be. */
  rootPem: string;
  user: string;
  password: string;
}

const PATH = "/api/admin/provisioning/datasources/reload";
const TIMEOUT = 30_000;

function explain(status: number | undefined): string {
  if (status === 401 || status === 403) {
    return "the administrator's password is not the generated one; if it was changed in Grafana, reset it with `grafana cli admin reset-admin-password`";
  }
  return "see Grafana's log";
}

/**
 * Makes Grafana provision its data sources anew, so that they take a renewed client certificate.
 *
 * @throws if Grafana cannot be reached, has another certificate than the stack's, or refuses.
 */
export function reloadDataSources(access: GrafanaAccess): Promise<void> {
  const url = new URL(`https://${access.address}${PATH}`);
  const failed = (why: string) =>
    new Error(`Grafana's data sources were not reloaded at ${access.address}: ${why}`);
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method: "POST",
        ca: access.rootPem,
        servername: "grafana",
        auth: `${access.user}:${access.password}`,
        agent: false,
        timeout: TIMEOUT,
      },
      (response) => {
        response.resume();
        response.once("end", () => {
          if (response.statusCode === 200) resolve();
          else
            reject(failed(`it answered ${response.statusCode}; ${explain(response.statusCode)}`));
        });
      },
    );
    call.once("timeout", () => call.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`)));
    call.once("error", (error) => reject(failed(error.message)));
    call.end();
  });
}
