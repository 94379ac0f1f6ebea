import { NODES_NAMESPACE } from "../exceptions";
import { rulesOver, type Part, type Subject } from "../rule";
import {
  at,
  contentOf,
  documentsOf,
  group,
  isNode,
  list,
  textOf,
  type Document,
} from "../views/document";
import { kindOf } from "../views/kubernetes";

interface Kept extends Part {
  protected: boolean;
}

/** What holds data: a volume of Docker's, a namespace with its claims. */
const keptBy = (subject: Subject): Kept[] =>
  (subject.type === "docker:index/volume:Volume" && subject.name.endsWith("-data")) ||
  (kindOf(subject) === "Namespace" && subject.name !== NODES_NAMESPACE)
    ? [{ where: subject.name, protected: subject.opts.protect }]
    : [];

export const dataProtected = rulesOver(keptBy)({
  name: "data-protected",
  description: "What holds data is protected: Pulumi refuses to delete or replace it.",
  scope: "production",
  broken: (kept) => !kept.protected,
});

interface Volume extends Part {
  ignored: string[];
}

const volumesOf = ({ type, name, opts }: Subject): Volume[] =>
  type === "docker:index/volume:Volume" && name.endsWith("-data")
    ? [{ where: `volume ${name}`, ignored: opts.ignoreChanges }]
    : [];

export const dataInPlace = rulesOver(volumesOf)({
  name: "data-in-place",
  description:
    "A changed label or driver option leaves a data volume as it is: Docker would make an empty one.",
  targets: ["docker"],
  broken: ({ ignored }) =>
    !["labels", "driverOpts"].every((property) => ignored.includes(property)),
});

interface StatefulSet extends Part {
  retention: { whenDeleted?: string; whenScaled?: string };
}

const statefulSetsOf = (subject: Subject): StatefulSet[] =>
  kindOf(subject) === "StatefulSet"
    ? [
        {
          where: `statefulset ${subject.name}`,
          get retention() {
            const { spec } = subject.props as {
              spec?: { persistentVolumeClaimRetentionPolicy?: StatefulSet["retention"] };
            };
            return spec?.persistentVolumeClaimRetentionPolicy ?? {};
          },
        },
      ]
    : [];

export const claimsRetained = rulesOver(statefulSetsOf)({
  name: "claims-retained",
  description: "Claims outlive the StatefulSet that made them.",
  targets: ["kubernetes"],
  broken: ({ retention }) =>
    (retention.whenDeleted ?? "Retain") !== "Retain" ||
    (retention.whenScaled ?? "Retain") !== "Retain",
});

interface Content extends Part {
  target: Document["target"];
  content: unknown;
}

const contentsOf = (subject: Subject): Content[] =>
  documentsOf(subject).map((document) => ({
    where: document.where,
    target: document.target,
    get content() {
      return contentOf(document);
    },
  }));

const content = rulesOver(contentsOf);

const DURATION = /^(\d+(\.\d+)?(ms|s|m|h|d|w|y))+$/;

/** Whether a time is said, and is neither nothing nor for ever. */
const isLimited = (value: unknown): boolean =>
  typeof value === "string" && DURATION.test(value) && /[1-9]/.test(value);

/** What is missing of a store's retention, by what its document has and others do not. */
const RETENTION: readonly (readonly [
  is: (content: unknown) => boolean,
  missing: (content: unknown) => (string | false)[],
])[] = [
  [
    (tempo) => isNode(at(tempo, "storage", "trace")),
    (tempo) =>
      [
        ["backend_worker", "compaction", "block_retention"],
        ["overrides", "defaults", "compaction", "block_retention"],
      ].map((path) => !isLimited(at(tempo, ...path)) && path.join(".")),
  ],
  [
    (loki) => isNode(at(loki, "limits_config")),
    (loki) => [
      !isLimited(at(loki, "limits_config", "retention_period")) && "limits_config.retention_period",
      at(loki, "compactor", "retention_enabled") !== true && "compactor.retention_enabled",
    ],
  ],
  [
    (prometheus) => isNode(at(prometheus, "storage", "tsdb")),
    (prometheus) => [
      !isLimited(at(prometheus, "storage", "tsdb", "retention", "time")) &&
        "storage.tsdb.retention.time",
      !/^[1-9]/.test(textOf(at(prometheus, "storage", "tsdb", "retention", "size"))) &&
        "storage.tsdb.retention.size",
    ],
  ],
  [
    (jaeger) => isNode(at(jaeger, "extensions", "jaeger_storage")),
    (jaeger) =>
      Object.entries(group(jaeger, "extensions", "jaeger_storage", "backends")).map(
        ([name, backend]) =>
          !isLimited(at(backend, "badger", "ttl", "spans")) && `${name}.badger.ttl.spans`,
      ),
  ],
];

export const retention = content({
  name: "retention",
  description: "Every store says how long it keeps data, and that is not for ever.",
  broken: ({ content }) =>
    RETENTION.filter(([is]) => is(content)).flatMap(([, missing]) =>
      missing(content).filter((path) => path !== false),
    ),
});

/** Settings of S3 in Tempo's and Loki's words. */
const s3Of = (content: unknown) =>
  [
    at(content, "storage", "trace", "s3"),
    at(content, "storage_config", "object_store", "s3"),
    at(content, "storage_config", "aws"),
  ].filter(isNode);

export const s3Tls = content({
  name: "s3-tls",
  description: "A bucket is spoken to over TLS, and the endpoint's certificate is checked.",
  broken: ({ content }) =>
    s3Of(content).some(
      (s3) =>
        s3.insecure === true ||
        textOf(s3.endpoint).startsWith("http://") ||
        s3.tls_insecure_skip_verify === true ||
        at(s3, "http", "insecure_skip_verify") === true ||
        at(s3, "http_config", "insecure_skip_verify") === true,
    ),
});

export const storageNotLocal = content({
  name: "storage-not-local",
  description: "On a cluster traces and logs are kept in a bucket, not on one node's disk.",
  scope: "production",
  targets: ["kubernetes"],
  broken: ({ content, target }) =>
    target === "kubernetes" &&
    (at(content, "storage", "trace", "backend") === "local" ||
      list(content, "schema_config", "configs").some(
        (one) => at(one, "object_store") === "filesystem",
      )),
});
