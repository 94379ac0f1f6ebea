import { X509Certificate } from "node:crypto";
import { balancerOf, entranceOf, routeOf, type Route } from "../entrances";
import type { Problem, StackConfig } from "../parse";
import type { ServiceName } from "../services";
import { UNREADABLE } from "../types";
import { isKeyOf } from "./certificates";
import type { Check } from "./check";

/** Listeners that a route may lead to. */
const ROUTED = [
  ["grafana", "https"],
  ["collector", "otlpGrpc"],
  ["collector", "otlpHttp"],
] as const satisfies [ServiceName, string][];

interface Asked {
  service: (typeof ROUTED)[number][0];
  listener: string;
  path: string;
  route: Route;
  host?: string;
}

const asked = (config: StackConfig): Asked[] =>
  ROUTED.flatMap(([service, listener]) => {
    const route = routeOf(config.kubernetes.routes, service, listener);
    if (route === undefined) return [];
    const path = `kubernetes.routes.${service}.${listener}`;
    return [{ service, listener, path, route, host: entranceOf(config, service, listener)?.host }];
  });

const IPV4 = /^[\d.]+$/;

/** A route is by one way, from somebody, to a name that the certificate carries. */
function wayIn({ hostNames }: StackConfig, { service, path, route, host }: Asked): Problem[] {
  const problems: Problem[] = [];
  if ((route.ingress === undefined) === (route.gateway === undefined)) {
    problems.push({ path, message: "expected either ingress or gateway" });
  }
  if (route.fromNamespaces.length + route.fromAddresses.length === 0) {
    problems.push({
      path: `${path}.fromNamespaces`,
      message:
        "expected the namespace of the controller's or Gateway's pods, or fromAddresses: else nothing is let in",
    });
  }
  if (host === undefined || !hostNames[service].includes(host)) {
    problems.push({
      path: `${path}.host`,
      message: `expected one of hostNames.${service}, which enter the certificate; got ${host === undefined ? "nothing" : `"${host}"`}`,
    });
  } else if (IPV4.test(host)) {
    problems.push({ path: `${path}.host`, message: `expected a name, not an address: "${host}"` });
  }
  return problems;
}

/** What is passed through is told apart by its name alone. */
const namesApart: Check = (config) => {
  const all = asked(config);
  return all.flatMap(({ host, path }, index) => {
    const other = all.findIndex((one) => one.host === host);
    if (other === index || host === undefined) return [];
    return [
      {
        path: `${path}.host`,
        message: `expected another name than that of ${all[other].path}: what is passed through is told apart by its name alone`,
      },
    ];
  });
};

/** An Ingress that ended TLS would keep the sender's certificate from the intake. */
function passedThrough({ service, path, route: { ingress } }: Asked): Problem[] {
  if (service !== "collector" || ingress === undefined) return [];
  const passes = Object.entries(ingress.annotations).some(
    ([key, value]) => /pass-?through/i.test(key) && value === "true",
  );
  if (passes) return [];
  return [
    {
      path: `${path}.ingress.annotations`,
      message:
        'expected the annotation with which your controller passes TLS through, such as haproxy-ingress.github.io/ssl-passthrough: "true": the intake demands the sender\'s own certificate',
    },
  ];
}

/** What the world is shown: a Secret, or a certificate of the route's name with its key. */
function shown({ path, route, host }: Asked): Problem[] {
  const tls = route.ingress?.tls;
  if (tls === undefined) return [];
  const at = (key: string) => `${path}.ingress.tls${key}`;
  const { secret, certificate, privateKey } = tls;
  if ((secret === undefined) === (certificate === undefined)) {
    return [{ path: at(""), message: "expected either secret or certificate" }];
  }
  if ((certificate === undefined) !== (privateKey === undefined)) {
    return [{ path: at(""), message: "expected certificate and privateKey beside each other" }];
  }
  if (certificate === undefined) return [];
  const read = new X509Certificate(certificate);
  const pem = privateKey?.reveal() ?? UNREADABLE;
  const problems: Problem[] = [];
  if (host !== undefined && read.checkHost(host) === undefined) {
    problems.push({ path: at(".certificate"), message: `expected a certificate of "${host}"` });
  }
  if (pem !== UNREADABLE && !isKeyOf(read, pem)) {
    problems.push({
      path: at(".privateKey"),
      message: `expected the key of ${at(".certificate")}; this is another, or is damaged`,
    });
  }
  return problems;
}

/** A load balancer stands alone, and is open to whom the options say. */
const balancers: Check = (config) =>
  (["collector", "grafana"] as const).flatMap((service): Problem[] => {
    const balancer = balancerOf(config.kubernetes.loadBalancers, service);
    if (balancer === undefined) return [];
    const path = `kubernetes.loadBalancers.${service}`;
    const other = asked(config).find((one) => one.service === service);
    const problems: Problem[] = [];
    if (other !== undefined) {
      problems.push({ path, message: `expected one way in, but ${other.path} is another` });
    }
    if (balancer.sourceRanges.length === 0) {
      problems.push({
        path: `${path}.sourceRanges`,
        message: 'expected at least one range; ["0.0.0.0/0"] is the world',
      });
    }
    if (config.hostNames[service].length === 0) {
      problems.push({
        path,
        message: `expected hostNames.${service} beside it, which enter the certificate: the names by which it is dialled`,
      });
    }
    return problems;
  });

/** Ways in lead to what there is. */
const enabled: Check = ({ kubernetes, grafana }) =>
  grafana.enabled
    ? []
    : [
        ["routes.grafana.https", kubernetes.routes.grafana.https],
        ["loadBalancers.grafana", kubernetes.loadBalancers.grafana],
      ]
        .filter(([, way]) => way !== undefined)
        .map(([path]) => ({
          path: `kubernetes.${path as string}`,
          message: "expected grafana.enabled: true beside it",
        }));

/** Ways in from outside of the cluster. */
export const entrances: Check = (config, environment) => [
  ...asked(config).flatMap((one) => [...wayIn(config, one), ...passedThrough(one), ...shown(one)]),
  ...namesApart(config, environment),
  ...balancers(config, environment),
  ...enabled(config, environment),
];
