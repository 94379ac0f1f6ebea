import { RE2JS } from "re2js";
import type { StackConfig } from "../../config/parse";
import { HARMLESS_VALUES, SECRET_VALUES, TOO_DEEP } from "../../config/redaction-patterns";
import type { Settings } from "./component";

/**
 * Redaction in the cheapest arrangement that was measured (docs/performance.md). What an attribute
 * is called is decided by `redaction/keys`, what its value holds by `redaction/values`: with both in
 * one processor the known keys could not be looked up in a table instead of being matched. The
 * redaction processor visits attributes and log bodies alone. Other texts are lent to it as
 * attributes and taken back, which costs a third of matching the same patterns in a transform
 * processor; what cannot be lent is seen to by `transform/out_of_reach`.
 */
const KEYS = "redaction/keys";
const DEEP_LOGS = "transform/deep_logs";
const LEND = "transform/lend_texts";
const VALUES = "redaction/values";
/** As `VALUES`, and attributes so deep that Tempo could not cope with them go first, whatever they hold. */
const TRACE_VALUES = "redaction/trace_values";
const TAKE_BACK = "transform/take_back_texts";
const OUT_OF_REACH = "transform/out_of_reach";

/**
 * Lets `set` clear a field, which the collector must be told with a flag. Nothing else can empty a
 * span's links, and nothing at all can read or change their attributes.
 */
const CLEARING = "ottl.set.allowNil";
/** Lets a condition look at each entry of a map; a flag as well. */
const LOOKING_INTO = "ottl.functions.enableLambda";

type Signal = "traces" | "logs" | "metrics";

/** Texts that are no attributes, by signal and context. An empty one is not lent, but for names. */
const LENT: Record<Signal, Record<string, readonly string[]>> = {
  traces: {
    scope: ["name", "version"],
    span: ["name", "status.message", "trace_state"],
    spanevent: ["name"],
  },
  logs: { scope: ["name", "version"], log: ["event_name", "severity_text"] },
  metrics: { scope: ["name", "version"] },
};

/** What the redaction processor puts in place of a secret. */
const MASK = "****";

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

/** Common keys that no pattern masks. */
function keysNeverMasked(patterns: readonly string[]): string[] {
  const masks = patterns.map((pattern) => RE2JS.compile(pattern));
  return COMMON_KEYS.filter((key) => !masks.some((mask) => mask.test(key)));
}

interface Statements {
  context: string;
  /** Of which one must hold, or nothing is done. */
  conditions?: string[];
  statements: string[];
}

/** A transform processor with the statements of each signal that has some. */
function transform(statementsOf: (signal: Signal) => Statements[]): Settings {
  const lists = (["traces", "logs", "metrics"] as const).map(
    (signal) => [listOf(signal), statementsOf(signal)] as const,
  );
  return {
    // What an error left unredacted must not go on.
    error_mode: "propagate",
    ...Object.fromEntries(lists.filter(([, statements]) => statements.length > 0)),
  };
}

/** Name of a signal's list in a transform processor. */
const listOf = (signal: Signal) => `${signal.replace(/s$/, "")}_statements`;

/** Statements for each lent text, from its path and the attribute that it stands in meanwhile. */
const forEachLent = (make: (path: string, attributes: string, key: string) => string[]) =>
  transform((signal) =>
    Object.entries(LENT[signal]).map(([context, fields]) => ({
      context,
      statements: fields.flatMap((field) =>
        make(`${context}.${field}`, `${context}.attributes`, `"tracekeep.lent.${field}"`),
      ),
    })),
  );

// Nearly every span and event has a name: to ask first would cost as much as it spares.
const ifAny = (path: string) => (/^span(event)?\.name$/.test(path) ? "" : ` where ${path} != ""`);

const lend = () =>
  forEachLent((path, attributes, key) => [`set(${attributes}[${key}], ${path})${ifAny(path)}`]);

const takeBack = () =>
  forEachLent((path, attributes, key) => [
    // In this order: masked, a text is still not empty.
    `set(${path}, ${attributes}[${key}])${ifAny(path)}`,
    `delete_key(${attributes}, ${key})${ifAny(path)}`,
  ]);

