import { PRIVATE_CA } from "../helpers/private-ca";

/** A wrong configuration: what is in the file, the path that the report must name, part of its message. */
export type BadConfig = [options: Record<string, unknown>, path: string, message: string | RegExp];

const url = "https://hooks.example.org/T0KEN";
const receivers = (...list: object[]) => ({ alerts: { receivers: list } });

const ON_KUBERNETES = { target: "kubernetes", kubernetes: { context: "example" } };
const onKubernetes = (options: object) => ({
  target: "kubernetes",
  kubernetes: { context: "example", ...options },
});

const s3 = { kind: "s3", bucket: "b", endpoint: "s3.example.org:443", accessKeyId: "i" };

/** Unknown keys, at every level, and what they are nearest to. */
export const UNKNOWN_KEYS: BadConfig[] = [
  [{ samplin: { ratio: 1 } }, "samplin", 'no such option; did you mean "sampling"?'],
  [{ "": {} }, '""', "no such option; known here"],
  [{ Ports: {} }, "Ports", 'did you mean "ports"?'],
  [{ ports: { graphana: {} } }, "ports.graphana", 'did you mean "grafana"?'],
  [{ ports: { grafana: { http: 3000 } } }, "ports.grafana.http", 'did you mean "https"?'],
  [{ storage: { tempo: { bukcet: "b" } } }, "storage.tempo.bukcet", 'did you mean "bucket"?'],
  [{ retention: { metrics: { tme: "1d" } } }, "retention.metrics.tme", 'did you mean "time"?'],
  [
    { tuning: { collector: { batchsize: 1 } } },
    "tuning.collector.batchsize",
    'did you mean "batchSize"?',
  ],
  [{ apps: [{ name: "a", read: ["tempo"] }] }, "apps[0].read", 'did you mean "reads"?'],
  [{ apps: [{ name: "a", scrape: { prot: 80 } }] }, "apps[0].scrape.prot", 'did you mean "port"?'],
  [{ grafana: { oidc: { clientID: "x" } } }, "grafana.oidc.clientID", 'did you mean "clientId"?'],
  [{ qdrant: { replication: 3 } }, "qdrant.replication", "known here: enabled"],
  [{ alerts: { webhook: { url } } }, "alerts.webhook", /known here: .*receivers, deadMansSwitch/],
  [
    receivers({ name: "ops", slack: { channel: "#ops" } }),
    "alerts.receivers[0].slack",
    "no such option; known here: name, url, ca, allowHttp, severities",
  ],
  [
    { alerts: { deadMansSwitch: { url, every: "1m" } } },
    "alerts.deadMansSwitch.every",
    "known here",
  ],
  [{ limits: { otel: {} } }, "limits.otel", /known here: tempo, collector, .*alertmanager/],
];

