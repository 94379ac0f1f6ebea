import { rulesOver, type Part, type Subject } from "../rule";
import { attempt, known } from "../unknown";
import { dockerPartsOf, labelOf, type DockerProps } from "../views/docker-container";
import { kindOf } from "../views/kubernetes";
import { DIALLED_FROM_OUTSIDE, rowAt } from "../views/listeners";
import { isLoopback } from "../views/listeners/listener";
import { podsOf } from "../views/pod";

interface Published extends Part {
  /** Row of the connection table: `collector.otlpGrpc`; undefined where it has none. */
  listener: string | undefined;
  everywhere: boolean;
}

function publishedBy(subject: Subject): Published[] {
  return dockerPartsOf(subject).flatMap(({ where, props }) =>
    known(props.ports).map((port, index) => ({
      where: `${where}, ports[${index}]`,
      get listener() {
        return rowAt(labelOf(props, "tracekeep.service"), port.internal)?.name;
      },
      get everywhere() {
        return !isLoopback(port.ip ?? "0.0.0.0");
      },
    })),
  );
}

export const publishedPorts = rulesOver(publishedBy)<{ listeners: readonly string[] }>({
  name: "published-ports",
  description: "Off the host's loopback stand only the ports that applications and browsers dial.",
  targets: ["docker"],
  options: {
    listeners: {
      type: "array",
      items: { type: "string" },
      default: [...DIALLED_FROM_OUTSIDE],
      description: "Listeners of the connection table that may be published anywhere.",
    },
  },
  broken: ({ listener, everywhere }, { listeners }) =>
    everywhere && !listeners.includes(listener ?? ""),
});

const DOCKER_NETWORK = "docker:index/network:Network";
const MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade";

interface DockerNetwork extends Part {
  zone: string | undefined;
  options: Record<string, string>;
  internal: boolean;
}

const networksOf = ({ type, name, props }: Subject): DockerNetwork[] =>
  type === DOCKER_NETWORK
    ? [
        {
          where: `network ${name}`,
          get zone() {
            return labelOf(props as DockerProps, "tracekeep.service");
          },
          get options() {
            return (props.options ?? {}) as Record<string, string>;
          },
          get internal() {
            return props.internal === true;
          },
        },
      ]
    : [];

export const networkEgress = rulesOver(networksOf)({
  name: "network-egress",
  description: "No network of containers but `egress` leads out of the host.",
  targets: ["docker"],
  broken: ({ zone, options, internal }) =>
    zone !== "egress" && !internal && options[MASQUERADE] !== "false",
});

interface ServicePart extends Part {
  name: string;
  spec: { type?: string; externalIPs?: string[]; loadBalancerSourceRanges?: string[] };
}

const kubernetesServicesOf = (subject: Subject): ServicePart[] =>
  kindOf(subject) === "Service"
    ? [
        {
          where: `service ${subject.name}`,
          name: subject.name,
          get spec() {
            return (subject.props.spec ?? {}) as ServicePart["spec"];
          },
        },
      ]
    : [];

export const serviceType = rulesOver(kubernetesServicesOf)<{ services: readonly string[] }>({
  name: "service-type",
  description: "No Service has a port or an address outside of the cluster, unless it is allowed.",
  targets: ["kubernetes"],
  options: {
    services: {
      type: "array",
      items: { type: "string" },
      default: [],
      description: "Names of the resources of Services that may be load balancers or node ports.",
    },
  },
  broken: ({ name, spec }, { services }) =>
    !services.includes(name) &&
    (!["ClusterIP", undefined].includes(spec.type) || (spec.externalIPs ?? []).length > 0),
});

export const balancerSources = rulesOver(kubernetesServicesOf)({
  name: "balancer-sources",
  description: "A load balancer says which addresses may dial it.",
  targets: ["kubernetes"],
  broken: ({ spec }) =>
    spec.type === "LoadBalancer" && (spec.loadBalancerSourceRanges ?? []).length === 0,
});

interface PodPort extends Part {
  hostPort: number | undefined;
}

const podPortsOf = (subject: Subject): PodPort[] =>
  podsOf(subject).flatMap(({ where, spec }) =>
    known(attempt(() => spec.containers)).flatMap(({ ports }) =>
      known(ports).map((port, index) => ({
        where: `${where}, ports[${index}]`,
        get hostPort() {
          return port.hostPort;
        },
      })),
    ),
  );

export const hostPorts = rulesOver(podPortsOf)({
  name: "host-ports",
  description: "No pod takes a port of its node.",
  targets: ["kubernetes"],
  broken: ({ hostPort }) => (hostPort ?? 0) !== 0,
});
