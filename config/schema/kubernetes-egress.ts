import * as o from "../types";

const addresses = (of: string) =>
  o.list(`Of ${of}. Default: any.`, o.addressRange("A range of addresses."));

/** What is dialled outside of the stack, by what it is for. */
export const egress = o.section(
  "Addresses that may be dialled outside of the stack, at the ports of their URLs. Default: any but link-local ones and those of clouds' metadata. What the options give as an address, or by a name under `.svc`, is opened by itself and needs no range.",
  {
    objectStorage: addresses("S3"),
    alertReceivers: addresses("the receivers of alerts and the dead man's switch"),
    identityProvider: addresses("the provider of Grafana's logins"),
    database: addresses("Grafana's database"),
    extraReceivers: addresses("`extraReceivers`"),
    scrapeTargets: addresses("`scrapeTargets` and the applications' `scrape.target`"),
    applications: addresses("what applications dial that the stack runs, at any port"),
    dns: o.list(
      "DNS servers besides the pods `k8s-app: kube-dns`, such as a cache on each node.",
      o.addressRange("A range of addresses."),
    ),
  },
);
