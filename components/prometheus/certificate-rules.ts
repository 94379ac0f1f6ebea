import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import { RECORDED } from "./metric-names";
import type { AlertRule, RuleGroup } from "./rule-group";

const DAY = 86_400;
const END = RECORDED.certificateEnd;

/** Seconds before the end of a certificate at which its renewal is overdue, and urgent. */
export interface Notice {
  warning: number;
  critical: number;
}

/**
 * A leaf is renewed at the first `up` within `renewBefore`, so half of it means that there was none
 * for long. An issuer and a generated root are renewed before they are too short for a new leaf.
 */
export function noticesOf({ certificates }: StackConfig): Record<"leaf" | "authority", Notice> {
  const { lifetime, renewBefore } = certificates;
  const critical = Math.min(3 * DAY, renewBefore / 4);
  return {
    leaf: { warning: renewBefore / 2, critical },
    authority: { warning: lifetime, critical: renewBefore },
  };
}

const text = (seconds: number) =>
  seconds % DAY === 0 ? `${seconds / DAY} days` : goDuration(Math.round(seconds));

function ends(config: StackConfig, severity: keyof Notice): AlertRule {
  const notices = noticesOf(config);
  const left = (kind: string, { warning, critical }: Notice) => {
    const [most, least] = severity === "warning" ? [warning, critical] : [critical, 0];
    return `(${END}{kind${kind}"leaf"} - time() <= ${most} > ${least})`;
  };
  const { leaf, authority } = notices;
  return {
    alert: "CertificateEnds",
    expr: `${left("=", leaf)} or ${left("!=", authority)}`,
    labels: { severity },
    annotations: {
      summary:
        "The certificate of {{ $labels.certificate }} ({{ $labels.kind }}) ends in " +
        "{{ $value | humanizeDuration }}",
      description:
        "Renewals happen at `npm run up`, and there was none for long. Run it: what runs takes " +
        "the new certificates without a restart.",
    },
    when: `a leaf ends within ${text(leaf[severity])}, a CA within ${text(authority[severity])}`,
    options: ["certificates.renewBefore", "certificates.lifetime"],
  };
}

/** Alerts on the ends of certificates, as issued; what is served, verification and scrapes show. */
export function certificateRules(config: StackConfig): RuleGroup {
  return {
    name: "certificates",
    source: "the ends of the certificates that the stack issued, a rule file refreshed with them",
    rules: [
      ends(config, "warning"),
      ends(config, "critical"),
      {
        alert: "CertificateExpired",
        expr: `time() - ${END} >= 0`,
        labels: { severity: "critical" },
        annotations: {
          summary:
            "The certificate of {{ $labels.certificate }} ({{ $labels.kind }}) has ended " +
            "{{ $value | humanizeDuration }} ago",
          description: "Who checks it refuses it. Run `npm run up` now.",
        },
        when: "a certificate's end is over",
      },
      {
        alert: "CertificateEndsUnknown",
        expr: `absent(${END})`,
        forSeconds: 300,
        labels: { severity: "warning" },
        annotations: {
          summary: "Nothing is known of the certificates' ends",
          description:
            "Prometheus lacks the file that tells of them, or cannot read it. `npm run up` writes " +
            "it anew.",
        },
        when: "no end of any certificate is known for 5 minutes",
      },
    ],
  };
}
