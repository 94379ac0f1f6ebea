import { limitsOf } from "./capacity";
import type { Problem, StackConfig } from "./parse";
import { SERVICES } from "./services";
import { isLoopback } from "./types";
import { goDuration, sizeText } from "./units";

type Check = (
  config: StackConfig,
  environment: Readonly<Record<string, string | undefined>>,
) => Problem[];

interface PublishedPort {
  path: string;
  owner: string;
  bind: string;
  port: number;
}

/** Every host port that the stack would bind, with the option that says so. */
export function publishedPorts(config: StackConfig): PublishedPort[] {
  const enabled = (service: string) =>
    (config as unknown as Record<string, { enabled?: boolean }>)[service]?.enabled !== false;
  const ports: PublishedPort[] = [];
  for (const service of SERVICES.filter(enabled)) {
    const { bind, ...numbers } = config.ports[service];
    for (const [name, port] of Object.entries(numbers)) {
      ports.push({ path: `ports.${service}.${name}`, owner: service, bind, port });
    }
  }
  const { plaintext, jaeger, zipkin } = config.intake;
  const intakes = [
    {
      name: "plaintext",
      on: plaintext.enabled,
      ports: { otlpGrpc: plaintext.otlpGrpc, otlpHttp: plaintext.otlpHttp },
    },
    {
      name: "jaeger",
      on: jaeger.enabled,
      ports: { grpc: jaeger.grpc, thriftHttp: jaeger.thriftHttp },
    },
    { name: "zipkin", on: zipkin.enabled, ports: { http: zipkin.http } },
  ];
  for (const intake of intakes.filter(({ on }) => on)) {
    for (const [name, port] of Object.entries(intake.ports)) {
      const path = `intake.${intake.name}.${name}`;
      ports.push({ path, owner: `the ${intake.name} intake`, bind: plaintext.bind, port });
    }
  }
  return ports;
}

const portClashes: Check = (config) => {
  const seen: PublishedPort[] = [];
  const problems: Problem[] = [];
  for (const port of publishedPorts(config)) {
    const other = seen.find(
      (one) =>
        one.port === port.port &&
        (one.bind === port.bind || one.bind === "0.0.0.0" || port.bind === "0.0.0.0"),
    );
    if (other) {
      problems.push({
        path: port.path,
        message: `expected a port of its own, got ${port.port}, which ${other.owner} has too (${other.path}) beside ${port.owner}`,
      });
    }
    seen.push(port);
  }
  return problems;
};

const plaintextOnLoopback: Check = ({ intake }) =>
  isLoopback(intake.plaintext.bind)
    ? []
    : [
        {
          path: "intake.plaintext.bind",
          message: `expected a loopback address such as "127.0.0.1": plaintext never leaves the host, got "${intake.plaintext.bind}"`,
        },
      ];

const s3Complete: Check = ({ storage }, environment) => {
  const problems: Problem[] = [];
  for (const [service, options] of Object.entries(storage)) {
    const path = `storage.${service}`;
    if (options.kind === "local") {
      for (const key of [
        "bucket",
        "endpoint",
        "prefix",
        "accessKeyId",
        "secretAccessKey",
        "ca",
      ] as const) {
        if (options[key] === undefined) continue;
        problems.push({
          path: `${path}.${key}`,
          message: `has no meaning with kind "local"; set ${path}.kind: s3 or leave it out`,
        });
      }
      continue;
    }
    for (const key of ["bucket", "endpoint"] as const) {
      if (options[key] === undefined)
        problems.push({ path: `${path}.${key}`, message: `expected a value: kind "s3" needs it` });
    }
    const credentials = [
      ["accessKeyId", "AWS_ACCESS_KEY_ID"],
      ["secretAccessKey", "AWS_SECRET_ACCESS_KEY"],
    ] as const;
    for (const [key, variable] of credentials) {
      if (options[key] === undefined && !environment[variable]) {
        problems.push({
          path: `${path}.${key}`,
          message: `expected a secret here, or ${variable} in the environment`,
        });
      }
    }
  }
  const { tempo, loki } = storage;
  const shared =
    tempo.kind === "s3" &&
    loki.kind === "s3" &&
    tempo.bucket === loki.bucket &&
    tempo.endpoint === loki.endpoint;
  if (shared && tempo.bucket !== undefined && tempo.prefix === loki.prefix) {
    problems.push({
      path: "storage.loki.prefix",
      message: `expected a bucket or a prefix other than Tempo's: both would write to the same place`,
    });
  }
  return problems;
};

