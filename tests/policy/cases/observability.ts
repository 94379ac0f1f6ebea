import * as data from "../../../policy/rules/data";
import * as observability from "../../../policy/rules/observability";
import type { Subject } from "../../../policy/rule";
import { changed, dockerService, inContainer, kubernetes, statefulSet, subject } from "../subjects";
import type { Case } from "./case";
import { ALL_DOCUMENTS, onDocker, onKubernetes } from "./documents";

const volume = (name: string, opts: Partial<Subject["opts"]> = {}) =>
  subject(
    "docker:index/volume:Volume",
    name,
    { name: `tracekeep-prod-${name}` },
    { protect: true, ignoreChanges: ["labels", "driverOpts"], ...opts },
  );
const namespace = (protect: boolean) =>
  kubernetes("core/v1:Namespace", "namespace", { metadata: {} }, { protect });

const claims = (retention: unknown) =>
  changed(statefulSet, "spec.persistentVolumeClaimRetentionPolicy", retention);

const S3 = "storage/trace/s3";
const LOKI_S3 = "storage_config/object_store/s3";

export const DATA: Case[] = [
  {
    rule: data.dataProtected,
    passing: [
      volume("tempo-data"),
      volume("tempo-config", { protect: false }),
      namespace(true),
      { ...namespace(false), name: "nodes-namespace" },
      { ...volume("tempo-config", { protect: false }), name: "nodes-namespace" },
      statefulSet,
    ],
    failing: {
      "a volume": volume("tempo-data", { protect: false }),
      "a namespace": namespace(false),
    },
  },
  {
    rule: data.dataInPlace,
    passing: [volume("tempo-data"), volume("tempo-config", { ignoreChanges: [] }), dockerService],
    failing: {
      "a label": volume("tempo-data", { ignoreChanges: ["driverOpts"] }),
      "an option": volume("tempo-data", { ignoreChanges: ["labels"] }),
    },
  },
  {
    rule: data.claimsRetained,
    passing: [statefulSet, claims(undefined), claims({ whenDeleted: "Retain" }), dockerService],
    failing: {
      "with the set": claims({ whenDeleted: "Delete", whenScaled: "Retain" }),
      "with a replica": claims({ whenScaled: "Delete" }),
    },
  },
  {
    rule: data.retention,
    passing: [
      ...ALL_DOCUMENTS,
      onDocker("tempo", ["overrides/defaults/compaction/block_retention", "1d12h"]),
    ],
    failing: {
      "of traces": onDocker("tempo", ["overrides/defaults/compaction/block_retention"]),
      "of traces, for ever": onKubernetes("tempo", [
        "overrides/defaults/compaction/block_retention",
        "0s",
      ]),
      "of traces, by the worker": onDocker("tempo", ["backend_worker/compaction/block_retention"]),
      "of traces, a number": onDocker("tempo", ["backend_worker/compaction/block_retention", 168]),
      "of traces, no time": onDocker("tempo", [
        "backend_worker/compaction/block_retention",
        "for 168h",
      ]),
      "of logs": onKubernetes("loki", ["limits_config/retention_period"]),
      "of logs, for ever": onDocker("loki", ["limits_config/retention_period", "0"]),
      "of logs, not done": onDocker("loki", ["compactor/retention_enabled"]),
      "of metrics, by age": onDocker("prometheus", ["storage/tsdb/retention/time"]),
      "of metrics, by size": onKubernetes("prometheus", ["storage/tsdb/retention/size"]),
      "of metrics, of any size": onDocker("prometheus", ["storage/tsdb/retention/size", "0MB"]),
      "of Jaeger": onDocker("jaeger", ["extensions/jaeger_storage/backends/traces/badger/ttl"]),
    },
  },
  {
    rule: data.s3Tls,
    passing: [
      ...ALL_DOCUMENTS,
      onDocker("tempo", [S3], ["storage/trace/backend", "local"]),
      onDocker("tempo", [`${S3}/insecure`, false], [`${S3}/endpoint`, "https://s3.example.org"]),
    ],
    failing: {
      "traces in plaintext": onDocker("tempo", [`${S3}/insecure`, true]),
      "traces to a plaintext endpoint": onDocker("tempo", [`${S3}/endpoint`, "http://s3:9000"]),
      "traces to anybody": onKubernetes("tempo", [`${S3}/tls_insecure_skip_verify`, true]),
      "logs in plaintext": onDocker("loki", [`${LOKI_S3}/insecure`, true]),
      "logs to a plaintext endpoint": onDocker("loki", [`${LOKI_S3}/endpoint`, "http://s3:9000"]),
      "logs to anybody": onKubernetes("loki", [`${LOKI_S3}/http/insecure_skip_verify`, true]),
      "logs by the older client": onDocker("loki", ["storage_config/aws", { insecure: true }]),
      "logs by the older client to anybody": onDocker("loki", [
        "storage_config/aws",
        { http_config: { insecure_skip_verify: true } },
      ]),
    },
  },
  {
    rule: data.storageNotLocal,
    passing: [
      ...ALL_DOCUMENTS,
      onDocker("tempo", ["storage/trace/backend", "local"]),
      onDocker("loki", ["schema_config/configs", [{ object_store: "filesystem" }]]),
    ],
    failing: {
      traces: onKubernetes("tempo", ["storage/trace/backend", "local"]),
      logs: onKubernetes("loki", [
        "schema_config/configs",
        [{ object_store: "s3" }, { object_store: "filesystem" }],
      ]),
    },
  },
];

