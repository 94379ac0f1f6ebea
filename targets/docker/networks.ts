import * as docker from "@pulumi/docker";
import type { Zone } from "../../components/stack/connections";
import { labels, type Scope } from "./scope";

/**
 * Name of a zone's network. The daemon routes a container through the first of its networks in
 * alphabetical order, so the one that leads out must come first.
 */
function networkName(prefix: string, zone: Zone): string {
  return zone === "egress" ? `${prefix}-a-egress` : `${prefix}-${zone}`;
}

/** The bridges of a stack, each made when a Workload first joins it. */
export class Networks {
  readonly #made = new Map<Zone, docker.Network>();

  constructor(private readonly scope: Scope) {}

  of(zone: Zone): docker.Network {
    const known = this.#made.get(zone);
    if (known) return known;
    const { prefix, provider, parent } = this.scope;
    const network = new docker.Network(
      zone,
      {
        name: networkName(prefix, zone),
        driver: "bridge",
        labels: labels(this.scope, zone),
        // Without masquerade nothing comes back from outside. Not `internal`: such a network
        // cannot publish ports.
        options: {
          "com.docker.network.bridge.enable_ip_masquerade": String(zone === "egress"),
        },
      },
      { parent, provider, deleteBeforeReplace: true },
    );
    this.#made.set(zone, network);
    return network;
  }
}
