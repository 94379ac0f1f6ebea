import type { StackConfig } from "../../config/parse";
import type { Settings } from "./component";

/**
 * Redaction in the cheapest arrangement that was measured (docs/performance.md). What an attribute
 * is called is decided by `redaction/keys`, what its value holds by `redaction/values`: with both in
 * one processor the known keys could not be looked up in a table instead of being matched. The
 * redaction processor leaves names and status messages alone; they are lent to it as attributes and
 * taken back, which costs a third of matching the same patterns in a transform processor.
 */
const KEYS = "redaction/keys";
const LEND = "transform/lend_texts";
const VALUES = "redaction/values";
const TAKE_BACK = "transform/take_back_texts";

/** Attributes that a text stands in while it is lent. */
const LENT_NAME = "tracekeep.lent.name";
const LENT_STATUS = "tracekeep.lent.status";

/**
 * Keys of the semantic conventions that most telemetry carries. It is only a shortcut: a key that
 * the configured patterns would mask is taken out of the list.
 */
const COMMON_KEYS = [
  "client.address",
  "client.port",
  "db.collection.name",
  "db.namespace",
  "db.operation.name",
  "db.query.text",
  "db.statement",
  "db.system",
  "db.system.name",
  "deployment.environment.name",
  "error.type",
  "exception.message",
  "exception.stacktrace",
  "exception.type",
  "host.name",
  "http.method",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "http.scheme",
  "http.status_code",
  "http.target",
  "http.url",
  "messaging.destination.name",
  "messaging.operation.type",
  "messaging.system",
  "net.peer.ip",
  "net.peer.name",
  "net.peer.port",
  "network.peer.address",
  "network.peer.port",
  "network.protocol.name",
  "network.protocol.version",
  "network.transport",
  "peer.service",
  "process.pid",
  "rpc.method",
  "rpc.service",
  "rpc.system",
  "server.address",
  "server.port",
  "service.instance.id",
  "service.name",
  "service.namespace",
  "service.version",
  "telemetry.sdk.language",
  "telemetry.sdk.name",
  "telemetry.sdk.version",
  "thread.id",
  "thread.name",
  "url.full",
  "url.path",
  "url.query",
  "url.scheme",
  "user_agent.original",
];

/** A pattern of Go as JavaScript spells it; undefined if it has flags that JavaScript lacks. */
function toRegExp(pattern: string): RegExp | undefined {
  const [, flags = "", rest] = /^(?:\(\?([a-z]+)\))?([\s\S]*)$/.exec(pattern) ?? [];
  return /[^ims]/.test(flags) ? undefined : new RegExp(rest ?? "", flags);
}

/** Common keys that no pattern masks; none if a pattern cannot be judged here. */
function keysNeverMasked(patterns: readonly string[]): string[] {
  const masks = patterns.map(toRegExp);
  return COMMON_KEYS.filter((key) => masks.every((mask) => mask !== undefined && !mask.test(key)));
}

const lend: Settings = {
  error_mode: "propagate",
  trace_statements: [
    {
      context: "span",
      statements: [
        `set(span.attributes["${LENT_NAME}"], span.name)`,
        `set(span.attributes["${LENT_STATUS}"], span.status.message) where span.status.message != ""`,
      ],
    },
    {
      context: "spanevent",
      statements: [`set(spanevent.attributes["${LENT_NAME}"], spanevent.name)`],
    },
  ],
};

const takeBack: Settings = {
  error_mode: "propagate",
  trace_statements: [
    {
      context: "span",
      statements: [
        `set(span.status.message, span.attributes["${LENT_STATUS}"]) where span.status.message != ""`,
        `delete_key(span.attributes, "${LENT_STATUS}") where span.status.message != ""`,
        `set(span.name, span.attributes["${LENT_NAME}"])`,
        `delete_key(span.attributes, "${LENT_NAME}")`,
      ],
    },
    {
      context: "spanevent",
      statements: [
        `set(spanevent.name, spanevent.attributes["${LENT_NAME}"])`,
        `delete_key(spanevent.attributes, "${LENT_NAME}")`,
      ],
    },
  ],
};

/** The processors of redaction, in their order; none when it is switched off. */
export function redaction({ redaction: options }: StackConfig): Record<string, Settings> {
  if (!options.enabled) return {};
  // Without it every attribute that is not in a list would be deleted.
  const common = { allow_all_keys: true, summary: "silent" };
  return {
    ...(options.keys.length > 0 && {
      [KEYS]: {
        ...common,
        blocked_key_patterns: options.keys,
        ignored_keys: keysNeverMasked(options.keys),
      },
    }),
    ...(options.values.length > 0 && {
      [LEND]: lend,
      [VALUES]: {
        ...common,
        blocked_values: options.values,
        // Numbers, lists and maps too: a card number may be a number, a header is a list.
        redact_all_types: true,
      },
      [TAKE_BACK]: takeBack,
    }),
  };
}

/** Ids of the redaction processors that a signal's first pipeline has, in order. */
export function redactionOf(config: StackConfig, signal: "traces" | "logs" | "metrics"): string[] {
  // Only spans have texts that must be lent.
  return Object.keys(redaction(config)).filter(
    (id) => signal === "traces" || id === KEYS || id === VALUES,
  );
}
