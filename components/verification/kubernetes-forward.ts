import type { KubeConfig } from "@kubernetes/client-node";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { splitHostPort } from "./client";
import type { Forwards, KubernetesRemote } from "./forward";

/** Credentials of the cluster, as the options name them. @throws if the context is not there. */
export async function clusterAccess({
  kubeconfig,
  context,
}: Pick<KubernetesRemote, "kubeconfig" | "context">): Promise<KubeConfig> {
  // Loaded late: only who speaks to a cluster pays for it.
  const { KubeConfig: Config } = await import("@kubernetes/client-node");
  const access = new Config();
  if (kubeconfig === undefined) access.loadFromDefault();
  else access.loadFromFile(kubeconfig);
  if (context !== undefined) {
    const known = access.getContexts().map(({ name }) => name);
    if (!known.includes(context)) {
      throw new Error(
        `there is no context "${context}" in ${kubeconfig ?? "the kubeconfig"}; it has ${known.join(", ") || "none"}`,
      );
    }
    access.setCurrentContext(context);
  }
  return access;
}

const listen = (serve: (socket: Socket) => void): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer(serve);
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });

/**
 * Forwards to the pods behind a stack's Services, through the cluster's API: what `kubectl
 * port-forward` does. Published addresses are `service.namespace.svc:port`.
 */
export async function kubernetesForwards(
  remote: KubernetesRemote,
  published: readonly string[],
): Promise<Forwards> {
  const { PortForward } = await import("@kubernetes/client-node");
  const forward = new PortForward(await clusterAccess(remote));
  const sockets = new Set<Socket>();
  const servers = await Promise.all(
    published.map((address) => {
      const { host, port } = splitHostPort(address);
      const [service] = host.split(".");
      return listen((socket) => {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        socket.on("error", () => socket.destroy());
        forward
          .portForwardService(remote.namespace, service, [port], socket, null, socket)
          // No ready pod: whoever dialled sees the connection end, as at a closed port.
          .catch(() => socket.destroy());
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
