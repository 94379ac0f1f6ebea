import type { Problem, StackConfig } from "../parse";
import { DIALLED_SERVICES } from "../services";
import { isLoopback } from "../types";
import type { Check } from "./check";

/** There is none above it. */
const LAST_PORT = 65_535;

export interface PublishedPort {
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
  for (const service of DIALLED_SERVICES.filter(enabled)) {
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

/** No two listeners want the same port of the host. */
export const portClashes: Check = (config) => {
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
        message: `${port.owner} and ${other.owner} both want port ${port.port} of the host (${other.path}); give one of them another`,
      });
    }
    seen.push(port);
  }
  return problems;
};

/** No port is moved to where there are none. */
export const portsInRange: Check = (config) =>
  publishedPorts(config)
    .filter(({ port }) => port > LAST_PORT)
    .map(({ path, port }) => ({
      path,
      message: `expected at most ${LAST_PORT} with portOffset added: ${port - config.portOffset} and ${config.portOffset} make ${port}`,
    }));

/** Plaintext never leaves the host. */
export const plaintextOnLoopback: Check = ({ intake }) =>
  isLoopback(intake.plaintext.bind)
    ? []
    : [
        {
          path: "intake.plaintext.bind",
          message: `expected a loopback address such as "127.0.0.1": plaintext never leaves the host, got "${intake.plaintext.bind}"`,
        },
      ];
