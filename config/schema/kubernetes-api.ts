import * as o from "../types";

/** Where the cluster's API is, for the pods that ask it. */
export const api = o.section(
  "The cluster's API, as pods dial it. It is opened to those that `attributes` and `podMetrics` have ask it.",
  {
    addresses: o.list(
      "Its addresses: that of the Service `kubernetes`, and those behind it. Default: any, but for link-local ones and those of clouds' metadata.",
      o.addressRange("A range of addresses."),
    ),
    ports: o
      .list("Its ports: that of the Service, and that behind it.", o.port("A port."))
      .prefault([443, 6443]),
  },
);
