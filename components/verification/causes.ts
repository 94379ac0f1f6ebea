/** Who dials whom, as far as the symptom's text does not say it. */
export interface Parties {
  client: string;
  server: string;
  /** Who takes the connections in the server's place. Default: the server itself. */
  front?: string;
}

interface Cause {
  /** What is wrong between two ends that reach each other; the others are about reaching. */
  tls?: true;
  symptom: RegExp;
  cause(parties: Parties): string;
}

/**
 * What the words of TLS and gRPC libraries mean between two parties. The first that matches is taken,
 * so the more telling ones stand first.
 */
const CAUSES: readonly Cause[] = [
  {
    tls: true,
    symptom:
      /error reading server preface: (EOF|.*connection reset)|first record does not look like a TLS handshake|client sent an HTTP request to an HTTPS server|wrong version number|http2: frame too large/i,
    cause: ({ client, server }) =>
      `${client} speaks plaintext to ${server}, which speaks TLS (or the other way round)`,
  },
  {
    tls: true,
    symptom:
      /signed by unknown authority|unknown certificate authority|tls: unknown (certificate )?(ca|authority)|alert unknown ca|unable to verify the first certificate|self[- ]signed certificate|unable to get (local )?issuer certificate|UNABLE_TO_VERIFY|SELF_SIGNED_CERT|UNKNOWN_CA/i,
    cause: ({ client, server }) =>
      `${client} and ${server} do not trust the same CA (a missing or another CA file)`,
  },
  {
    tls: true,
    symptom:
      /doesn't contain any IP SANs|certificate is (not )?valid for|is not in the cert's|does not match certificate's altnames|ERR_TLS_CERT_ALTNAME_INVALID|Hostname\/IP does not match/i,
    cause: ({ client, server }) =>
      `the server name that ${client} expects is not in the certificate of ${server} (tls_server_name missing or wrong)`,
  },
  {
    tls: true,
    symptom: /incompatible key usage|unsuitable certificate purpose|unsupported certificate/i,
    cause: ({ client }) =>
      `the certificate of ${client} lacks the client usage (extended key usage clientAuth)`,
  },
  {
    tls: true,
    symptom: /certificate (has )?expired|CERT_HAS_EXPIRED|not yet valid/i,
    cause: ({ server }) => `a certificate between here and ${server} is out of its dates`,
  },
  {
    tls: true,
    symptom: /bad certificate|BAD_CERTIFICATE/i,
    cause: ({ client, server }) =>
      `${server} refuses the certificate of ${client} (an issuer that it does not accept, or no client usage)`,
  },
  {
    tls: true,
    symptom: /certificate required|CERTIFICATE_REQUIRED|didn't provide a certificate/i,
    cause: ({ client, server }) => `${client} presents no client certificate to ${server}`,
  },
  {
    symptom: /\b(401|403)\b|unauthori[sz]ed|forbidden|invalid (username|api key)/i,
    cause: ({ client, server }) => `${server} refuses the password or key of ${client}`,
  },
  {
    symptom: /ECONNREFUSED|connection refused/i,
    cause: ({ server, front = server }) =>
      `${front} is not running, or its port is not published there`,
  },
  {
    symptom: /ENOTFOUND|no such host|EAI_AGAIN|server misbehaving/i,
    cause: ({ client, server }) => `${client} cannot resolve the name of ${server}`,
  },
  {
    symptom: /ECONNRESET|socket hang up|connection reset|broken pipe|EPIPE/i,
    cause: ({ client, server }) =>
      `${server} closed the connection of ${client} (it may be starting, or speak another protocol)`,
  },
  {
    symptom: /ETIMEDOUT|no answer within|deadline exceeded|timed? ?out|i\/o timeout/i,
    cause: ({ server }) => `${server} does not answer in time (overloaded, or a firewall drops)`,
  },
  {
    symptom:
      /RESOURCE_EXHAUSTED|too many requests|\b429\b|rate limit|data refused due to high memory/i,
    cause: ({ server }) => `${server} pushes back: it is at a limit`,
  },
];

/** The likely cause behind the text of an error, or nothing if the text tells nothing known. */
export function causeOf(text: string, parties: Parties): string | undefined {
  return CAUSES.find(({ symptom }) => symptom.test(text))?.cause(parties);
}

/** The same from a service's log: of its last lines, the newest that tells something. */
export function causeInLog(log: string, about: RegExp, parties: Parties): string | undefined {
  for (const line of log.split("\n").reverse()) {
    // What the verification tried itself, to see it refused, stands in the log as this.
    if (!about.test(line) || line.includes("TLS handshake error from")) continue;
    const cause = causeOf(line, parties);
    if (cause !== undefined) return cause;
  }
  return undefined;
}

/** The same, but of disagreements about TLS alone: where two ends of one process do not meet. */
export function tlsCauseInLog(log: string, about: RegExp, parties: Parties): string | undefined {
  const told = log
    .split("\n")
    .filter((line) => CAUSES.find(({ symptom }) => symptom.test(line))?.tls)
    .join("\n");
  return causeInLog(told, about, parties);
}

/** Text of an error without what a process could have put into it: one line, at most 200 characters. */
export function shortText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