/** What the redaction processor does not visit: links of spans, attributes of exemplars. */
function outOfReach({ redaction: { keys, values, spanLinks } }: StackConfig): Settings {
  const links: Statements = {
    context: "span",
    conditions: ["Len(span.links) > 0"],
    statements: [
      "set(span.dropped_links_count, span.dropped_links_count + Len(span.links))",
      "set(span.links, nil)",
    ],
  };
  const attributes = "exemplar.filtered_attributes";
  const exemplars: Statements = {
    context: "exemplar",
    conditions: [`Len(${attributes}) > 0`],
    statements: [
      ...keys.map((key) => `delete_matching_keys(${attributes}, ${JSON.stringify(key)})`),
      // Prometheus would store them as texts too.
      `stringify_all(${attributes})`,
      ...values.map(
        (value) =>
          `replace_all_patterns(${attributes}, "value", ${JSON.stringify(value)}, "${MASK}")`,
      ),
    ],
  };
  const statements: Record<Signal, Statements[]> = {
    traces: spanLinks === "drop" ? [links] : [],
    logs: [],
    metrics: [exemplars],
  };
  return transform((signal) => statements[signal]);
}

/** Levels of lists and maps that the body of a log, and each attribute with it, may have. */
const DEEPEST = 64;

// Most are texts, and to ask that first costs less: 4 µs for eleven attributes, and 6 without.
const IS_NESTED = "not IsString(value) and (IsMap(value) or IsList(value))";
const hasNested = (map: string) => `Any(${map}, (_, value) => ${IS_NESTED})`;

/**
 * Masks what is too deep in logs. For each level of a body the redaction processor notes a path, and one
 * request would take more memory than the collector may have; Loki's time for an attribute grows with the
 * square of its depth. What a map has down to a depth becomes entries of one; an entry that is still
 * nested then is deeper.
 */
function deepLogs(): Settings {
  // Entries whose keys become the same must not hide one another.
  const flatten = (context: string) =>
    `flatten(${context}.cache, depth=${DEEPEST}, resolveConflicts=true)`;
  const body: Statements = {
    context: "log",
    // Most are texts.
    conditions: ["not IsString(log.body) and (IsMap(log.body) or IsList(log.body))"],
    statements: [
      'set(log.cache["body"], log.body)',
      flatten("log"),
      `set(log.body, "${MASK}") where ${hasNested("log.cache")}`,
    ],
  };
  const attributesOf = (context: string): Statements => {
    const attributes = `${context}.attributes`;
    const masked = `MapEach(${attributes}, (_, value) => When(() => ${IS_NESTED}, "${MASK}", value))`;
    return {
      context,
      conditions: [hasNested(attributes)],
      statements: [
        `set(${context}.cache, ${attributes})`,
        flatten(context),
        `set(${attributes}, ${masked}) where ${hasNested(`${context}.cache`)}`,
      ],
    };
  };
  const logs = [...["resource", "scope", "log"].map(attributesOf), body];
  return transform((signal) => (signal === "logs" ? logs : []));
}

/** Whether there is anything to redact. */
const isRedacting = ({ redaction: { enabled, keys, values } }: StackConfig) =>
  enabled && keys.length + values.length > 0;

/** The processors of redaction, in their order; none when it is switched off. */
export function redaction(config: StackConfig): Record<string, Settings> {
  const { keys, values } = config.redaction;
  if (!isRedacting(config)) return {};
  // Without it every attribute that is not in a list would be deleted.
  const common = { allow_all_keys: true, summary: "silent" };
  // Other patterns may mean what ours find harmless.
  const isDefault = JSON.stringify(values) === JSON.stringify(SECRET_VALUES);
  const matched = {
    ...(isDefault && { allowed_values: HARMLESS_VALUES }),
    // Numbers, lists and maps too: a card number may be a number, a header is a list.
    redact_all_types: true,
  };
  return {
    [DEEP_LOGS]: deepLogs(),
    ...(keys.length > 0 && {
      [KEYS]: {
        ...common,
        blocked_key_patterns: keys,
        ignored_keys: keysNeverMasked(keys),
      },
    }),
    ...(values.length > 0 && {
      [LEND]: lend(),
      [VALUES]: { ...common, ...matched, blocked_values: values },
      [TRACE_VALUES]: { ...common, ...matched, blocked_values: [TOO_DEEP, ...values] },
      [TAKE_BACK]: takeBack(),
    }),
    [OUT_OF_REACH]: outOfReach(config),
  };
}

/** Ids of the redaction processors that a signal's first pipeline has, in order. */
export function redactionOf(config: StackConfig, signal: Signal): string[] {
  const other = signal === "traces" ? VALUES : TRACE_VALUES;
  return Object.entries(redaction(config))
    .filter(([id]) => id !== other)
    .filter(([id, settings]) => !id.startsWith("transform/") || listOf(signal) in settings)
    .map(([id]) => id);
}

/** Arguments of the collector's command line without which the processors would not do it. */
export function redactionArgs(config: StackConfig): string[] {
  if (!isRedacting(config)) return [];
  const gates = [LOOKING_INTO, ...(config.redaction.spanLinks === "drop" ? [CLEARING] : [])];
  return [`--feature-gates=${gates.join(",")}`];
}
