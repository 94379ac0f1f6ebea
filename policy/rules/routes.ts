import { listenersOf } from "../../components/stack/listeners";
import { SERVICES } from "../../config/services";
import { portName } from "../../targets/kubernetes/pod";
import { rulesOver, type Part, type Subject } from "../rule";
import { kindOf, metadataOf, NAME_LABEL } from "../views/kubernetes";

interface IngressSpec {
  rules?: { host?: string; http?: { paths?: { backend?: Backend }[] } }[];
  tls?: { hosts?: string[] }[];
}

interface Backend {
  service?: { port?: { name?: string; number?: number } };
}

interface Route extends Part {
  /** What the listeners behind it demand, by the connection table. */
  demanded: string[];
  /** Whether TLS ends here, for a host that is named. */
  endsTls: boolean;
}

/** The rows of the table that ports of a Service are, by name or by number. */
function demandedOf(subject: Subject, ports: readonly (string | number | undefined)[]): string[] {
  const owner = metadataOf(subject).labels?.[NAME_LABEL];
  const service = SERVICES.find((name) => name === owner);
  return Object.entries(service ? listenersOf(service) : {}).flatMap(
    ([name, { port, security }]) =>
      ports.includes(port) || ports.includes(portName(name)) ? [security] : [],
  );
}

function ingressOf(subject: Subject): Route {
  const { rules = [], tls = [] } = (subject.props.spec ?? {}) as IngressSpec;
  const ports = rules.flatMap(({ http }) =>
    (http?.paths ?? []).map(({ backend }) => backend?.service?.port),
  );
  return {
    where: `ingress ${subject.name}`,
    demanded: demandedOf(
      subject,
      ports.flatMap((port) => [port?.name, port?.number]),
    ),
    endsTls: rules.every(({ host }) => tls.some(({ hosts }) => hosts?.includes(host ?? ""))),
  };
}

function httpRouteOf(subject: Subject): Route {
  const { rules = [] } = (subject.props.spec ?? {}) as {
    rules?: { backendRefs?: { port?: number }[] }[];
  };
  const ports = rules.flatMap(({ backendRefs }) => (backendRefs ?? []).map(({ port }) => port));
  return {
    where: `route ${subject.name}`,
    demanded: demandedOf(subject, ports),
    endsTls: true,
  };
}

function routesOf(subject: Subject): Route[] {
  const kind = kindOf(subject);
  if (kind === "Ingress") return [ingressOf(subject)];
  return kind === "HTTPRoute" ? [httpRouteOf(subject)] : [];
}

const route = rulesOver(routesOf);

export const clientsReach = route({
  name: "clients-reach",
  description: "No way in ends the TLS of a listener that demands the client's own certificate.",
  targets: ["kubernetes"],
  broken: ({ demanded, endsTls }) => endsTls && demanded.includes("mtls"),
});

export const routeTls = route({
  name: "route-tls",
  description: "A way in to pages is one by TLS.",
  targets: ["kubernetes"],
  broken: ({ demanded, endsTls }) => !endsTls && demanded.includes("tls"),
});