const certificateTimes: Check = ({ certificates }) => {
  const problems: Problem[] = [];
  const { lifetime, renewBefore, caLifetime } = certificates;
  for (const key of ["lifetime", "renewBefore", "caLifetime"] as const) {
    if (certificates[key] < 3600 || certificates[key] % 3600 !== 0) {
      problems.push({
        path: `certificates.${key}`,
        message: `expected whole hours, at least "1h"`,
      });
    }
  }
  if (lifetime <= renewBefore) {
    problems.push({
      path: "certificates.lifetime",
      message: `expected longer than certificates.renewBefore (${goDuration(renewBefore)}), or every \`up\` would renew; got ${goDuration(lifetime)}`,
    });
  }
  if (caLifetime < 2 * lifetime) {
    problems.push({
      path: "certificates.caLifetime",
      message: `expected at least twice certificates.lifetime (${goDuration(2 * lifetime)}), got ${goDuration(caLifetime)}`,
    });
  }
  return problems;
};

const positiveTimes: Check = (config) => {
  const least: [path: string, value: number, least: number][] = [
    ["retention.traces", config.retention.traces, 3600],
    ["retention.logs", config.retention.logs, 86_400],
    ["retention.metrics.time", config.retention.metrics.time, 7200],
    ["jaeger.retention", config.jaeger.retention, 3600],
    ["alerts.interval", config.alerts.interval, 1],
    ["alerts.lookback", config.alerts.lookback, 1],
    ["alerts.latency", config.alerts.latency, 0.001],
    ["sampling.decisionWait", config.sampling.decisionWait, 1],
    ["tuning.prometheus.scrapeInterval", config.tuning.prometheus.scrapeInterval, 1],
    ["verification.timeout", config.verification.timeout, 10],
    ["capacity.outage", config.capacity.outage, 60],
  ];
  const problems = least
    .filter(([, value, bound]) => value < bound)
    .map(([path, , bound]) => ({ path, message: `expected at least "${goDuration(bound)}"` }));
  if (config.retention.logs % 86_400 !== 0) {
    problems.push({
      path: "retention.logs",
      message: `expected whole days, such as "168h" or "7d"`,
    });
  }
  if (config.alerts.lookback < 2 * config.tuning.prometheus.scrapeInterval) {
    problems.push({
      path: "alerts.lookback",
      message: `expected at least twice tuning.prometheus.scrapeInterval, or a rate has one sample only`,
    });
  }
  const { latencyBuckets } = config.tuning.collector;
  if (latencyBuckets.some((bound, index) => index > 0 && bound <= latencyBuckets[index - 1])) {
    problems.push({ path: "tuning.collector.latencyBuckets", message: "expected rising bounds" });
  }
  return problems;
};

const limitsHold: Check = (config) =>
  SERVICES.flatMap((service) => {
    const { memory, memoryReservation } = limitsOf(config, service);
    const problems: Problem[] = [];
    if (memory < 64 * 2 ** 20) {
      problems.push({
        path: `limits.${service}.memory`,
        message: `expected at least "64Mi", got "${sizeText(memory)}"`,
      });
    }
    if (memoryReservation > memory) {
      problems.push({
        path: `limits.${service}.memoryReservation`,
        message: `expected at most the limit (${sizeText(memory)}), got "${sizeText(memoryReservation)}"`,
      });
    }
    return problems;
  });

