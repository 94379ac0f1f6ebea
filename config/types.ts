import { X509Certificate } from "node:crypto";
import { RE2JS } from "re2js";
import { z } from "zod";
import { isRange } from "./addresses";
import { parseDuration, parseSize } from "./units";
import { Secret } from "./secret";

/** What the option reference says of an option besides its doc string. */
export interface OptionMeta {
  description: string;
  /** The form that a value must have, as error messages and the reference print it. */
  form?: string;
  /** The option reference prints no default of it, and no error ever repeats its value. */
  secret?: boolean;
}

/** A value as an error message may repeat it: never what can hold a secret by mistake. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value instanceof Secret) return "an encrypted value, which only secrets may be";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a group of options";
  // JSON would make null of what YAML calls .inf and .nan.
  const quoted = typeof value === "number" ? String(value) : JSON.stringify(value);
  const [, pem] = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(quoted) ?? [];
  if (pem !== undefined) return `a PEM block "${pem}"`;
  const text = quoted.replace(/\/\/[^/@\s]+@/, "//…@");
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What to do when a value is right but for its quotes. */
function quotesHint(value: unknown, fits: (value: unknown) => boolean): string {
  if (typeof value === "string" && value.trim() !== "") {
    const bare = value === "true" || value === "false" ? value === "true" : Number(value);
    return !Number.isNaN(bare) && fits(bare) ? "; write it without quotes" : "";
  }
  const scalar = typeof value === "number" || typeof value === "boolean";
  return scalar && fits(String(value)) ? "; write it in quotes" : "";
}

/** An option whose value is checked and turned into `T` in one step, with one message for all that is wrong. */
function option<T>(
  form: string,
  description: string,
  parse: (value: unknown) => T | undefined,
  secret = false,
) {
  return z
    .unknown()
    .transform((value, context): T => {
      const result = parse(value);
      if (result !== undefined) return result;
      const hint = quotesHint(value, (other) => parse(other) !== undefined);
      const got = secret ? "" : `, got ${show(value)}${hint}`;
      context.addIssue({ code: "custom", message: `expected ${form}${got}` });
      return z.NEVER;
    })
    .meta({ description, form, secret } satisfies OptionMeta);
}

const matching = (pattern: RegExp) => (value: unknown) =>
  typeof value === "string" && pattern.test(value) ? value : undefined;

export const DNS_LABEL = /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i;
const IPV4 = /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/;

/** Whether `address` reaches this host alone. */
export function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

/** 100 years: what is longer overflows Go's durations, and is a slip. */
const LONGEST = 100 * 365 * 86_400;

export const duration = (description: string) =>
  option('a duration with a unit, such as "30s" or "168h"', description, (value) => {
    const seconds = typeof value === "string" ? parseDuration(value) : undefined;
    return seconds !== undefined && seconds <= LONGEST ? seconds : undefined;
  });

export const size = (description: string) =>
  option('a size with a unit, such as "512Mi" or "2Gi"', description, (value) =>
    typeof value === "string" ? parseSize(value) : undefined,
  );

export const cpus = (description: string) =>
  option("a number of CPU cores above 0, such as 0.5", description, (value) =>
    typeof value === "number" && value > 0 && value <= 1024 ? value : undefined,
  );

