import { DIALLED_SERVICES, type DialledService } from "../../../config/services";
import { causeOf, shortText } from "../causes";
import { call } from "../client";
import { addressOf, connectionFailure, type Context } from "../context";
import { HopFailure, poll, type Hop } from "../hop";
import { answersId } from "./answers";
import { TO_PROMETHEUS } from "./metrics";
import { LOKI_LOG } from "./logs";
import { JAEGER_TRACE, TEMPO_TRACE } from "./traces";

/** What must be well before a data source's failure is Grafana's own. */
const BEHIND: Partial<Record<DialledService, string>> = {
  tempo: TEMPO_TRACE,
  loki: LOKI_LOG,
  prometheus: TO_PROMETHEUS,
  jaeger: JAEGER_TRACE,
};

/** Alertmanager's data source has no health check of its own: it is asked through Grafana's proxy. */
const healthPath = (uid: string) =>
  uid === "alertmanager"
    ? `/api/datasources/proxy/uid/${uid}/api/v2/status`
    : `/api/datasources/uid/${uid}/health`;

/** Grafana's data sources, its login, and that nobody gets in without it. */
export function grafanaHops(context: Context): Hop[] {
  const login = context.target.grafana;
  const get = async (path: string, user: string, password: string) => {
    const address = addressOf(context, "grafana");
    const token = Buffer.from(`${user}:${password}`).toString("base64");
    try {
      return await call(address, {
        path,
        headers: user === "" ? {} : { authorization: `Basic ${token}` },
      });
    } catch (error) {
      throw connectionFailure(error, "grafana", address);
    }
  };
  const sources = context.target.dataSources.map((uid): Hop => {
    const service = (DIALLED_SERVICES as readonly string[]).includes(uid)
      ? (uid as DialledService)
      : undefined;
    return {
      id: `grafana.source.${uid}`,
      name: `Grafana's data source ${uid}`,
      services: ["grafana", ...(service ? [service] : [])],
      needs: [
        "grafana.login",
        ...(service ? [answersId(service), ...(BEHIND[service] ? [BEHIND[service]] : [])] : []),
      ],
      run: () =>
        poll(
          Math.min(context.deadline, Date.now() + 30_000),
          async () => {
            const { user, password } = login ?? { user: "", password: "" };
            const { status, body } = await get(healthPath(uid), user, password);
            if (status === 200 && !/"status"\s*:\s*"ERROR"/.test(body)) return;
            throw new HopFailure(`Grafana says ${status}: ${shortText(body)}`, {
              cause:
                causeOf(body, { client: "grafana", server: uid }) ??
                (status === 404
                  ? `the data source ${uid} was not provisioned`
                  : "see what Grafana says of it"),
              look: `the log of grafana; provisioning/datasources, ${uid}: tlsCACert, tlsClientCert, serverName`,
            });
          },
          1000,
        ),
    };
  });
  return [
    {
      id: "grafana.login",
      name: "Grafana takes the administrator's password",
      services: ["grafana"],
      needs: [answersId("grafana")],
      run: async () => {
        const { user, password } = login ?? { user: "", password: "" };
        const { status } = await get("/api/org", user, password);
        if (status === 200) return;
        throw new HopFailure(`Grafana answered ${status} to the administrator's login`, {
          cause:
            "the password in Grafana's database is not the generated one: it was changed by hand, or the volume is older than the stack's secret",
          look: "`grafana cli admin reset-admin-password`, the log of grafana",
        });
      },
    },
    {
      id: "grafana.anonymous",
      name: "Grafana refuses: no login, a wrong password",
      services: ["grafana"],
      needs: [answersId("grafana")],
      run: async () => {
        for (const [who, user, password] of [
          ["no login", "", ""],
          ["a wrong password", login?.user ?? "admin", `wrong-${context.run.id}`],
        ]) {
          const { status } = await get("/api/datasources", user, password);
          if (status === 401 || status === 403) continue;
          throw new HopFailure(`Grafana let in: ${who} (it answered ${status})`, {
            cause: "anonymous access is on",
            look: "auth.anonymous and security in Grafana's settings",
          });
        }
      },
    },
    ...sources,
  ];
}
