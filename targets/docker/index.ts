import { imageOf } from "../../config/images";
import type { StackConfig } from "../../config/parse";
import type { Target } from "../target";
import { DockerDeployer } from "./deployer";
import { Images } from "./images";
import { containerLayout } from "../container-layout";
import { Networks } from "./networks";
import { dockerProvider } from "./provider";
import type { Scope } from "./scope";

/** `host:port` of a published port, as seen from where the Docker host's ports are reached. */
export function reachOn(dockerHost: string): (bind: string, port: number) => string {
  // Over ssh the loopback of the other end is forwarded; over tcp the host itself is dialled.
  const everywhere = dockerHost.startsWith("tcp://") ? new URL(dockerHost).hostname : "127.0.0.1";
  return (bind, port) => `${bind === "0.0.0.0" ? everywhere : bind}:${port}`;
}

/** The stack as containers on one Docker host. */
export function dockerTarget(config: StackConfig): Target {
  const { host, sshOptions } = config.docker;
  return {
    layout: containerLayout,
    ...(host.startsWith("ssh://") && { remote: { kind: "ssh", sshDestination: host, sshOptions } }),
    // The network alias is the short name itself.
    serverNames: () => [],
    deployer: (materials, { parent }) => {
      const scope: Scope = {
        prefix: config.namePrefix,
        stack: config.stack,
        keyFiles: config.docker.keyFiles,
        protect: config.volumes.protect,
        provider: dockerProvider(config.docker, { parent }),
        parent,
      };
      return new DockerDeployer({
        scope,
        images: new Images(scope, config.images.pull),
        networks: new Networks(scope),
        // Prometheus' image has busybox, and no stack goes without it.
        helper: imageOf(config, "prometheus"),
        materials,
        reach: reachOn(config.docker.host),
      });
    },
  };
}
