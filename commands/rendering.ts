import { stringify } from "yaml";
import { certificateSpecs } from "../components/pki/certificate-spec";
import {
  activeConnections,
  enabledServices,
  openListeners,
  zonesOf,
} from "../components/stack/connections";
import {
  applicationGrants,
  applicationWorkloads,
  serviceWorkloads,
} from "../components/stack/workloads";
import { publishedPorts } from "../config/checks";
import type { StackConfig } from "../config/parse";
import { isLoopback } from "../config/types";
import type { StorageConfig } from "../config/schema";
import { goDuration, sizeText } from "../config/units";
import type { Workload } from "../targets/workload";
import { hostOf } from "./hosts";

/** Relative paths and texts of everything that a stack would have. */
export type Rendering = ReadonlyMap<string, string>;

const HEADER = "# Written by `npm run render`; a review compares it, nothing reads it.\n";

const yaml = (value: unknown) =>
  HEADER + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** Path in the rendering of a file that the container has at `path`. */
function placeOf(workload: string, path: string): string {
  return `${workload}/${path.replace(/^\/etc\/tracekeep\//, "").replace(/^\/+/, "")}`;
}

function resource(workload: Workload) {
  const { files, secretFiles, limits, ports, stopGrace, ...rest } = workload;
  return {
    ...rest,
    identities: rest.identities.map(({ liveFiles = [], ...identity }) => ({
      ...identity,
      ...(liveFiles.length > 0 && { liveFiles: liveFiles.map(({ path }) => path) }),
    })),
    ports: ports.map(({ name, number, publish }) => ({
      name,
      number,
      published: publish ? `${publish.bind}:${publish.port}` : "no",
    })),
    limits: {
      memory: sizeText(limits.memory),
      memoryReservation: sizeText(limits.memoryReservation),
      cpus: limits.cpus,
    },
    stopGraceSeconds: stopGrace,
    files: files.map(({ path }) => path),
    secretFiles: secretFiles.map(({ path, secrets }) => ({ path, secrets: [...secrets] })),
  };
}

function connections(config: StackConfig) {
  return {
    connections: activeConnections(config).map(({ from, to, listener, carries }) => ({
      from,
      to: listener === undefined ? to : `${to}.${listener}`,
      carries,
    })),
    listeners: Object.fromEntries(
      enabledServices(config).map((service) => [service, openListeners(config, service)]),
    ),
    networks: Object.fromEntries(
      enabledServices(config).map((service) => [service, zonesOf(config, service)]),
    ),
    firewall: publishedPorts(config).map(({ path, owner, bind, port }) => ({
      open: `${bind}:${port}/tcp`,
      for: owner,
      option: path,
      from: isLoopback(bind) ? "this host only" : "wherever the host's firewall lets in",
    })),
  };
}

function storeOf({ kind, endpoint, bucket, prefix }: StorageConfig): string {
  return kind === "local" ? "local" : ["s3", endpoint, bucket, prefix].filter(Boolean).join("/");
}

/** What is stored where, and for how long. */
function dataOf({ storage, retention, jaeger, volumes }: StackConfig) {
  const { time, size } = retention.metrics;
  return {
    protected: volumes.protect,
    traces: { storage: storeOf(storage.tempo), retention: goDuration(retention.traces) },
    logs: { storage: storeOf(storage.loki), retention: goDuration(retention.logs) },
    metrics: { retention: { time: goDuration(time), size: sizeText(size) } },
    ...(jaeger.enabled && { jaeger: { retention: goDuration(jaeger.retention) } }),
  };
}

/**
 * Every document, the list of resources and the table of connections of a stack. It is a function
 * of the configuration alone, and a secret stands in it only by its name.
 */
export function renderStack(config: StackConfig): Rendering {
  const target = hostOf(config);
  const workloads = [...serviceWorkloads(config, target), ...applicationWorkloads(config, target)];
  const rendering = new Map<string, string>();
  for (const { name, files, secretFiles } of workloads) {
    for (const { path, content } of files) rendering.set(placeOf(name, path), content);
    for (const { path, secrets, render } of secretFiles) {
      const placeholders = secrets.map((secret) => `[secret: ${secret}]`);
      rendering.set(placeOf(name, path), render(placeholders));
    }
  }
  rendering.set(
    "resources.yaml",
    yaml({
      stack: config.stack,
      target: config.target,
      namePrefix: config.namePrefix,
      workloads: workloads.map(resource),
      certificates: certificateSpecs(config),
      data: dataOf(config),
    }),
  );
  rendering.set("connections.yaml", yaml(connections(config)));
  for (const [name, text] of target.manifests(config, workloads, applicationGrants(config))) {
    rendering.set(`manifests/${name}`, text);
  }
  return new Map([...rendering].sort(([a], [b]) => (a < b ? -1 : 1)));
}
