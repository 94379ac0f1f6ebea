import type { DialledService } from "../../../config/services";
import { listenersOf } from "../../stack/listeners";
import { attempt, type Knock } from "../attempt";
import type { Identity } from "../client";
import { addressOf, type Context } from "../context";
import { HopFailure, NotChecked, type Hop } from "../hop";
import { strangersIdentity } from "../stranger";

const LOOK: Readonly<Record<string, string>> = {
  plaintext: "the listener's TLS settings",
  "an application's certificate": "the listener's client CA: services.crt, not clients.crt",
};

/**
 * One hop a published listener with mTLS: it serves whom it must, and nobody else. That it serves is
 * seen first, so that a listener that is down is never taken for one that refuses.
 */
export function refusalHops(context: Context): Hop[] {
  const { target } = context;
  let stranger: Promise<Identity> | undefined;
  return Object.entries(target.endpoints).flatMap(([name, published]) => {
    const service = name as DialledService;
    const listeners = listenersOf(service);
    return Object.keys(published ?? {})
      .filter((listener) => listeners[listener]?.security === "mtls")
      .map((listener): Hop => {
        const { protocol, accepts } = listeners[listener];
        const forApplications = accepts.includes("applications");
        return {
          id: `${service}.${listener}.refuses`,
          name: `${service} ${listener} refuses: no certificate, another CA, plaintext${forApplications ? "" : ", an application's certificate"}`,
          services: [service],
          needs: [],
          run: async () => {
            const address = addressOf(context, service, listener);
            const own = forApplications ? target.application : target.operator;
            const serves = async () =>
              (await attempt(address, protocol, { identity: own })) === "served";
            if (!(await serves())) {
              throw new NotChecked(`${service}, which does not serve at ${listener}`);
            }
            stranger ??= strangersIdentity(service);
            const knocks: [string, Knock][] = [
              ["no certificate", {}],
              ["a certificate of another CA", { identity: await stranger }],
              ["plaintext", "plaintext"],
            ];
            if (!forApplications) {
              knocks.push(["an application's certificate", { identity: target.application }]);
            }
            for (const [who, knock] of knocks) {
              const outcome = await attempt(address, protocol, knock);
              if (outcome === "refused") continue;
              if (outcome === "unreachable") {
                // A cluster's forward does not tell that the far end was closed without a word.
                if (await serves()) continue;
                throw new NotChecked(`${service}, which went away`);
              }
              throw new HopFailure(`${service} serves at ${listener}: ${who}`, {
                cause: `${service} does not demand a client certificate of the right issuer there`,
                look: LOOK[who] ?? "the listener's client CA and client_auth_type",
              });
            }
          },
        };
      });
  });
}
