import { routeOf, type Route } from "../../config/entrances";
import type { Workload, WorkloadPort } from "../workload";
import { labelsOf } from "./cluster";
import { GATEWAY_API, type Kinds, type KubernetesObject } from "./objects";
import { portName } from "./pod";
import { publicName, publicService } from "./public-service";
import { behindName, NO_AWAIT } from "./services";
import type { Making } from "./workload-objects";

/** A port that is reached by a public name. */
interface Routed {
  making: Making;
  workload: Workload;
  port: WorkloadPort & Required<Pick<WorkloadPort, "route">>;
  options: Route;
}

function routedPorts(making: Making, workload: Workload): Routed[] {
  return behindName(workload).ports.flatMap((port) => {
    const options = routeOf(making.cluster.options.routes, workload.name, port.name);
    const { route } = port;
    return options && route ? [{ making, workload, port: { ...port, route }, options }] : [];
  });
}

const routeName = ({ workload, port }: Routed) => `${workload.name}-${portName(port.name)}`;

const metadata = ({ making: { cluster }, workload }: Routed, name: string) => ({
  name,
  namespace: cluster.namespace,
  labels: labelsOf(cluster, workload.name),
});

/** Name of what holds the root. It is constant: users write it into annotations of their controller. */
const caName = ({ name }: Workload) => `${publicName(name)}-ca`;

/** What controllers verify the service by that they pass requests on to. They know a CA by this key. */
const caData = ({ making }: Routed) => ({ "ca.crt": making.materials.trust.root });

/** Certificate that is shown to the world, where the options have it and no Secret. */
function certificateObject(routed: Routed): Kinds["Secret"][] {
  const { making, port } = routed;
  const { certificate } = port.route;
  if (certificate === undefined) return [];
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadata(routed, `${publicName(routeName(routed))}-tls`),
      type: "kubernetes.io/tls",
      immutable: false,
      stringData: {
        "tls.crt": certificate.chain,
        "tls.key": making.materials.secrets[certificate.key],
      },
    },
  ];
}

function ingressObjects(routed: Routed): KubernetesObject[] {
  const { port, options, workload } = routed;
  if (options.ingress === undefined) return [];
  const { class: ingressClassName, annotations, tls } = options.ingress;
  const { host, passThrough } = port.route;
  const [own] = certificateObject(routed);
  const secretName = own?.metadata.name ?? tls?.secret;
  const ca: Kinds["Secret"] = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: metadata(routed, caName(workload)),
    type: "Opaque",
    immutable: false,
    stringData: caData(routed),
  };
  return [
    ...(own ? [own] : []),
    ...(passThrough ? [] : [ca]),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: {
        ...metadata(routed, routeName(routed)),
        annotations: { ...NO_AWAIT, ...annotations },
      },
      spec: {
        ...(ingressClassName !== undefined && { ingressClassName }),
        rules: [
          {
            host,
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: {
                    service: {
                      name: publicName(workload.name),
                      port: { name: portName(port.name) },
                    },
                  },
                },
              ],
            },
          },
        ],
        ...(!passThrough && { tls: [{ hosts: [host], ...(secretName && { secretName }) }] }),
      },
    },
  ];
}

/** How a Gateway speaks TLS to the service: under the stack's root, by the service's own name. */
function backendPolicy(routed: Routed): KubernetesObject[] {
  const { port, workload } = routed;
  const name = caName(workload);
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata(routed, name), data: caData(routed) },
    {
      apiVersion: GATEWAY_API,
      kind: "BackendTLSPolicy",
      metadata: metadata(routed, routeName(routed)),
      spec: {
        targetRefs: [
          {
            group: "",
            kind: "Service",
            name: publicName(workload.name),
            sectionName: portName(port.name),
          },
        ],
        validation: {
          hostname: workload.name,
          caCertificateRefs: [{ group: "", kind: "ConfigMap", name }],
        },
      },
    },
  ];
}

function gatewayObjects(routed: Routed): KubernetesObject[] {
  const { options, port, workload } = routed;
  if (options.gateway === undefined) return [];
  const { name, namespace, listener } = options.gateway;
  const rest = {
    metadata: metadata(routed, routeName(routed)),
    spec: {
      parentRefs: [{ name, namespace, ...(listener !== undefined && { sectionName: listener }) }],
      hostnames: [port.route.host],
      rules: [{ backendRefs: [{ name: publicName(workload.name), port: port.number }] }],
    },
  };
  return port.route.passThrough
    ? [{ apiVersion: GATEWAY_API, kind: "TLSRoute", ...rest }]
    : [...backendPolicy(routed), { apiVersion: GATEWAY_API, kind: "HTTPRoute", ...rest }];
}

/** Ways in to a Workload by its public names, where the options ask for them. */
export function routeObjects(making: Making, workload: Workload): KubernetesObject[] {
  const routed = routedPorts(making, workload);
  if (routed.length === 0) return [];
  const ports = routed.map(({ port }) => ({ listener: port.name, port: port.number }));
  const annotations = Object.assign(
    {},
    ...routed.map(({ options }) => options.ingress?.serviceAnnotations),
  ) as Record<string, string>;
  return [
    publicService(making.cluster, workload, ports, annotations, { type: "ClusterIP" }),
    ...routed.flatMap((one) => [...ingressObjects(one), ...gatewayObjects(one)]),
  ];
}
