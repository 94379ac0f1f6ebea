import { X509Certificate } from "node:crypto";
import type { DialledService } from "../../../config/services";
import { OPERATOR, VERIFICATION } from "../../pki/certificate-spec";
import { RECORDED } from "../../prometheus/metric-names";
import { listenersOf } from "../../stack/listeners";
import { addressOf, query, type Context } from "../context";
import { HopFailure, poll, type Hop } from "../hop";
import { servedCertificate } from "../served";
import { answersId } from "./answers";

/** Milliseconds until a certificate that was renewed just now is shown, and known to Prometheus. */
const RENEWED_WITHIN = 120_000;

interface End {
  /** Whose certificate it is. */
  name: string;
  /** Milliseconds since 1970; undefined of one that has ended, and shows no more than that. */
  end?: number;
}

const endOf = (name: string, { validTo }: X509Certificate): End => ({
  name,
  end: Date.parse(validTo),
});

const certificatesOf = (bundle: string): X509Certificate[] =>
  (bundle.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );

/** @throws {HopFailure} that names each certificate that has ended. */
function mustLast(ends: readonly End[]): void {
  const over = ends.filter(({ end }) => end === undefined || end <= Date.now());
  if (over.length === 0) return;
  const when = (end?: number) => (end === undefined ? "still served" : new Date(end).toISOString());
  const names = over.map(({ name, end }) => `${name} (${when(end)})`);
  throw new HopFailure(`certificates have ended: ${names.join(", ")}`, {
    cause: `no \`up\` has renewed the certificate of ${over.map(({ name }) => name).join(", ")} in time`,
    look: "`npm run up` renews it; an application then takes its own with `npm run env`",
  });
}

/** The certificates that this verification and every published listener show. */
async function shownEnds(context: Context): Promise<End[]> {
  const { endpoints, operator, application, tls } = context.target;
  const served = Object.entries(endpoints).flatMap(([name, published = {}]) => {
    const service = name as DialledService;
    const listeners = listenersOf(service);
    return Object.keys(published)
      .filter((listener) => listeners[listener]?.security !== "plaintext")
      .map(async (listener) => {
        const { protocol } = listeners[listener];
        const address = addressOf(context, service, listener);
        const of = `${service} ${listener}`;
        const certificate = await servedCertificate(address, protocol, operator);
        if (certificate === "ended") return [{ name: of }];
        // Who does not answer has a hop of its own.
        return certificate ? [endOf(of, certificate)] : [];
      });
  });
  const shown = (await Promise.all(served)).flat();
  if (shown.length === 0) {
    throw new HopFailure("no listener shows a certificate", {
      cause: "nothing answers there",
      look: "the hops of the listeners",
    });
  }
  return [
    endOf(OPERATOR, new X509Certificate(operator.certificate)),
    endOf(VERIFICATION, new X509Certificate(application.certificate)),
    ...certificatesOf(tls.root).map((root) => endOf("the root", root)),
    ...shown,
  ];
}

/** That no certificate has ended, by name: those that are shown, and all that were issued. */
export function certificateHops(context: Context): Hop[] {
  const until = () => Math.min(context.deadline, Date.now() + RENEWED_WITHIN);
  return [
    {
      id: "certificates.shown",
      name: "no certificate that is shown has ended",
      services: [],
      needs: [],
      run: () => poll(until(), async () => mustLast(await shownEnds(context)), 2000),
    },
    {
      id: "certificates.issued",
      name: "no certificate that was issued has ended",
      services: ["prometheus"],
      needs: [answersId("prometheus")],
      run: () =>
        poll(
          until(),
          async () => {
            const over = await query(context, `${RECORDED.certificateEnd} <= time()`);
            mustLast(
              over.map(({ metric, value }) => ({ name: metric.certificate, end: value * 1000 })),
            );
          },
          2000,
        ),
    },
  ];
}