/** Values of a wrong form. */
export const WRONG_FORMS: BadConfig[] = [
  ...["https://registry.example.org", "mirror/grafana", "localhosts/a", "r.example.org:port"].map(
    (registry): BadConfig => [
      { images: { registry } },
      "images.registry",
      'expected a registry without "https://", such as "registry.example.org/mirror"',
    ],
  ),
  [{ target: "kubernets" }, "target", 'expected one of "docker", "kubernetes", got "kubernets"'],
  [{ ports: { tempo: { http: 0 } } }, "ports.tempo.http", "a port from 1 to 65535, got 0"],
  [{ ports: { tempo: { http: Infinity } } }, "ports.tempo.http", "got Infinity"],
  [{ sampling: { ratio: NaN } }, "sampling.ratio", "expected a number from 0 to 1, got NaN"],
  [{ portOffset: -1 }, "portOffset", "a whole number of at least 0, got -1"],
  [{ ports: { tempo: { http: 65536 } } }, "ports.tempo.http", "got 65536"],
  [{ ports: { tempo: { http: 3200.5 } } }, "ports.tempo.http", "got 3200.5"],
  [
    { ports: { collector: { otlpGrpc: "4317-4320" } } },
    "ports.collector.otlpGrpc",
    'a port from 1 to 65535, got "4317-4320"',
  ],
  [{ ports: { loki: { http: "3100" } } }, "ports.loki.http", 'got "3100"; write it without quotes'],
  [{ ports: { loki: { bind: "localhost" } } }, "ports.loki.bind", "an IPv4 address of the host"],
  [{ ports: { loki: { bind: "127.0.0.256" } } }, "ports.loki.bind", 'got "127.0.0.256"'],
  [{ ports: [] }, "ports", "expected a group of options"],
  [
    { storage: { loki: { ...s3, secretAccessKey: "k", prefix: "logs/prod" } } },
    "storage.loki.prefix",
    'letters, digits and dashes, got "logs/prod"',
  ],
  [{ ports: 3000 }, "ports", "expected a group of options"],
  [{ apps: { name: "a" } }, "apps", "expected a list"],
  [{ hostNames: { grafana: "x.org" } }, "hostNames.grafana", "expected a list"],
  [{ hostNames: { grafana: ["a_b"] } }, "hostNames.grafana[0]", "a host name or IPv4 address"],
  [{ hostNames: { grafana: ["300.1.1.1"] } }, "hostNames.grafana[0]", 'got "300.1.1.1"'],
  [{ retention: { traces: "-5h" } }, "retention.traces", 'a duration with a unit, such as "30s"'],
  [{ retention: { traces: "7 days" } }, "retention.traces", 'got "7 days"'],
  [{ retention: { traces: 168 } }, "retention.traces", "got 168"],
  [{ retention: { traces: "168" } }, "retention.traces", 'got "168"'],
  [{ retention: { traces: "101000w" } }, "retention.traces", 'got "101000w"'],
  [{ retention: { metrics: { size: "10GB" } } }, "retention.metrics.size", "a size with a unit"],
  [{ retention: { metrics: { size: "-1Gi" } } }, "retention.metrics.size", 'got "-1Gi"'],
  [{ sampling: { ratio: 1.1 } }, "sampling.ratio", "a number from 0 to 1, got 1.1"],
  [{ sampling: { ratio: -0.1 } }, "sampling.ratio", "got -0.1"],
  [{ sampling: { ratio: "10%" } }, "sampling.ratio", 'got "10%"'],
  [{ sampling: { ratio: "0.1" } }, "sampling.ratio", 'got "0.1"; write it without quotes'],
  [{ sampling: { keepErrors: "yes" } }, "sampling.keepErrors", 'expected true or false, got "yes"'],
  [{ capacity: { spansPerSecond: 0 } }, "capacity.spansPerSecond", "a whole number of at least 1"],
  [{ capacity: { spansPerSecond: 1.5 } }, "capacity.spansPerSecond", "got 1.5"],
  ...["/", "/var/log", "/var/lib/docker/containers/", "var/containers", "/a/../containers"].map(
    (directory): BadConfig => [
      { containerLogs: { directory } },
      "containerLogs.directory",
      'the path of a directory "containers"',
    ],
  ),
  [{ limits: { loki: { cpus: 0 } } }, "limits.loki.cpus", "a number of CPU cores above 0"],
  [{ redaction: { keys: ["("] } }, "redaction.keys[0]", "a regular expression of RE2"],
  [{ redaction: { values: ["(?=a)b"] } }, "redaction.values[0]", "no look-around"],
  [{ redaction: { values: ["(a)\\1"] } }, "redaction.values[0]", "no back-references"],
  [{ redaction: { values: ["(?<n>a)\\k<n>"] } }, "redaction.values[0]", "no back-references"],
  [{ redaction: { values: ["ok", "\\u0041"] } }, "redaction.values[1]", "a regular expression"],
  [{ redaction: { values: ["a{2000}"] } }, "redaction.values[0]", "a regular expression of RE2"],
  [{ redaction: { keys: ["[^]"] } }, "redaction.keys[0]", "a regular expression of RE2"],
  [{ redaction: { keys: ["(?>a)"] } }, "redaction.keys[0]", "a regular expression of RE2"],
  [{ redaction: { spanLinks: "mask" } }, "redaction.spanLinks", '"drop", "keep"'],
  [{ alerts: { errorRate: -0.05 } }, "alerts.errorRate", "above 0 and below 1, got -0.05"],
  [{ alerts: { errorRate: 5 } }, "alerts.errorRate", "above 0 and below 1, got 5"],
  [{ alerts: { latency: "-1s" } }, "alerts.latency", 'got "-1s"'],
  [{ alerts: { memory: 1 } }, "alerts.memory", "above 0 and below 1, got 1"],
  [{ alerts: { queue: 0 } }, "alerts.queue", "above 0 and below 1, got 0"],
  [{ alerts: { loss: 1.5 } }, "alerts.loss", "got 1.5"],
  [{ alerts: { disk: { critical: 90 } } }, "alerts.disk.critical", "got 90"],
  [{ alerts: { restarts: 0 } }, "alerts.restarts", "a whole number of at least 1, got 0"],
  [
    { alerts: { applications: { cpu: -1 } } },
    "alerts.applications.cpu",
    "a percentage of one core above 0, such as 80, got -1",
  ],
  [{ alerts: { runbookUrl: "docs" } }, "alerts.runbookUrl", 'an "https://" address, got "docs"'],
  [{ apps: [{}] }, "apps[0].name", "expected a DNS label: at most 40"],
  [{ apps: [{ name: "Search_API" }] }, "apps[0].name", 'got "Search_API"'],
  [{ apps: [{ name: "a".repeat(41) }] }, "apps[0].name", "at most 40"],
  ...["Shops", "a.b", "-a", "a".repeat(64)].map((namespace): BadConfig => [
    { apps: [{ name: "a", namespace }] },
    "apps[0].namespace",
    "the name of a namespace: at most 63",
  ]),
  [{ apps: [{ name: "a", reads: ["qdrant"] }] }, "apps[0].reads[0]", 'one of "tempo"'],
  [{ apps: [{ name: "a", version: 1.2 }] }, "apps[0].version", "got 1.2; write it in quotes"],
  [
    { apps: [{ name: "a", image: "i", env: { PORT: 80 } }] },
    "apps[0].env.PORT",
    "expected a text; quote numbers and true/false",
  ],
  [
    { apps: [{ name: "a", image: "i", env: { "A-B": "x" } }] },
    "apps[0].env.A-B",
    "the name of an environment variable",
  ],
  [
    { scrapeTargets: [{ name: "j", targets: ["host:70000"] }] },
    "scrapeTargets[0].targets[0]",
    '"host:port"',
  ],
  [
    { scrapeTargets: [{ name: "j", targets: ["h:1"], path: "metrics" }] },
    "scrapeTargets[0].path",
    'a path that starts with "/"',
  ],
  [
    { extraReceivers: [{ name: "r", endpoint: "h:1", signals: ["spans"] }] },
    "extraReceivers[0].signals[0]",
    'one of "traces", "logs", "metrics", got "spans"',
  ],
  [
    { storage: { tempo: { ...s3, secretAccessKey: "k", ca: "not PEM" } } },
    "storage.tempo.ca",
    "a PEM certificate",
  ],
  [
    receivers({ name: "ops" }),
    "alerts.receivers[0].url",
    /^expected an "https:\/\/" address[^,]*,/,
  ],
  ...[
    "hooks.example.org",
    "https://",
    "ftp://h.example.org",
    "https://h/{{ .x }}",
    "https://a b",
  ].map((bad): BadConfig => [
    receivers({ name: "ops", url: bad }),
    "alerts.receivers[0].url",
    /^expected an "https:\/\/" address, or an "http:\/\/" one beside allowHttp: true$/,
  ]),
  [
    { alerts: { deadMansSwitch: {} } },
    "alerts.deadMansSwitch.url",
    'expected an "https://" address',
  ],
  [receivers({ name: "On Call", url }), "alerts.receivers[0].name", 'got "On Call"'],
  [
    receivers({ name: "ops", url, severities: ["info"] }),
    "alerts.receivers[0].severities[0]",
    'one of "critical", "warning", got "info"',
  ],
  [receivers({ name: "ops", url, ca: "x" }), "alerts.receivers[0].ca", "a PEM certificate"],
  [
    receivers({ name: "ops", url, allowHttp: "yes" }),
    "alerts.receivers[0].allowHttp",
    "expected true or false",
  ],
  [
    { alerts: { deadMansSwitch: { url, interval: 60 } } },
    "alerts.deadMansSwitch.interval",
    "a duration with a unit",
  ],
  [
    {
      grafana: {
        oidc: {
          clientId: "c",
          clientSecret: "s",
          authUrl: "http://id.example.org",
          tokenUrl: "https://id.example.org",
          apiUrl: "https://id.example.org",
        },
      },
    },
    "grafana.oidc.authUrl",
    'an "https://" address, got "http://id.example.org"',
  ],
  [
    { grafana: { database: { host: "db", name: "a b", user: "u", password: "p" } } },
    "grafana.database.name",
    'at most 63 letters, digits, "_", "-" and "."',
  ],
];