function duplicates(
  names: readonly string[],
  where: string,
  reserved: readonly string[],
): Problem[] {
  return names.flatMap((name, index) => {
    const path = `${where}[${index}].name`;
    if (reserved.includes(name))
      return [{ path, message: `expected another name: "${name}" is taken by the stack itself` }];
    if (names.indexOf(name) === index) return [];
    return [
      {
        path,
        message: `expected a name of its own, "${name}" stands at ${where}[${names.indexOf(name)}] already`,
      },
    ];
  });
}

const namesUnique: Check = (config) => [
  ...duplicates(
    config.apps.map(({ name }) => name),
    "apps",
    [...SERVICES, "operator", "verification"],
  ),
  ...duplicates(
    config.scrapeTargets.map(({ name }) => name),
    "scrapeTargets",
    [...SERVICES],
  ),
  ...duplicates(
    config.extraReceivers.map(({ name }) => name),
    "extraReceivers",
    ["tempo", "loki", "prometheus", "jaeger"],
  ),
];

const applications: Check = (config) =>
  config.apps.flatMap((app, index) => {
    const path = `apps[${index}]`;
    const problems: Problem[] = [];
    if (app.qdrant && !config.qdrant.enabled) {
      problems.push({ path: `${path}.qdrant`, message: "expected qdrant.enabled: true beside it" });
    }
    if (app.reads.includes("jaeger") && !config.jaeger.enabled) {
      problems.push({
        path: `${path}.reads`,
        message: 'names "jaeger", but jaeger.enabled is false',
      });
    }
    if (app.scrape && (app.scrape.target === undefined) === (app.scrape.port === undefined)) {
      problems.push({ path: `${path}.scrape`, message: "expected either target or port" });
    }
    if (app.scrape?.port !== undefined && app.image === undefined) {
      problems.push({
        path: `${path}.scrape.port`,
        message: "expected target: the stack does not run this application (no image)",
      });
    }
    if (app.image === undefined && (app.command.length > 0 || Object.keys(app.env).length > 0)) {
      problems.push({ path, message: "has command or env, but no image to run" });
    }
    return problems;
  });

const dockerHost: Check = ({ docker }) => {
  const problems: Problem[] = [];
  const scheme = /^(unix:\/\/\/\S+|ssh:\/\/\S+|tcp:\/\/[^\s:]+:\d+)$/.exec(docker.host);
  if (!scheme) {
    problems.push({
      path: "docker.host",
      message: 'expected "unix:///path", "ssh://user@host[:port]" or "tcp://host:port"',
    });
  }
  if (docker.host.startsWith("tcp://") && !docker.tls) {
    problems.push({
      path: "docker.tls",
      message: "expected caFile, certFile and keyFile: a daemon on TCP is spoken to over TLS only",
    });
  }
  if (docker.sshOptions.length > 0 && !docker.host.startsWith("ssh://")) {
    problems.push({
      path: "docker.sshOptions",
      message: 'has a meaning only with docker.host "ssh://…"',
    });
  }
  if (docker.sshOptions.some((option) => /StrictHostKeyChecking=(no|off)/i.test(option))) {
    problems.push({
      path: "docker.sshOptions",
      message: "switches host key checking off; add the host's key to known_hosts instead",
    });
  }
  return problems;
};

const scrapeTargetsNamed: Check = ({ scrapeTargets }) =>
  scrapeTargets.flatMap(({ targets }, index) =>
    targets.length > 0
      ? []
      : [{ path: `scrapeTargets[${index}].targets`, message: "expected at least one target" }],
  );

const webhookDelivered: Check = (config) =>
  config.alerts.webhook && !config.alertmanager.enabled
    ? [
        {
          path: "alerts.webhook",
          message: "expected alertmanager.enabled: true: Alertmanager delivers it",
        },
      ]
    : [];

const CHECKS: readonly Check[] = [
  portClashes,
  plaintextOnLoopback,
  s3Complete,
  certificateTimes,
  positiveTimes,
  limitsHold,
  namesUnique,
  applications,
  dockerHost,
  scrapeTargetsNamed,
  webhookDelivered,
];

/** What no single option can tell: clashes, orders and what one option asks of another. */
export function checkAcross(
  config: StackConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Problem[] {
  return CHECKS.flatMap((check) => check(config, environment));
}