const SHARE = "processors/tail_sampling/policies/1/probabilistic/sampling_percentage";
const PROCESSORS = "service/pipelines/traces/processors";
const grafana = (...envs: string[]) =>
  changed(changed(dockerService, "labels.0.value", "grafana"), "envs", [
    "GF_SECURITY_ADMIN_PASSWORD__FILE=/etc/tracekeep/secrets/admin-password",
    "GF_SECURITY_SECRET_KEY__FILE=/etc/tracekeep/secrets/secret-key",
    ...envs,
  ]);

const podOfGrafana = (...env: { name: string; value: string }[]) =>
  inContainer(
    changed(statefulSet, "spec.template.metadata.labels", { "app.kubernetes.io/name": "grafana" }),
    "env",
    env,
  );

const running = (...services: string[]) =>
  services.map((service) => ({
    ...changed(dockerService, "labels.0.value", service),
    name: service,
  }));
const METRICS = [onDocker("prometheus"), onDocker("collector"), onDocker("rules")];
const JOBS = "scrape_configs";
const ALERTS = "groups/0/rules";
const receivers = (list: unknown) => onDocker("alertmanager", ["receivers", list]);
const webhook = (name: string) => ({ name, webhook_configs: [{ url_file: "/x" }] });

export const OBSERVABILITY: Case[] = [
  {
    rule: observability.sampling,
    passing: [
      ...ALL_DOCUMENTS,
      onDocker(
        "collector",
        ["processors/probabilistic_sampler", { sampling_percentage: 5 }],
        [PROCESSORS, ["probabilistic_sampler"]],
      ),
      onDocker(
        "collector",
        [PROCESSORS],
        ["service/pipelines/traces/exporters", ["forward/stored"]],
      ),
    ],
    failing: {
      "no sampler": onDocker("collector", [PROCESSORS]),
      "beside something else": onDocker(
        "collector",
        [PROCESSORS],
        ["service/pipelines/traces/exporters", ["span_metrics", "otlp_grpc/tempo"]],
      ),
      "another processor": onKubernetes("collector", [PROCESSORS, ["memory_limiter"]]),
      "all of them": onDocker("collector", [SHARE, 100]),
      "nothing said": onDocker("collector", [SHARE]),
      "one policy that takes all": onDocker("collector", [
        "processors/tail_sampling/policies/2",
        { probabilistic: { sampling_percentage: 100 } },
      ]),
      "the sampler of another pipeline": onDocker("collector", [
        "service/pipelines/traces~1copy",
        { exporters: ["otlp/tempo"] },
      ]),
    },
    allowed: [[{ everything: true }, onDocker("collector", [PROCESSORS])]],
  },
  {
    rule: observability.debugExporter,
    passing: [...ALL_DOCUMENTS, onDocker("collector", ["exporters/debug", { verbosity: "basic" }])],
    failing: {
      debug: onDocker("collector", [
        "service/pipelines/logs/exporters",
        ["otlp_http/loki", "debug"],
      ]),
      "with a name": onKubernetes("collector", ["service/pipelines/logs/exporters", ["debug/all"]]),
      "by its older name": onDocker("collector", ["service/pipelines/logs/exporters", ["logging"]]),
    },
  },
  {
    rule: observability.grafanaAnonymous,
    passing: [
      dockerService,
      statefulSet,
      grafana("GF_AUTH_ANONYMOUS_ENABLED=false", "GF_USERS_ALLOW_SIGN_UP=0", "GF_LOG_MODE=console"),
    ],
    failing: {
      anonymous: grafana("GF_AUTH_ANONYMOUS_ENABLED=true"),
      "signs itself up": grafana("GF_AUTH_ANONYMOUS_ENABLED=false", "GF_USERS_ALLOW_SIGN_UP=true"),
      "makes organisations": grafana("GF_USERS_ALLOW_ORG_CREATE=true"),
      "whom a header names": grafana("GF_AUTH_PROXY_ENABLED=1"),
      "in a pod": podOfGrafana({ name: "GF_AUTH_ANONYMOUS_ENABLED", value: "true" }),
    },
  },
  {
    rule: observability.grafanaCredentials,
    passing: [dockerService, statefulSet, grafana("GF_LOG_MODE=console")],
    failing: {
      "nothing said": changed(grafana(), "envs"),
      "the default password": changed(grafana(), "envs", [
        "GF_SECURITY_SECRET_KEY__FILE=/etc/tracekeep/secrets/secret-key",
      ]),
      "the default key": changed(grafana(), "envs", [
        "GF_SECURITY_ADMIN_PASSWORD__FILE=/etc/tracekeep/secrets/admin-password",
      ]),
      "a password beside the file": grafana("GF_SECURITY_ADMIN_PASSWORD=admin"),
      "in a pod": podOfGrafana(),
    },
  },
  {
    rule: observability.everyServiceScraped,
    passing: [
      [...running("tempo", "loki", "collector", "shop"), ...METRICS],
      METRICS,
      ALL_DOCUMENTS,
    ],
    failing: {
      "no job": [...running("tempo", "grafana"), ...METRICS],
      "no jobs": [...running("tempo"), onDocker("prometheus", [JOBS])],
      "no Prometheus": running("tempo"),
      "does not push": [...running("jaeger"), ...METRICS, onDocker("jaeger")],
      "pushes nothing": [
        ...running("collector"),
        onDocker("collector", ["service/telemetry/metrics/readers"]),
      ],
      "on Kubernetes": [statefulSet, onKubernetes("prometheus", [JOBS])],
    },
  },
  {
    rule: observability.absenceAlerts,
    passing: [
      [...running("tempo", "loki", "collector", "shop"), ...METRICS],
      [...running("tempo"), onDocker("rules", [`${ALERTS}/1/expr`, 'up{job="tempo"} == 0'])],
    ],
    failing: {
      "of another service": [...running("tempo", "grafana"), ...METRICS],
      "no alert": [...running("tempo"), onDocker("rules", [ALERTS, []])],
      "no rules": running("tempo"),
      "no rules on Kubernetes": statefulSet,
      "of all but it": [
        ...running("tempo"),
        onDocker("rules", [`${ALERTS}/1/expr`, 'up{job!~"tempo|loki"} == 0']),
      ],
      "that fires when it is there": [
        ...running("tempo"),
        onDocker("rules", [`${ALERTS}/1/expr`, 'up{job=~"tempo|loki"} == 1']),
      ],
      "a record, not an alert": [...running("jaeger"), ...METRICS],
      "of another pusher": [
        ...running("collector"),
        onDocker("rules", [`${ALERTS}/2/expr`, 'absent_over_time(target_info{job="jaeger"}[3m])']),
      ],
      "of a pusher's `up`": [
        ...running("collector"),
        onDocker("rules", [`${ALERTS}/2/expr`, 'up{job="collector"} == 0']),
      ],
    },
  },
  {
    rule: observability.alertReceiver,
    passing: [
      onDocker("alertmanager"),
      onKubernetes("alertmanager", ["route/receiver", "chat"], ["route/routes"]),
      [onDocker("tempo"), onDocker("alertmanager")],
    ],
    failing: {
      nobody: receivers([{ name: "nobody" }]),
      "nobody by any name": receivers([{ name: "ops" }, { name: "chat", webhook_configs: [] }]),
      "the switch alone": receivers([webhook("dead-mans-switch")]),
      "nobody on Kubernetes": onKubernetes("alertmanager", ["receivers", [{ name: "nobody" }]]),
      "whom no route names": onDocker("alertmanager", ["route/routes"]),
      "no Alertmanager": onDocker("tempo"),
    },
  },
  {
    rule: observability.verificationRuns,
    passing: [subject("tracekeep:index:Verification", "verification", {})],
    failing: { "switched off": [dockerService, statefulSet], nothing: [] },
  },
];