const database = { host: "db.example.org:5432", name: "grafana", user: "grafana", password: "pw" };

/** Options that are right by themselves and wrong together. */
export const CLASHES: BadConfig[] = [
  [
    { ports: { jaeger: { http: 3000 } } },
    "ports.jaeger.http",
    "jaeger and grafana both want port 3000 of the host (ports.grafana.https)",
  ],
  [
    { ports: { collector: { bind: "0.0.0.0" }, tempo: { bind: "10.0.0.1", http: 4317 } } },
    "ports.collector.otlpGrpc",
    "collector and tempo both want port 4317",
  ],
  [{ ports: { collector: { otlpGrpc: 4318 } } }, "ports.collector.otlpHttp", "both want port 4318"],
  [
    { portOffset: 50_000 },
    "ports.jaeger.http",
    "expected at most 65535 with portOffset added: 16686 and 50000 make 66686",
  ],
  [
    { intake: { plaintext: { enabled: true, otlpGrpc: 9090 } } },
    "intake.plaintext.otlpGrpc",
    "the plaintext intake and prometheus both want port 9090",
  ],
  [
    { intake: { plaintext: { enabled: true, bind: "0.0.0.0" } } },
    "intake.plaintext.bind",
    "plaintext never leaves the host",
  ],
  [{ intake: { plaintext: { bind: "192.168.1.2" } } }, "intake.plaintext.bind", "loopback"],
  [
    { certificates: { lifetime: "30d", renewBefore: "30d" } },
    "certificates.lifetime",
    "expected longer than certificates.renewBefore (720h)",
  ],
  [
    { certificates: { lifetime: "90m", renewBefore: "1h" } },
    "certificates.lifetime",
    "whole hours",
  ],
  [
    { certificates: { generation: 2, alsoTrusted: 4 } },
    "certificates.alsoTrusted",
    "the number before or behind certificates.generation (2), got 4",
  ],
  [{ certificates: { caLifetime: "100d" } }, "certificates.caLifetime", "at least twice"],
  [{ retention: { traces: "0s" } }, "retention.traces", 'expected at least "1h", got "0s"'],
  [{ retention: { logs: "30h" } }, "retention.logs", "expected whole days"],
  [{ retention: { metrics: { size: "1Mi" } } }, "retention.metrics.size", 'at least "512Mi"'],
  [
    { storage: { tempo: { ...s3, secretAccessKey: "k", bucket: undefined } } },
    "storage.tempo.bucket",
    'expected a value: kind "s3" needs it',
  ],
  [
    { storage: { loki: { ...s3, secretAccessKey: "k", endpoint: undefined } } },
    "storage.loki.endpoint",
    'kind "s3" needs it',
  ],
  [
    { storage: { loki: s3 } },
    "storage.loki.secretAccessKey",
    "expected a secret here, or AWS_SECRET_ACCESS_KEY in the environment",
  ],
  [{ storage: { loki: { bucket: "b" } } }, "storage.loki.bucket", 'no meaning with kind "local"'],
  [
    {
      storage: {
        tempo: { ...s3, secretAccessKey: "k" },
        loki: { ...s3, secretAccessKey: "k" },
      },
    },
    "storage.loki.prefix",
    "both would write to the same place",
  ],
  [
    { limits: { loki: { memory: "1Gi", memoryReservation: "2Gi" } } },
    "limits.loki.memoryReservation",
    'expected at most the limit ("1Gi"), got "2Gi"',
  ],
  [{ limits: { grafana: { memory: "32Mi" } } }, "limits.grafana.memory", 'at least "64Mi"'],
  [
    { apps: [{ name: "a" }, { name: "b" }, { name: "a" }] },
    "apps[2].name",
    '"a" stands at apps[0] already',
  ],
  [{ apps: [{ name: "tempo" }] }, "apps[0].name", "is taken by the stack itself"],
  [{ apps: [{ name: "operator" }] }, "apps[0].name", "is taken by the stack itself"],
  [
    { apps: [{ name: "a", reads: ["tempo"] }, { name: "a-reader" }] },
    "apps[1].name",
    "the certificate is called with which apps[0] reads",
  ],
  [
    { qdrant: { enabled: false }, apps: [{ name: "a", qdrant: true }] },
    "apps[0].qdrant",
    "expected qdrant.enabled: true",
  ],
  [
    { jaeger: { enabled: false }, apps: [{ name: "a", reads: ["jaeger"] }] },
    "apps[0].reads",
    "jaeger.enabled is false",
  ],
  [{ apps: [{ name: "a", scrape: {} }] }, "apps[0].scrape", "expected either target or port"],
  [
    { apps: [{ name: "a", scrape: { port: 80 } }] },
    "apps[0].scrape.port",
    "does not run this application",
  ],
  [{ apps: [{ name: "a", env: { A: "1" } }] }, "apps[0]", "no image to run"],
  [{ apps: [{ name: "a", image: "i", memory: "1Mi" }] }, "apps[0].memory", 'at least "16Mi"'],
  [
    { scrapeTargets: [{ name: "j", targets: [] }] },
    "scrapeTargets[0].targets",
    "at least one target",
  ],
  [
    { scrapeTargets: [{ name: "j", targets: ["h:1"], interval: "0s" }] },
    "scrapeTargets[0].interval",
    'at least "1s"',
  ],
  [
    { extraReceivers: [{ name: "tempo", endpoint: "h:1" }] },
    "extraReceivers[0].name",
    "is taken by the stack itself",
  ],
  [
    { containerLogs: { enabled: true }, debugExporter: { enabled: true } },
    "debugExporter.enabled",
    "expected false beside containerLogs.enabled",
  ],
  [{ docker: { host: "localhost:2375" } }, "docker.host", "ssh://user@host"],
  [{ docker: { host: "ssh://-oProxyCommand=x" } }, "docker.host", "ssh://user@host"],
  [{ docker: { host: "tcp://host:2376" } }, "docker.tls", "over TLS only"],
  [{ docker: { sshOptions: ["-v"] } }, "docker.sshOptions", 'docker.host "ssh://…"'],
  [
    {
      docker: { host: "ssh://host", sshOptions: ["-o", "StrictHostKeyChecking=no"] },
    },
    "docker.sshOptions",
    "switches host key checking off",
  ],
  [
    { alertmanager: { enabled: false }, ...receivers({ name: "ops", url }) },
    "alerts.receivers[0]",
    "expected alertmanager.enabled: true",
  ],
  [
    { alertmanager: { enabled: false }, alerts: { deadMansSwitch: { url } } },
    "alerts.deadMansSwitch",
    "expected alertmanager.enabled: true",
  ],
  [
    receivers({ name: "ops", url }, { name: "chat", url }, { name: "ops", url }),
    "alerts.receivers[2].name",
    '"ops" stands at alerts.receivers[0] already',
  ],
  [
    receivers({ name: "dead-mans-switch", url }),
    "alerts.receivers[0].name",
    "is taken by the stack itself",
  ],
  [receivers({ name: "nobody", url }), "alerts.receivers[0].name", "is taken by the stack itself"],
  [
    receivers({ name: "ops", url, severities: [] }),
    "alerts.receivers[0].severities",
    "expected at least one severity",
  ],
  ...["http://hooks.example.org/T0KEN", "HTTP://10.0.0.7:9095", "http://127.example.org"].map(
    (plain): BadConfig => [
      receivers({ name: "ops", url: plain }),
      "alerts.receivers[0].url",
      /plain http to another host .* allowHttp: true beside it$/,
    ],
  ),
  [
    { alerts: { deadMansSwitch: { url: "http://alive.example.org" } } },
    "alerts.deadMansSwitch.url",
    "plain http to another host",
  ],
  [
    receivers({ name: "ops", url: "http://h.example.org", allowHttp: true, ca: PRIVATE_CA }),
    "alerts.receivers[0].ca",
    'has no meaning with an "http://" address',
  ],
  [
    { alerts: { deadMansSwitch: { url, interval: "1s" } } },
    "alerts.deadMansSwitch.interval",
    'expected a duration from "10s" to "1h", got "1s"',
  ],
  [
    { alerts: { deadMansSwitch: { url, interval: "2d" } } },
    "alerts.deadMansSwitch.interval",
    'got "48h"',
  ],
  [{ alerts: { lookback: "20s" } }, "alerts.lookback", 'at least "30s"'],
  [
    { alerts: { lookback: "20s" }, tuning: { prometheus: { scrapeInterval: "5s" } } },
    "alerts.lookback",
    "spans' metrics 15s",
  ],
  [{ redaction: { values: ["a*"] } }, "redaction.values[0]", "does not match the empty text"],
  [{ alerts: { lookback: "2h" } }, "alerts.lookback", 'at most "1h"'],
  [{ alerts: { interval: "5m" } }, "alerts.interval", 'at most "2m"'],
  [{ alerts: { latency: "10s" } }, "alerts.latency", "so the alert could not fire"],
  [{ alerts: { traffic: { silence: "5s" } } }, "alerts.traffic.silence", 'at least "1m"'],
  [{ alerts: { traffic: { silence: "48h" } } }, "alerts.traffic.silence", 'at most "24h"'],
  [{ alerts: { disk: { fullWithin: "1m" } } }, "alerts.disk.fullWithin", 'at least "1h"'],
  [{ alerts: { disk: { fullWithin: "90d" } } }, "alerts.disk.fullWithin", 'at most "720h"'],
  ...[{ namespace: "shops" }, { image: "i", probe: { port: 80 } }].map((only): BadConfig => [
    { apps: [{ name: "a", ...only }] },
    `apps[0].${Object.keys(only).pop()}`,
    'has a meaning only with target "kubernetes"',
  ]),
  [{ apps: [{ name: "a", image: "i", replicas: 2 }] }, "apps[0].replicas", "1 on a single host"],
  ...[{ probe: { port: 80 } }, { replicas: 2 }].map((only): BadConfig => [
    { ...ON_KUBERNETES, apps: [{ name: "a", ...only }] },
    `apps[0].${Object.keys(only)[0]}`,
    "does not run this application",
  ]),
  [
    { ...ON_KUBERNETES, apps: [{ name: "a", image: "i", namespace: "shops" }] },
    "apps[0].namespace",
    "expected none beside an image",
  ],
  [
    { ...ON_KUBERNETES, apps: [{ name: "a", image: "i", user: 0 }] },
    "apps[0].user",
    "may run as root",
  ],
  [
    { ...ON_KUBERNETES, intake: { plaintext: { enabled: true } } },
    "intake.plaintext.enabled",
    "expected false on Kubernetes",
  ],
  [
    { ...ON_KUBERNETES, retention: { metrics: { size: "50Gi" } } },
    "kubernetes.volumes.prometheus",
    "expected at least 55Gi",
  ],
  ...(["tempo", "prometheus", "loki", "jaeger"] as const).map((service): BadConfig => [
    { ...ON_KUBERNETES, replicas: { [service]: 2 } },
    `replicas.${service}`,
    /^expected 1, got 2: (in one process|it shares no storage|its storage)/,
  ]),
  [{ replicas: { collector: 2 } }, "replicas.collector", "expected 1 on a single host, got 2"],
  [
    { target: "kubernetes", kubernetes: { context: "example" }, replicas: { grafana: 2 } },
    "replicas.grafana",
    "expected 1 without `grafana.database`, got 2: each would have users",
  ],
  [
    { target: "docker", replicas: { grafana: 2 }, grafana: { database } },
    "replicas.grafana",
    "expected 1 on a single host, got 2",
  ],
  ...["two words", "it's", 'a"b', "a\\b", "a${B}", "a$__env{B}", "%(user)s"].map(
    (password): BadConfig => [
      { grafana: { database: { ...database, password } } },
      "grafana.database.password",
      "expected no white space, quotes, backslashes",
    ],
  ),
  [{ replicas: { qdrant: 0 } }, "replicas.qdrant", "a whole number of at least 1"],
  [
    { replicas: { "collector-gateway": 3 } },
    "replicas.collector-gateway",
    "has a meaning only with replicas.collector above 1",
  ],
  [
    onKubernetes({ autoscale: { "collector-gateway": { most: 4 } } }),
    "kubernetes.autoscale.collector-gateway",
    "has a meaning only with replicas.collector above 1",
  ],
  [
    {
      ...onKubernetes({ autoscale: { "collector-gateway": { most: 4 } } }),
      replicas: { collector: 2, "collector-gateway": 4 },
    },
    "kubernetes.autoscale.collector-gateway.most",
    "expected more than 4 (replicas.collector-gateway), got 4",
  ],
  [
    onKubernetes({ nodeSelector: { "-disk": "fast" } }),
    "kubernetes.nodeSelector.-disk",
    "expected the key of a node's label",
  ],
  [onKubernetes({ namespace: "Trace_Keep" }), "kubernetes.namespace", /DNS label|lower/i],
  [{ target: "kubernetes" }, "kubernetes.context", "the current context may be any cluster"],
  [onKubernetes({ context: "" }), "kubernetes.context", "a text that is not empty"],
  ...["default", "kube-system", "kube-traces"].map((namespace): BadConfig => [
    onKubernetes({ namespace }),
    "kubernetes.namespace",
    `"${namespace}" is the cluster's`,
  ]),
  ...["", "Fast", "fast storage", "-fast"].map((storageClass): BadConfig => [
    onKubernetes({ storageClass }),
    "kubernetes.storageClass",
    "the name of an object of the cluster",
  ]),
  [
    onKubernetes({ placement: { tempo: { storageClass: "" } } }),
    "kubernetes.placement.tempo.storageClass",
    "the name of an object of the cluster",
  ],
  [onKubernetes({ priorityClass: "High!" }), "kubernetes.priorityClass", 'got "High!"'],
  [
    onKubernetes({ nodeSelector: { disk: "fast ssd" } }),
    "kubernetes.nodeSelector.disk",
    "the value of a label",
  ],
  ...[{ value: "x" }, { key: "" }, { key: "a b" }, { key: "example.org/a/b" }].map(
    (toleration): BadConfig => [
      onKubernetes({ tolerations: [toleration] }),
      "kubernetes.tolerations[0].key",
      "the key of a label",
    ],
  ),
  [
    onKubernetes({ tolerations: [{ key: "a", value: "-" }] }),
    "kubernetes.tolerations[0].value",
    "the value of a label",
  ],
  [
    onKubernetes({ tolerations: [{ key: "a", effect: "NoSchedul" }] }),
    "kubernetes.tolerations[0].effect",
    'one of "NoSchedule"',
  ],
  [onKubernetes({ tolerations: { key: "a" } }), "kubernetes.tolerations", "expected a list"],
  [onKubernetes({ browsersFrom: ["Ingress"] }), "kubernetes.browsersFrom[0]", "of a namespace"],
  // Claims, by what the options let be kept.
  [onKubernetes({ volumes: { tempo: "40Gi" } }), "kubernetes.volumes.tempo", "at least 62Gi, for"],
  [onKubernetes({ volumes: { loki: "20Gi" } }), "kubernetes.volumes.loki", "at least 24Gi, for"],
  [onKubernetes({ volumes: { jaeger: "20Gi" } }), "kubernetes.volumes.jaeger", "at least 62Gi"],
  [
    onKubernetes({ volumes: { collector: "8Gi" } }),
    "kubernetes.volumes.collector",
    "at least 9Gi, for the queues, which hold capacity.outage",
  ],
  [onKubernetes({ volumes: { grafana: "1Mi" } }), "kubernetes.volumes.grafana", "at least 64Mi"],
  [
    {
      ...onKubernetes({ volumes: { tempo: "1Gi" } }),
      storage: { tempo: { ...s3, secretAccessKey: "k" } },
    },
    "kubernetes.volumes.tempo",
    "at least 7Gi, for what waits for the bucket",
  ],
  [
    {
      ...onKubernetes({ volumes: { loki: "1Gi" } }),
      storage: { loki: { ...s3, secretAccessKey: "k" } },
    },
    "kubernetes.volumes.loki",
    "at least 3Gi, for what waits for the bucket",
  ],
  // What is said of another target.
  [{ kubernetes: { context: "example" } }, "kubernetes.context", "only with target: kubernetes"],
  [
    { target: "docker", kubernetes: { volumes: { tempo: "1Gi" } } },
    "kubernetes.volumes",
    "only with target: kubernetes",
  ],
  [
    { ...ON_KUBERNETES, docker: { host: "ssh://ops@traces.example.org" } },
    "docker.host",
    "only with target: docker",
  ],
  // Pods of other namespaces, and the API that tells of them.
  [
    onKubernetes({ attributes: { namespaces: ["Shop"] } }),
    "kubernetes.attributes.namespaces[0]",
    'expected the name of a namespace, or "*"',
  ],
  [
    onKubernetes({ podMetrics: { namespaces: ["*"] } }),
    "kubernetes.podMetrics.namespaces[0]",
    "expected the name of a namespace:",
  ],
  ...["tracekeep-dev", "tracekeep-dev-nodes"].map((name): BadConfig => [
    onKubernetes({ podMetrics: { namespaces: ["shop", name] } }),
    "kubernetes.podMetrics.namespaces[1]",
    `expected another namespace: "${name}" is the stack's own`,
  ]),
  [
    onKubernetes({ attributes: { namespaces: ["tracekeep-dev", "tracekeep-dev-nodes"] } }),
    "kubernetes.attributes.namespaces[1]",
    "is the stack's own",
  ],
  [
    onKubernetes({ namespace: "traces", podMetrics: { namespaces: ["traces"] } }),
    "kubernetes.podMetrics.namespaces[0]",
    'expected another namespace: "traces"',
  ],
  [onKubernetes({ api: { ports: [] } }), "kubernetes.api.ports", "expected at least one port"],
  [onKubernetes({ api: { ports: [0] } }), "kubernetes.api.ports[0]", "a port from 1 to 65535"],
  [
    onKubernetes({ api: { addresses: ["10.96.0.1"] } }),
    "kubernetes.api.addresses[0]",
    "expected a range of addresses",
  ],
  [
    onKubernetes({ api: { addresses: ["10.96.0.1/32", "169.254.0.0/16"] } }),
    "kubernetes.api.addresses[1]",
    "clouds hand out a node's credentials",
  ],
  ...["attributes", "podMetrics"].map((option): BadConfig => [
    { kubernetes: { [option]: { namespaces: ["shop"] } } },
    `kubernetes.${option}`,
    "only with target: kubernetes",
  ]),
  // Names of objects of the stack.
  ...["deny-all", "tempo-headless"].map((name): BadConfig => [
    { ...ON_KUBERNETES, apps: [{ name }] },
    "apps[0].name",
    "what an object of the stack is called",
  ]),
  [
    { alerts: { disk: { warning: 0.95 } } },
    "alerts.disk.warning",
    "expected less than alerts.disk.critical (0.9), got 0.95",
  ],
  [{ alerts: { applications: { memory: "1Ki" } } }, "alerts.applications.memory", 'at least "1Mi"'],
  [
    { tuning: { collector: { latencyBuckets: ["5s", "10ms"] } } },
    "tuning.collector.latencyBuckets",
    "rising durations",
  ],
];
