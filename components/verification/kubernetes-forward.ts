import type { CoreV1Api, KubeConfig, PortForward } from "@kubernetes/client-node";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Writable } from "node:stream";
import { splitHostPort } from "./client";
import type { Forwards, KubernetesRemote } from "./forward";
import { servingPod } from "./serving-pod";

/**
 * Credentials of the cluster, as the options name them.
 *
 * @throws {Error} if the file or the context is not there, or it is not said which of many.
 */
export async function clusterAccess({
  kubeconfig,
  context,
}: Pick<KubernetesRemote, "kubeconfig" | "context">): Promise<KubeConfig> {
  // Loaded late: only who speaks to a cluster pays for it.
  const { KubeConfig: Config } = await import("@kubernetes/client-node");
  const access = new Config();
  if (kubeconfig === undefined) access.loadFromDefault();
  else if (existsSync(kubeconfig)) access.loadFromFile(kubeconfig);
  else throw new Error(`there is no file ${kubeconfig}`);
  const known = access.getContexts().map(({ name }) => name);
  const has = `${kubeconfig ?? "the kubeconfig"} has ${known.join(", ") || "none"}`;
  if (context !== undefined) {
    if (!known.includes(context)) throw new Error(`there is no context "${context}", ${has}`);
    access.setCurrentContext(context);
  } else if (known.length > 1) {
    // The current one is whichever was used last, for whatever.
    throw new Error(`kubernetes.context must name one of several contexts, ${has}`);
  }
  return access;
}

const listen = (serve: (socket: Socket) => void): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer(serve);
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });

/** What is used of the client's web socket, which comes without types. */
interface FarEnd {
  close(): void;
  addEventListener(type: "close", listener: () => void): void;
}

/** Joins a connection to a port of a ready pod behind a Service, until either end closes it. */
async function join(
  core: CoreV1Api,
  forward: PortForward,
  { namespace, service, port }: { namespace: string; service: string; port: number },
  socket: Socket,
): Promise<void> {
  // What a node says against it: whoever dialled sees the connection end, as at a closed port. Each
  // stream begins with the number of the port, which arrives here as nothing.
  const problems = new Writable({
    write: (text: Buffer, _, done) => {
      if (text.length > 0) socket.destroy();
      done();
    },
  });
  try {
    const far = (await forward.portForward(
      namespace,
      // The client's own choice may be one that is ending.
      await servingPod(core, namespace, service),
      [port],
      socket,
      problems,
      socket,
    )) as FarEnd;
    far.addEventListener("close", () => socket.end());
    if (socket.destroyed) far.close();
    else socket.once("close", () => far.close());
  } catch {
    // No ready pod, or a cluster that does not let us.
    socket.destroy();
  }
}

/**
 * Forwards to the pods behind a stack's Services, through the cluster's API: what `kubectl
 * port-forward` does. Published addresses are `service.namespace.svc:port`.
 */
export async function kubernetesForwards(
  remote: KubernetesRemote,
  published: readonly string[],
): Promise<Forwards> {
  const { CoreV1Api: Core, PortForward: Forward } = await import("@kubernetes/client-node");
  const access = await clusterAccess(remote);
  const [core, forward] = [access.makeApiClient(Core), new Forward(access)];
  const sockets = new Set<Socket>();
  const servers = await Promise.all(
    published.map((address) => {
      const { host, port } = splitHostPort(address);
      const [service] = host.split(".");
      return listen((socket) => {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        socket.on("error", () => socket.destroy());
        void join(core, forward, { namespace: remote.namespace, service, port }, socket);
      });
    }),
  );
  const local = new Map(
    servers.map((server, index) => [
      published[index],
      `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ]),
  );
  return {
    local,
    close: () => {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
    },
  };
}
