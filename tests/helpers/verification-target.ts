import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OPERATOR, VERIFICATION } from "../../components/pki/certificate-spec";
import { openListeners } from "../../components/stack/connections";
import { GUARDED } from "../../components/stack/listeners";
import {
  verificationExpectations,
  type VerificationTarget,
} from "../../components/verification/target";
import { SERVICES, type ServiceName } from "../../config/services";
import type { ProcessStack } from "./process-stack";

/** A stack of processes as `verify` sees a deployed one. */
export function targetOf(
  stack: ProcessStack,
  services: readonly ServiceName[],
  timeoutSeconds = stack.config.verification.timeout,
): VerificationTarget {
  const identity = (name: string) => {
    const read = (file: string) => readFileSync(join(stack.pki.identity(name), file), "utf8");
    return { certificate: read("tls.crt"), key: read("tls.key") };
  };
  const expected = verificationExpectations(stack.config);
  const running = <T extends string>(names: readonly T[]) =>
    names.filter(
      (name) =>
        !(SERVICES as readonly string[]).includes(name) ||
        (services as readonly string[]).includes(name),
    );
  return {
    ...expected,
    services: [...services],
    jobs: running(expected.jobs),
    pushers: running(expected.pushers),
    dataSources: services.includes("grafana") ? running(expected.dataSources) : [],
    timeoutSeconds,
    endpoints: Object.fromEntries(
      services.map((service) => [
        service,
        Object.fromEntries(
          Object.entries(openListeners(stack.config, service))
            // A guard's is dialled by the collector alone.
            .filter(
              ([name, { reach, security }]) =>
                reach === "network" && security !== "plaintext" && name !== GUARDED,
            )
            .map(([name]) => [name, `127.0.0.1:${stack.port(service, name)}`]),
        ),
      ]),
    ),
    tls: { root: readFileSync(join(stack.pki.trust, "root.crt"), "utf8") },
    application: identity(VERIFICATION),
    operator: identity(OPERATOR),
    ...(services.includes("qdrant") && {
      qdrant: { apiKey: stack.secrets.qdrantApiKey, readOnlyKey: stack.secrets.qdrantReadOnlyKey },
    }),
  };
}
