import * as pulumi from "@pulumi/pulumi";
import type { Materials } from "./target";
import type { IssuedCertificates } from "./workload";

/** Every certificate of a stack, without a key, for the files that tell of them. */
export function issuedOf({ trust, identities }: Materials): pulumi.Output<IssuedCertificates> {
  const names = Object.keys(identities);
  const leaves = names.map((name) => identities[name].certificate);
  return pulumi
    .all([trust.root, trust.clients, pulumi.all(leaves)])
    .apply(([root, issuers, pems]) => ({
      root,
      issuers,
      leaves: Object.fromEntries(names.map((name, index) => [name, pems[index]])),
    }));
}
