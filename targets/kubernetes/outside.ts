import type { input as inputs } from "@pulumi/kubernetes/types";
import { isWithin, METADATA_RANGES, namespaceOf, rangeOf } from "../../config/addresses";
import type { Edge } from "../workload";
import { namespaceNamed, type Cluster } from "./cluster";

type Peer = inputs.networking.v1.NetworkPolicyPeer;

const ANYWHERE = ["0.0.0.0/0", "::/0"];

/** A range of addresses, without those at which a cloud hands out a node's credentials. */
function addressPeer(cidr: string): Peer {
  const except = METADATA_RANGES.filter((range) => isWithin(range, cidr));
  return { ipBlock: { cidr, ...(except.length > 0 && { except }) } };
}

/** Ranges of addresses; where there is none, any address. */
export const addressPeers = (ranges: readonly string[]): Peer[] =>
  (ranges.length > 0 ? ranges : ANYWHERE).map(addressPeer);

/** Who is dialled outside of the stack, and whether at the port of its URL. */
export function outsidePeers(
  { options }: Cluster,
  { purpose, host = "" }: Extract<Edge["peer"], { kind: "outside" }>,
): { peers: Peer[]; anyPort: boolean } {
  const namespace = namespaceOf(host);
  // A policy sees the pod behind a Service, whose port may be another.
  if (namespace !== undefined) return { peers: [namespaceNamed(namespace)], anyPort: true };
  const address = rangeOf(host);
  if (address !== undefined) return { peers: [{ ipBlock: { cidr: address } }], anyPort: false };
  return { peers: addressPeers(options.egress[purpose]), anyPort: false };
}
