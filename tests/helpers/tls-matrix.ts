import type { Observation } from "./tls-observation";

/** What the matrix shows of a listener that no test can dial. */
export const NOT_OBSERVED = "not observed";

const HEAD = [
  ...["listener", "TLS", "chain, name", "plaintext", "no certificate", "foreign CA", "expired"],
  ...["signed by the root", "service", "application"],
];

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function cells(observation: Observation | typeof NOT_OBSERVED): string[] {
  const nothing = HEAD.slice(2).map(() => "–");
  if (observation === NOT_OBSERVED) return [NOT_OBSERVED, ...nothing];
  const { versions, chain, name, plaintext } = observation;
  if (versions.length === 0) return ["refused", "–", plaintext, ...nothing.slice(2)];
  const { none, foreign, expired, otherIssuer, services, applications } = observation;
  return [
    versions.join(", "),
    chain && name ? "verified" : "WRONG",
    plaintext,
    ...[none, foreign, expired, otherIssuer, services, applications],
  ];
}

/** The matrix of docs/security.md: a row a listener, what came of each way to dial it. */
export const matrix = (
  observed: Readonly<Record<string, Observation | typeof NOT_OBSERVED>>,
): string =>
  [
    row(HEAD),
    row(HEAD.map(() => "---")).replaceAll(" ", ""),
    ...Object.entries(observed).map(([name, one]) => row([`\`${name}\``, ...cells(one)])),
  ].join("\n");
