import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Problem } from "../parse";
import { UNREADABLE } from "../types";
import { goDuration } from "../units";
import type { Check } from "./check";

/** Lifetimes fit into each other. */
export const certificateTimes: Check = ({ certificates }) => {
  const problems: Problem[] = [];
  const { lifetime, renewBefore, caLifetime } = certificates;
  for (const key of ["lifetime", "renewBefore", "caLifetime"] as const) {
    if (certificates[key] < 3600 || certificates[key] % 3600 !== 0) {
      problems.push({
        path: `certificates.${key}`,
        message: `expected whole hours, at least "1h"`,
      });
    }
  }
  if (lifetime <= renewBefore) {
    problems.push({
      path: "certificates.lifetime",
      message: `expected longer than certificates.renewBefore (${goDuration(renewBefore)}), or every \`up\` would renew; got ${goDuration(lifetime)}`,
    });
  }
  if (caLifetime < 2 * lifetime) {
    problems.push({
      path: "certificates.caLifetime",
      message: `expected at least twice certificates.lifetime (${goDuration(2 * lifetime)}), got ${goDuration(caLifetime)}`,
    });
  }
  return problems;
};

/** The user's own CA is one, and its key is the certificate's; so is the next. */
export const ownCa: Check = ({ certificates }) =>
  (["ca", "nextCa"] as const).flatMap((option) => {
    const ca = certificates[option];
    if (!ca) return [];
    const path = `certificates.${option}`;
    const certificate = new X509Certificate(ca.certificate);
    const problems: Problem[] = [];
    if (!certificate.ca) {
      problems.push({
        path: `${path}.certificate`,
        message: "expected the certificate of a CA (basicConstraints CA:TRUE)",
      });
    }
    const pem = ca.privateKey.reveal();
    if (pem !== UNREADABLE && !isKeyOf(certificate, pem)) {
      problems.push({
        path: `${path}.privateKey`,
        message: `expected the key of ${path}.certificate; this is another, or is damaged`,
      });
    }
    return problems;
  });

/** A rotation has two CAs, one after the other, and the second is known where the first is given. */
export const generationsFollow: Check = ({ certificates }) => {
  const { generation, alsoTrusted, ca, nextCa } = certificates;
  if (alsoTrusted === undefined) return [];
  const problems: Problem[] = [];
  if (Math.abs(alsoTrusted - generation) !== 1) {
    problems.push({
      path: "certificates.alsoTrusted",
      message: `expected the number before or behind certificates.generation (${generation}), got ${alsoTrusted}; \`npm run rotate\` writes both`,
    });
  }
  if (ca && !nextCa) {
    problems.push({
      path: "certificates.nextCa",
      message:
        "expected the CA that takes the place of certificates.ca: two are trusted in the middle of a rotation",
    });
  }
  return problems;
};

/** Whether a PEM key is that of a certificate. */
export function isKeyOf(certificate: X509Certificate, pem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem));
  } catch {
    return false;
  }
}
