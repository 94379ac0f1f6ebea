import { WITHOUT_CLIENT_CERTIFICATE } from "../exceptions";
import { rulesOver, type Part, type Subject } from "../rule";
import { runningOf } from "../views/container";
import { contentOf, documentsOf, leavesOf, textOf, UNREADABLE, type Leaf } from "../views/document";
import { listenersOf } from "../views/listeners";
import { isLoopback } from "../views/listeners/listener";

const listener = rulesOver(listenersOf);

export const clientCertificates = listener({
  name: "client-certificates",
  description:
    "A listener whose row in the connection table says mTLS demands a client certificate.",
  broken: ({ row, opened }) => row?.security === "mtls" && opened.security !== "mtls",
});

export const serverCertificates = listener({
  name: "server-certificates",
  description: "A listener whose row in the connection table says TLS speaks nothing else.",
  broken: ({ row, opened }) => row?.security === "tls" && opened.security === "plaintext",
});

export const namedExceptions = listener<{ listeners: readonly string[] }>({
  name: "named-exceptions",
  description: "What serves TLS over a network without asking for a client certificate is named.",
  options: {
    listeners: {
      type: "array",
      items: { type: "string" },
      default: [...WITHOUT_CLIENT_CERTIFICATE],
      description: "Listeners of the connection table that may.",
    },
  },
  broken: ({ row, opened }, { listeners }) =>
    row?.reach === "network" &&
    opened.security === "tls" &&
    !opened.loopback &&
    !listeners.includes(row.name),
});

export const namedListeners = listener({
  name: "named-listeners",
  description: "No listener is open that is not in the connection table.",
  broken: ({ row }) => row === undefined,
});

export const loopbackListeners = listener({
  name: "loopback-listeners",
  description:
    "What the connection table keeps to a container's own loopback is dialled from nowhere else.",
  broken: ({ row, opened, target }) =>
    row?.reach === "loopback" &&
    !opened.loopback &&
    // There the kubelet dials it, on the pod's address; `opened-ports` sees that nobody else can.
    !(target === "kubernetes" && row.name.endsWith(".health")),
});

export const plaintextIntake = listener<{ listeners: readonly string[] }>({
  name: "plaintext-intake",
  description: "Nothing takes data in plaintext over a network, unless it is allowed.",
  options: {
    listeners: {
      type: "array",
      items: { type: "string" },
      default: [],
      description: "Listeners of the connection table that may: `collector.plaintextGrpc`.",
    },
  },
  broken: ({ row, opened }, { listeners }) =>
    row?.reach === "network" &&
    opened.security === "plaintext" &&
    !opened.loopback &&
    !listeners.includes(row.name),
});

export const tlsVersion = listener({
  name: "tls-version",
  description: "A listener takes nothing older than TLS 1.2.",
  broken: ({ opened }) => opened.modern === false,
});

interface Content extends Part {
  leaves: readonly Leaf[];
}

/** Files with every value in them: none of those that are not parsed. */
const contentsOf = (subject: Subject): Content[] =>
  documentsOf(subject).map((document) => ({
    where: document.where,
    get leaves() {
      return leavesOf(contentOf(document));
    },
  }));

const content = rulesOver(contentsOf);

export const readableFiles = rulesOver(documentsOf)({
  name: "readable-files",
  description: "A configuration file can be parsed, else no other rule could look at it.",
  broken: (document) => contentOf(document) === UNREADABLE,
});

/** Keys that switch a check off, in the words of every service. */
const SWITCHES_OFF =
  /^(insecure|insecure_?skip_?verify|tls_?skip_?verify|skip_?tls_?verify|tls_insecure\w*)$/i;
/** Keys that switch TLS, or the check of a name or a certificate, on. */
const SWITCHES_ON =
  /^(enable_tls|tls_enabled|verify_https_client_certificate|tlsAuth|tlsAuthWithCACert)$/i;

const is = (value: unknown, flag: boolean) => value === flag || value === String(flag);

export const certificateChecks = content({
  name: "certificate-checks",
  description: "No configuration file switches TLS, or the check of a certificate, off.",
  broken: ({ leaves }) =>
    leaves
      .filter(
        ({ key, value }) =>
          (SWITCHES_OFF.test(key) && is(value, true)) ||
          (SWITCHES_ON.test(key) && is(value, false)),
      )
      .map(({ path }) => path),
});

/** The same, as environment variables have it. */
const VARIABLE_OFF = /(^|_)(INSECURE|(TLS_)?SKIP_(TLS_)?VERIFY(_INSECURE)?)$/;
const VARIABLE_ON = /(^|_)(ENABLE_TLS|TLS_ENABLED|VERIFY_HTTPS_CLIENT_CERTIFICATE|COOKIE_SECURE)$/;
/** PostgreSQL's own modes, of which all but two take whoever answers. */
const VARIABLE_MODE = /(^|_|PG)SSL_?MODE$/;
const CHECKING_MODE = /^verify-(full|ca)$/;

export const variableChecks = rulesOver(runningOf)({
  name: "variable-checks",
  description:
    "No environment variable or argument switches TLS, or the check of a certificate, off.",
  broken: ({ environment, commandLines }) => [
    ...environment
      .filter(
        ([name, value]) =>
          (VARIABLE_OFF.test(name) && /^(true|1|yes)$/i.test(value)) ||
          (VARIABLE_ON.test(name) && /^(false|0|no)$/i.test(value)) ||
          (VARIABLE_MODE.test(name) && !CHECKING_MODE.test(value)),
      )
      .map(([name]) => name),
    ...commandLines
      .flat()
      .flatMap((argument, index) =>
        /^(-k|--insecure|--no-check-certificate|--?[\w.-]*(insecure|skip-verify)[\w.-]*(=true)?)$/i.test(
          argument,
        )
          ? [`argument ${index + 1}`]
          : [],
      ),
  ],
});

/** Keys of addresses that a service dials. */
const DIALS =
  /^(endpoint|url|address|frontend_address|traces_endpoint|logs_endpoint|metrics_endpoint)$/;

export const plaintextDials = content({
  name: "plaintext-dials",
  description: "No configuration file has a service dial another one in plaintext.",
  broken: ({ leaves }) =>
    leaves
      .filter(({ key, value }) => {
        const [, host] =
          (DIALS.test(key) && /^http:\/\/([^/:]+|\[[^\]]*\])/.exec(textOf(value))) || [];
        return host !== undefined && !isLoopback(host);
      })
      .map(({ path }) => path),
});