export const port = (description: string) =>
  option("a port from 1 to 65535", description, (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535
      ? (value as number)
      : undefined,
  );

export const ratio = (description: string) =>
  option("a number from 0 to 1", description, (value) =>
    typeof value === "number" && value >= 0 && value <= 1 ? value : undefined,
  );

export const portion = (description: string) =>
  option("a number above 0, at most 1", description, (value) =>
    typeof value === "number" && value > 0 && value <= 1 ? value : undefined,
  );

/** A ratio that as a threshold can be passed, and is not passed by everything. */
export const share = (description: string) =>
  option("a number above 0 and below 1", description, (value) =>
    typeof value === "number" && value > 0 && value < 1 ? value : undefined,
  );

export const percentOfCore = (description: string) =>
  option("a percentage of one core above 0, such as 80", description, (value) =>
    typeof value === "number" && value > 0 && value <= 102_400 ? value : undefined,
  );

export const count = (description: string, least = 1) =>
  option(`a whole number of at least ${least}`, description, (value) =>
    Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : undefined,
  );

export const flag = (description: string) =>
  option("true or false", description, (value) => (typeof value === "boolean" ? value : undefined));

export const text = (description: string) =>
  option("a text that is not empty", description, matching(/\S/));

export const objectPrefix = (description: string) =>
  option("letters, digits and dashes", description, matching(/^[A-Za-z0-9-]{1,100}$/));

export const databaseName = (description: string) =>
  option(
    'at most 63 letters, digits, "_", "-" and "."',
    description,
    matching(/^[A-Za-z0-9_.-]{1,63}$/),
  );

export const dnsLabel = (description: string) =>
  option(
    'a DNS label: at most 40 lower-case letters, digits and "-", starting with a letter',
    description,
    matching(DNS_LABEL),
  );

export const namespace = (description: string) =>
  option(
    'the name of a namespace: at most 63 lower-case letters, digits and "-", not at its ends',
    description,
    matching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  );

export const objectName = (description: string) =>
  option(
    'the name of an object of the cluster: lower-case letters, digits, "-" and "."',
    description,
    matching(/^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/),
  );

/** Key and value of a label on Kubernetes. */
export const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;
export const LABEL_VALUE = /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

export const labelKey = (description: string) =>
  option(
    'the key of a label, such as "disk" or "kubernetes.io/arch"',
    description,
    matching(LABEL_KEY),
  );

export const labelValue = (description: string) =>
  option(
    'the value of a label: at most 63 letters, digits, "-", "_" and ".", a letter or digit at its ends',
    description,
    matching(LABEL_VALUE),
  );

export const namespaceOrAll = (description: string) =>
  option(
    'the name of a namespace, or "*"',
    description,
    matching(/^(\*|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$/),
  );

/** Whether a text is a host name or an IPv4 address; digits and dots alone are an address. */
function isHost(text: string): boolean {
  return /^[\d.]+$/.test(text) ? IPV4.test(text) : HOST_NAME.test(text);
}

export const hostName = (description: string) =>
  option('a host name or IPv4 address, such as "traces.example.org"', description, (value) =>
    typeof value === "string" && isHost(value) ? value : undefined,
  );

export const bindAddress = (description: string) =>
  option('an IPv4 address of the host, such as "127.0.0.1"', description, matching(IPV4));

export const addressRange = (description: string) =>
  option('a range of addresses, such as "192.0.2.0/24" or "2001:db8::/32"', description, (value) =>
    typeof value === "string" && isRange(value) ? value : undefined,
  );

export const hostPort = (description: string) =>
  option('"host:port", such as "api.example.org:9100"', description, (value) => {
    if (typeof value !== "string") return undefined;
    const [, host, digits] = /^(.+):(\d{1,5})$/.exec(value) ?? [];
    const fits = host !== undefined && isHost(host) && Number(digits) >= 1;
    return fits && Number(digits) <= 65_535 ? value : undefined;
  });

function parseUrl(value: unknown, protocols: readonly string[]): string | undefined {
  if (typeof value !== "string") return undefined;
  try {
    const url = new URL(value);
    return protocols.includes(url.protocol) && url.hostname !== "" ? value : undefined;
  } catch {
    return undefined;
  }
}

export const httpsUrl = (description: string) =>
  option('an "https://" address', description, (value) => parseUrl(value, ["https:"]));

/**
 * The address of a webhook: a secret, for it may carry a token. Plain http passes here; a check
 * decides where it may.
 */
export const webhookUrl = (description: string) =>
  option(
    'an "https://" address, or an "http://" one beside allowHttp: true',
    description,
    (value) => {
      const url = value instanceof Secret ? value.reveal() : value;
      // Alertmanager expands it as a template, in which braces start an action.
      const fits = parseUrl(url, ["https:", "http:"]) !== undefined && !/[\s{}]/.test(String(url));
      return url === UNREADABLE || fits ? new Secret(url as string) : undefined;
    },
    true,
  );

/**
 * A registry, or a path in one. A first part without a dot, a port or the name `localhost` would be a
 * user of Docker Hub.
 */
export const REGISTRY =
  /^(?=[^/]*[.:]|localhost(\/|$))[A-Za-z0-9][\w.-]*(:\d{1,5})?(\/[a-z0-9][a-z0-9._-]*)*\/?$/;

export const registry = (description: string) =>
  option(
    'a registry without "https://", such as "registry.example.org/mirror"',
    description,
    matching(REGISTRY),
  );

export const path = (description: string) =>
  option("the path of a file", description, matching(/^[^\0]*[^\0/\s]$/));

/** Docker calls it so wherever its data root is; any other directory of the host is a slip. */
export const containersDirectory = (description: string) =>
  option(
    'the path of a directory "containers", such as "/var/lib/docker/containers"',
    description,
    matching(/^\/([\w@+-][\w.@+-]*\/)*containers$/),
  );

/** A directory of a host. What is no name of one in it could mean more than one to who looks there. */
export const directory = (description: string) =>
  option(
    'the path of a directory, such as "/var/log/pods"',
    description,
    matching(/^(\/[\w@+-][\w.@+-]*)+$/),
  );

export const urlPath = (description: string) =>
  option('a path that starts with "/"', description, matching(/^\/\S*$/));

export const pattern = (description: string) =>
  option(
    "a regular expression of RE2 (no look-around, no back-references) that does not match the empty text",
    description,
    (value) => {
      if (typeof value !== "string" || value === "") return undefined;
      try {
        // One that matches nothing at all would match everywhere.
        return RE2JS.compile(value).matcher("").find() ? undefined : value;
      } catch {
        return undefined;
      }
    },
  );

/** What stands for a secret that this process cannot decrypt (`render` needs no passphrase). */
export const UNREADABLE = "\u0000unreadable";

export const secret = (description: string, form = "a secret text that is not empty") =>
  option(
    form,
    description,
    (value) => {
      if (value instanceof Secret) return value;
      return typeof value === "string" && value.trim() !== "" ? new Secret(value) : undefined;
    },
    true,
  );

function isCertificate(pem: string): boolean {
  try {
    void new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

export const pemCertificate = (description: string) =>
  option('a PEM certificate ("-----BEGIN CERTIFICATE-----…")', description, (value) =>
    typeof value === "string" && isCertificate(value) ? value : undefined,
  );

export const pemKey = (description: string) =>
  option(
    "a PEM private key (give it with `pulumi config set --secret`)",
    description,
    (value) => {
      const pem = value instanceof Secret ? value.reveal() : value;
      if (typeof pem !== "string") return undefined;
      return pem === UNREADABLE || /-----BEGIN (EC |RSA )?PRIVATE KEY-----/.test(pem)
        ? new Secret(pem)
        : undefined;
    },
    true,
  );

export const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  option(`one of ${values.map((value) => `"${value}"`).join(", ")}`, description, (value) =>
    values.includes(value as string) ? (value as T[number]) : undefined,
  );

/** A group of options that may be left out: each member then has its default. */
export const section = <T extends z.ZodRawShape>(description: string, shape: T) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .meta({ description });

/** A group of options that has no default as a whole. */
export const group = <T extends z.ZodRawShape>(description: string, shape: T) =>
  z.strictObject(shape).meta({ description });

export const list = <T extends z.ZodType>(description: string, item: T) =>
  z.array(item).prefault([]).meta({ description });

export const labels = (description: string) =>
  z
    .record(
      z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name (letters, digits, _)"),
      text("The label's value."),
    )
    .prefault({})
    .meta({ description, form: "a map of label names to texts" } satisfies OptionMeta);

export const environmentVariables = (description: string) =>
  z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable"),
      z.string("expected a text; quote numbers and true/false"),
    )
    .prefault({})
    .meta({ description, form: "a map of variable names to texts" } satisfies OptionMeta);
