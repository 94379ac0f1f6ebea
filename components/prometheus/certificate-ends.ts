import { X509Certificate } from "node:crypto";
import type { IssuedCertificates } from "../../targets/workload";
import { RECORDED } from "./metric-names";
import { renderRuleFile, type RecordingRule } from "./rule-group";

/** What a certificate is: signed by an issuer, signed by a root, or neither. */
export type CertificateKind = "leaf" | "issuer" | "root";

interface End {
  certificate: string;
  kind: CertificateKind;
  /** Seconds since 1970. */
  notAfter: number;
}

const pemsOf = (bundle: string) =>
  bundle.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? [];

const notAfter = ({ validTo }: X509Certificate) => Date.parse(validTo) / 1000;

/** A CA by its common name, which says its generation; the user's own may have none. */
function authorities(bundle: string, kind: CertificateKind): End[] {
  return pemsOf(bundle).map((pem) => {
    const certificate = new X509Certificate(pem);
    const [, commonName] = /^CN=(.*)$/m.exec(certificate.subject) ?? [];
    const name = commonName ?? certificate.subject.replaceAll("\n", ", ");
    return { certificate: name, kind, notAfter: notAfter(certificate) };
  });
}

function leaves(certificates: IssuedCertificates["leaves"]): End[] {
  return Object.entries(certificates).map(([name, chain]) => ({
    certificate: name,
    kind: "leaf",
    // The leaf stands first.
    notAfter: notAfter(new X509Certificate(chain)),
  }));
}

/** Of two with the same labels, which would be one series, the one that ends first. */
function unique(ends: readonly End[]): End[] {
  return ends.filter(
    (end, index) =>
      !ends.some(
        (other, at) =>
          other.certificate === end.certificate &&
          other.kind === end.kind &&
          (other.notAfter < end.notAfter || (other.notAfter === end.notAfter && at < index)),
      ),
  );
}

/** A rule file with a series for the end of each certificate that the stack has issued. */
export function certificateEndsDocument({
  root,
  issuers,
  leaves: own,
}: IssuedCertificates): string {
  const ends = unique([
    ...authorities(root, "root"),
    ...authorities(issuers, "issuer"),
    ...leaves(own),
  ]);
  const rules = ends.map(({ certificate, kind, notAfter: end }): RecordingRule => ({
    record: RECORDED.certificateEnd,
    expr: `vector(${end})`,
    labels: { certificate, kind },
  }));
  return renderRuleFile([{ name: "certificate-ends", source: "", rules }]);
}
