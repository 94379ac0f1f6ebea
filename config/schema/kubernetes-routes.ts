import { z } from "zod";
import * as o from "../types";

const annotations = (of: string) =>
  z
    .record(
      z
        .string()
        .regex(
          /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/,
          "expected the key of an annotation",
        ),
      z.string("expected a text; quote numbers and true/false"),
    )
    .prefault({})
    .meta({
      description: `Annotations of ${of}.`,
      form: "a map of annotation keys to texts",
    } satisfies o.OptionMeta);

const gateway = o.group("By a route at a Gateway that is there already.", {
  name: o.text("Name of the Gateway."),
  namespace: o.namespace("Its namespace."),
  listener: o
    .text("Its listener. Default: any that takes the host and the route's kind.")
    .optional(),
});

const ingress = {
  class: o.text("Class of the Ingress. Default: the cluster's own.").optional(),
  annotations: annotations("the Ingress"),
  serviceAnnotations: annotations("the Service behind it"),
};

const certificate = o
  .group("Its certificate. Default: the controller's own.", {
    secret: o
      .text(
        "A Secret of the stack's namespace that is there, or that cert-manager fills for an annotation.",
      )
      .optional(),
    certificate: o
      .pemCertificate("PEM certificate, then those that lead to its root, in place of a Secret.")
      .optional(),
    privateKey: o.pemKey("Its key, as a secret.").optional(),
  })
  .optional();

const route = <T extends z.ZodRawShape>(what: string, service: string, further: T) =>
  o
    .group(`Way in to ${what} by its public name. Default: none.`, {
      host: o
        .hostName(`Public name, one of \`hostNames.${service}\`. Default: the first of them.`)
        .optional(),
      port: o.port("Port that the world dials, for links.").prefault(443),
      fromNamespaces: o.list(
        "Namespaces of the pods that pass it on: those of the controller or Gateway.",
        o.namespace("A namespace."),
      ),
      fromAddresses: o.list(
        "Addresses that it is passed on from by who is no pod, such as a cloud's load balancer.",
        o.addressRange("A range of addresses."),
      ),
      ingress: o.group("By an Ingress.", { ...ingress, ...further }).optional(),
      gateway: gateway.optional(),
    })
    .optional();

/** Ways in by name, by service and listener as in `ports`. */
export const routes = o.section(
  "Ways in from outside of the cluster by an Ingress or at a Gateway. Connections to the OTLP intake are passed through as they are, for it demands the sender's certificate.",
  {
    grafana: o.section("Of Grafana.", {
      https: route("its pages", "grafana", { tls: certificate }),
    }),
    collector: o.section("Of the OTLP intake.", {
      otlpGrpc: route("OTLP over gRPC", "collector", {}),
      otlpHttp: route("OTLP over HTTP", "collector", {}),
    }),
  },
);

const balancer = (of: string) =>
  o
    .group(`Of ${of}, at the ports of \`ports\`. Default: none.`, {
      sourceRanges: o.list(
        "Addresses that may dial it; 0.0.0.0/0 is the world.",
        o.addressRange("A range of addresses."),
      ),
      class: o.text("Class of the load balancer. Default: the cluster's own.").optional(),
      annotations: annotations("the Service"),
    })
    .optional();

export const loadBalancers = o.section(
  "Ways in from outside of the cluster by a Service of the type LoadBalancer.",
  { collector: balancer("the OTLP intake"), grafana: balancer("Grafana") },
);
