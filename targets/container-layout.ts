import { guardName } from "../components/guard/name";
import { GUARDED, listenersOf } from "../components/stack/listeners";
import { IMAGES } from "../config/images";
import { SERVICES, type ServiceName } from "../config/services";
import type { Layout } from "./layout";

/** Where every container has its files. */
export const DIRECTORIES = {
  config: "/etc/tracekeep/config",
  trust: "/etc/tracekeep/trust",
  identity: "/etc/tracekeep/identity",
  secrets: "/etc/tracekeep/secrets",
  scratch: "/tmp",
} as const;

const isService = (name: string): name is ServiceName =>
  (SERVICES as readonly string[]).includes(name);

/** Port of a listener inside the container. @throws {Error} if there is no such listener. */
export function portOf(service: string, listener: string): number {
  const found = isService(service) ? listenersOf(service)[listener] : undefined;
  if (found === undefined) throw new Error(`${service} has no listener "${listener}"`);
  return found.port;
}

/** Layout of a container: the ports of the connection table, peers by their network alias. */
export function containerLayout(name: string): Layout {
  const data = isService(name) ? IMAGES[name].data : `/var/lib/${name}`;
  return {
    ...DIRECTORIES,
    data,
    // A volume of its own.
    dataMount: data,
    bind: "0.0.0.0",
    loopback: "127.0.0.1",
    probeBind: "127.0.0.1",
    containerLogs: "json-file",
    listen: (listener) => portOf(name, listener),
    // What stands before a service has a container, and so a name, of its own.
    peer: (service, listener) =>
      `${listener === GUARDED ? guardName(service) : service}:${portOf(service, listener)}`,
    behind: (listener) => `${name}:${portOf(name, listener)}`,
    // One host runs one of each.
    replica: (service, _, listener) => `${service}:${portOf(service, listener)}`,
    replicas: (service, listener) => `${service}:${portOf(service, listener)}`,
    self: (listener) => `${name}:${portOf(name, listener)}`,
    selfAddress: (listener) => `${name}:${portOf(name, listener)}`,
  };
}
