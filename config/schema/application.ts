import * as o from "../types";

export const application = o.group("An application.", {
  name: o.dnsLabel("Its name: the `service.name`, the name in its certificate, its container."),
  image: o.text("Its image, if the stack is to run it too.").optional(),
  namespace: o
    .namespace(
      "Kubernetes, without an image: namespace of its pods. It must exist; the stack leaves a Secret and a ConfigMap there. Default: the stack's own.",
    )
    .optional(),
  replicas: o
    .count("How many of it run, where the stack runs it. More than 1 needs Kubernetes.")
    .prefault(1),
  command: o.list("Arguments of the image's entry point.", o.text("An argument.")),
  env: o.environmentVariables("Further environment variables; no secrets."),
  user: o.count("User id that it runs as.", 0).prefault(10001),
  version: o.text("Its version, for `service.version`.").optional(),
  attributes: o.labels("Further resource attributes of `OTEL_RESOURCE_ATTRIBUTES`."),
  reads: o.list(
    "Services that it may query. It then gets a second certificate that opens these.",
    o.oneOf(["tempo", "prometheus", "loki", "jaeger"], "A service."),
  ),
  qdrant: o
    .flag("Whether it uses Qdrant: gives it `QDRANT_URL`, the API key and the CA.")
    .prefault(false),
  probe: o
    .group("Kubernetes, with an image: where the kubelet asks it over plaintext HTTP.", {
      port: o.port("Port; no network policy opens it to anybody else."),
      path: o.urlPath("Path.").prefault("/healthz"),
    })
    .optional(),
  scrape: o
    .group("Where Prometheus scrapes it.", {
      target: o
        .hostPort("Host and port; with an image of its own the container's name may stand there.")
        .optional(),
      port: o.port("Port, where the stack runs the application.").optional(),
      path: o.urlPath("Path of its metrics.").prefault("/metrics"),
      tls: o
        .flag("Whether it is spoken to over TLS, with Prometheus' client certificate.")
        .prefault(false),
    })
    .optional(),
  memory: o.size("Most memory of its container.").prefault("256Mi"),
  cpus: o.cpus("Most CPU of its container, in cores.").prefault(0.5),
});
