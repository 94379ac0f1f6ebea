import type { DialledService } from "../../../config/services";
import { shortText } from "../causes";
import { call } from "../client";
import { addressOf, connectionFailure, type Context } from "../context";
import { HopFailure, poll, START_GRACE, type Hop } from "../hop";

/** What each service answers when it is up at all; how well it is, the other hops tell. */
const PATHS: Partial<Record<DialledService, string>> = {
  tempo: "/api/echo",
  loki: "/loki/api/v1/status/buildinfo",
  prometheus: "/-/ready",
  alertmanager: "/-/ready",
  jaeger: "/",
  grafana: "/api/health",
  qdrant: "/readyz",
};

export const answersId = (service: DialledService): string => `${service}.answers`;

/** One hop a service: it answers over TLS under its own name, to a certificate that it must take. */
export function answerHops(context: Context): Hop[] {
  return (Object.entries(PATHS) as [DialledService, string][]).map(([service, path]) => ({
    id: answersId(service),
    name: `${service} answers`,
    services: [service],
    needs: [],
    run: async () => {
      const address = addressOf(context, service);
      const { target } = context;
      // Grafana asks nobody for a certificate; a client that has one may still present it.
      const identity = service === "qdrant" ? target.application : target.operator;
      const deadline = Math.min(context.deadline, Date.now() + START_GRACE);
      await poll(deadline, async () => {
        let answer;
        try {
          answer = await call(address, { path, identity, timeoutMs: 5000 });
        } catch (error) {
          throw connectionFailure(error, service, address);
        }
        if (answer.status < 400) return;
        throw new HopFailure(`answered ${answer.status}: ${shortText(answer.body)}`, {
          cause: `${service} runs but is not ready`,
          look: `the log of ${service}`,
        });
      });
    },
  }));
}
