import * as cluster from "../../../policy/rules/cluster";
import * as network from "../../../policy/rules/network";
import * as routes from "../../../policy/rules/routes";
import * as pods from "../../../policy/rules/pods";
import {
  changed,
  denyAll,
  dockerService,
  inContainer,
  inPod,
  kubernetes,
  metadata,
  networkPolicy,
  statefulSet,
  subject,
} from "../subjects";
import type { Subject } from "../../../policy/rule";
import type { Case } from "./case";

const docker = (path: string, ...value: unknown[]) => changed(dockerService, path, ...value);
const pod = (path: string, ...value: unknown[]) => inPod(statefulSet, path, ...value);

const publishing = (service: string, internal: number, ip?: string) =>
  changed(docker("labels.0.value", service), "ports", [
    { internal: 1, external: 1, ip: "127.0.0.1" },
    { internal, external: 9999, ...(ip !== undefined && { ip }), protocol: "tcp" },
  ]);

const bridge = (zone: string, masquerade?: string) =>
  subject("docker:index/network:Network", zone, {
    name: `tracekeep-prod-${zone}`,
    driver: "bridge",
    labels: [{ label: "tracekeep.service", value: zone }],
    ...(masquerade !== undefined && {
      options: { "com.docker.network.bridge.enable_ip_masquerade": masquerade },
    }),
  });

const service = (spec: object, name = "grafana-service") =>
  kubernetes("core/v1:Service", name, { metadata: metadata("grafana"), spec });

export const NETWORK: Case[] = [
  {
    rule: network.publishedPorts,
    passing: [
      dockerService,
      statefulSet,
      publishing("collector", 4317, "0.0.0.0"),
      publishing("grafana", 3000, "192.0.2.1"),
      publishing("qdrant", 6333, "0.0.0.0"),
      publishing("tempo", 3200, "::1"),
    ],
    failing: {
      "what only services dial": publishing("tempo", 3200, "0.0.0.0"),
      "no address": publishing("tempo", 3200),
      "another address": publishing("loki", 3100, "192.0.2.1"),
      "another port of the same": publishing("collector", 13133, "0.0.0.0"),
      plaintext: publishing("collector", 14317, "0.0.0.0"),
      "what the table does not know": publishing("shop", 8080, "0.0.0.0"),
    },
    allowed: [[{ listeners: ["tempo.http"] }, publishing("tempo", 3200, "0.0.0.0")]],
  },
  {
    rule: network.networkEgress,
    passing: [
      bridge("egress", "true"),
      bridge("egress"),
      bridge("backplane", "false"),
      changed(bridge("backplane"), "internal", true),
    ],
    failing: { "leads out": bridge("backplane", "true"), "nothing said": bridge("backplane") },
  },
  {
    rule: network.serviceType,
    passing: [service({ type: "ClusterIP" }), service({ clusterIP: "None" }), statefulSet],
    failing: {
      "a load balancer": service({ type: "LoadBalancer" }),
      "a port of every node": service({ type: "NodePort" }),
      "an address of the host's": service({ type: "ClusterIP", externalIPs: ["192.0.2.1"] }),
    },
    allowed: [[{ services: ["grafana-service"] }, service({ type: "LoadBalancer" })]],
  },
  {
    rule: network.balancerSources,
    passing: [
      service({ type: "ClusterIP" }),
      service({ type: "LoadBalancer", loadBalancerSourceRanges: ["192.0.2.0/24"] }),
    ],
    failing: {
      none: service({ type: "LoadBalancer" }),
      "an empty list": service({ type: "LoadBalancer", loadBalancerSourceRanges: [] }),
    },
  },
  {
    rule: network.hostPorts,
    passing: [
      statefulSet,
      inContainer(statefulSet, "ports.0.hostPort", 0),
      inContainer(statefulSet, "ports"),
    ],
    failing: { "a port of the node": inContainer(statefulSet, "ports.0.hostPort", 3200) },
  },
];

const namespace = (labels?: Record<string, string>) =>
  kubernetes("core/v1:Namespace", "namespace", {
    metadata: { name: "tracekeep-prod", ...(labels && { labels }) },
  });

const RESTRICTED = { "pod-security.kubernetes.io/enforce": "restricted" };
const elsewhere = (one: Subject) => changed(one, "metadata.namespace", "elsewhere");
const of = (service: string, from: Subject) =>
  changed(from, "spec.template.metadata.labels", metadata(service).labels);

export const PODS: Case[] = [
  {
    rule: pods.podSecurity,
    passing: [namespace(RESTRICTED), { ...namespace(), name: "nodes-namespace" }, statefulSet],
    failing: {
      "nothing said": namespace(),
      weaker: namespace({ "pod-security.kubernetes.io/enforce": "baseline" }),
      "a warning alone": namespace({ "pod-security.kubernetes.io/warn": "restricted" }),
    },
    allowed: [[{ namespaces: ["namespace"] }, namespace()]],
  },
  {
    rule: pods.nodesNamespace,
    passing: [
      [namespace(RESTRICTED), statefulSet],
      [namespace(), elsewhere(statefulSet)],
      [namespace(), of("log-agent", statefulSet)],
      [namespace(), dockerService],
    ],
    failing: {
      "another service": [namespace(), statefulSet],
      "nobody's pod": [namespace(), changed(statefulSet, "spec.template.metadata.labels")],
      "one of two": [namespace(), of("log-agent", statefulSet), statefulSet],
    },
    allowed: [[{ services: ["tempo"] }, [namespace(), statefulSet]]],
  },
  {
    rule: pods.serviceAccountToken,
    passing: [statefulSet, dockerService],
    failing: {
      "nothing said": pod("automountServiceAccountToken"),
      "asked for": pod("automountServiceAccountToken", true),
    },
    allowed: [[{ pods: ["tempo"] }, pod("automountServiceAccountToken", true)]],
  },
  {
    rule: pods.secretModes,
    passing: [
      statefulSet,
      pod("volumes.1.secret.defaultMode", 0o400),
      pod("volumes", [{ name: "config", configMap: { name: "tempo-config" } }]),
    ],
    failing: {
      "nothing said": pod("volumes.1.secret.defaultMode"),
      "for everybody": pod("volumes.1.secret.defaultMode", 0o444),
      "to write": pod("volumes.1.secret.defaultMode", 0o640),
      "to run": pod("volumes.1.secret.defaultMode", 0o540),
    },
  },
];

const ingress = (...rules: unknown[]) => changed(networkPolicy, "spec.ingress", rules);
const egress = (...rules: unknown[]) => changed(networkPolicy, "spec.egress", rules);
const PROMETHEUS = { podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } } };
const EVERYWHERE = { ipBlock: { cidr: "0.0.0.0/0" } };
const port = (number: number) => [{ protocol: "TCP", port: number }];

const replicated = changed(statefulSet, "spec.replicas", 3);
const budget = (spec: object, owner = "tempo") =>
  kubernetes("policy/v1:PodDisruptionBudget", `${owner}-poddisruptionbudget`, {
    metadata: metadata(owner),
    spec: { selector: { matchLabels: metadata(owner).labels }, ...spec },
  });
const autoscaler = (spec: object) =>
  kubernetes("autoscaling/v2:HorizontalPodAutoscaler", "tempo-horizontalpodautoscaler", {
    metadata: metadata("tempo"),
    spec: { scaleTargetRef: { kind: "StatefulSet", name: "tempo" }, ...spec },
  });

const role = (...rules: object[]) =>
  kubernetes("rbac.authorization.k8s.io/v1:ClusterRole", "discovery", { rules });
const READ_PODS = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] };

export const CLUSTER: Case[] = [
  {
    rule: cluster.everyPodHasAPolicy,
    passing: [
      [statefulSet, networkPolicy],
      [statefulSet, denyAll],
      [
        statefulSet,
        changed(networkPolicy, "spec.policyTypes", ["Ingress"]),
        changed(denyAll, "spec.policyTypes", ["Egress"]),
      ],
      [networkPolicy],
      dockerService,
    ],
    failing: {
      none: statefulSet,
      "another's": [
        statefulSet,
        changed(networkPolicy, "spec.podSelector.matchLabels", metadata("loki").labels),
      ],
      "of another namespace": [statefulSet, elsewhere(denyAll)],
      "in alone": [statefulSet, changed(networkPolicy, "spec.policyTypes", ["Ingress"])],
      "out alone": [statefulSet, changed(networkPolicy, "spec.policyTypes", ["Egress"])],
      "neither way": [statefulSet, changed(networkPolicy, "spec.policyTypes")],
      "one of two": [
        statefulSet,
        networkPolicy,
        changed(
          { ...statefulSet, name: "loki" },
          "spec.template.metadata.labels",
          metadata("loki").labels,
        ),
      ],
    },
  },
  {
    rule: cluster.namedPeers,
    passing: [networkPolicy, denyAll, egress({ to: [EVERYWHERE] })],
    failing: {
      "from anybody": ingress({ ports: port(3200) }),
      "from an empty list": ingress({ from: [], ports: port(3200) }),
      "from anywhere": ingress({ from: [PROMETHEUS, EVERYWHERE], ports: port(3200) }),
      "from anywhere, by its new addresses": ingress({ from: [{ ipBlock: { cidr: "::/0" } }] }),
      "to anybody": egress({ ports: port(443) }),
      "the second of two": ingress({ from: [PROMETHEUS] }, {}),
    },
    allowed: [[{ world: ["tempo-networkpolicy"] }, ingress({ from: [EVERYWHERE] })]],
  },
  {
    rule: cluster.cloudCredentials,
    passing: [
      networkPolicy,
      denyAll,
      egress({ to: [PROMETHEUS] }),
      egress({ to: [{ ipBlock: { cidr: "192.0.2.0/24" } }] }),
    ],
    failing: {
      everywhere: egress({ to: [EVERYWHERE] }),
      "everywhere but elsewhere": egress({
        to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }],
      }),
      "the second of two": egress({ to: [PROMETHEUS] }, { to: [PROMETHEUS, EVERYWHERE] }),
    },
  },
  {
    rule: cluster.openedPorts,
    passing: [
      networkPolicy,
      denyAll,
      ingress({ from: [PROMETHEUS], ports: [...port(3200), ...port(9095)] }),
      changed(
        ingress({ from: [PROMETHEUS], ports: port(9000) }),
        "spec.podSelector.matchLabels",
        metadata("shop").labels,
      ),
    ],
    failing: {
      "another port": ingress({ from: [PROMETHEUS], ports: port(22) }),
      "the one for health": ingress({ from: [PROMETHEUS], ports: port(3101) }),
      "one of two": ingress({ from: [PROMETHEUS], ports: [...port(3200), ...port(22)] }),
      "every port": ingress({ from: [PROMETHEUS] }),
      "the second of two": ingress(
        { from: [PROMETHEUS], ports: port(3200) },
        { from: [PROMETHEUS] },
      ),
    },
  },
  {
    rule: cluster.disruptionBudget,
    passing: [
      statefulSet,
      changed(statefulSet, "spec.replicas"),
      [replicated, budget({ maxUnavailable: 1 })],
      [replicated, budget({ minAvailable: 2 })],
      [replicated, autoscaler({ minReplicas: 1 })],
      [statefulSet, elsewhere(autoscaler({ minReplicas: 2 }))],
      [statefulSet, autoscaler({ minReplicas: 2, scaleTargetRef: { name: "loki" } })],
      [statefulSet, autoscaler({ minReplicas: 3 }), budget({ minAvailable: 2 })],
    ],
    failing: {
      none: replicated,
      "as many as an autoscaler says": [statefulSet, autoscaler({ minReplicas: 2 })],
      "an autoscaler says nothing": [replicated, autoscaler({})],
      "another's": [replicated, budget({ maxUnavailable: 1 }, "loki")],
      "of another namespace": [replicated, elsewhere(budget({ maxUnavailable: 1 }))],
      "lets none go": [replicated, budget({ maxUnavailable: 0 })],
      "lets all go": [replicated, budget({ minAvailable: 0 })],
      "says nothing": [replicated, budget({})],
    },
  },
  {
    rule: cluster.leastRights,
    passing: [role(READ_PODS), role(), statefulSet],
    failing: {
      "to write": role({ ...READ_PODS, verbs: ["get", "patch"] }),
      "every verb": role({ ...READ_PODS, verbs: ["*"] }),
      "every resource": role({ ...READ_PODS, resources: ["*"] }),
      "every group": role({ ...READ_PODS, apiGroups: ["*"] }),
      secrets: role({ ...READ_PODS, resources: ["pods", "secrets"] }),
      "the second of two": role(READ_PODS, { ...READ_PODS, verbs: ["delete"] }),
      "of one namespace": {
        ...role({ ...READ_PODS, resources: ["secrets"] }),
        type: "kubernetes:rbac.authorization.k8s.io/v1:Role",
      },
    },
  },
];

const PAGES = "grafana.example.org";
const wayIn = (owner: string, port: object, tls?: string[]) =>
  kubernetes("networking.k8s.io/v1:Ingress", `${owner}-ingress`, {
    metadata: metadata(owner),
    spec: {
      rules: [
        {
          host: PAGES,
          http: { paths: [{ path: "/", backend: { service: { name: `${owner}-public`, port } } }] },
        },
      ],
      ...(tls && { tls: [{ hosts: tls }] }),
    },
  });
const httpRoute = (owner: string, port: number) =>
  kubernetes("gateway.networking.k8s.io/v1:HTTPRoute", `${owner}-httproute`, {
    metadata: metadata(owner),
    spec: { hostnames: [PAGES], rules: [{ backendRefs: [{ name: `${owner}-public`, port }] }] },
  });

const INTAKE = { name: "otlp-grpc" };

export const ROUTES: Case[] = [
  {
    rule: routes.clientsReach,
    passing: [
      wayIn("grafana", { name: "https" }, [PAGES]),
      wayIn("collector", INTAKE),
      wayIn("shop", { name: "http" }, [PAGES]),
      httpRoute("grafana", 3000),
      statefulSet,
      kubernetes("networking.k8s.io/v1:Ingress", "empty", { metadata: {} }),
      kubernetes("gateway.networking.k8s.io/v1:HTTPRoute", "empty", { metadata: {} }),
      { ...httpRoute("collector", 4317), type: "kubernetes:gateway.networking.k8s.io/v1:TLSRoute" },
    ],
    failing: {
      "an Ingress before the intake": wayIn("collector", INTAKE, [PAGES]),
      "by its port's number": wayIn("collector", { number: 4317 }, ["a.example.org", PAGES]),
      "a route before the intake": httpRoute("collector", 4318),
    },
  },
  {
    rule: routes.routeTls,
    passing: [
      wayIn("grafana", { name: "https" }, [PAGES]),
      wayIn("collector", INTAKE),
      httpRoute("grafana", 3000),
    ],
    failing: {
      plaintext: wayIn("grafana", { name: "https" }),
      "plaintext for this host": wayIn("grafana", { number: 3000 }, ["other.example.org"]),
      "plaintext for one of two": changed(
        wayIn("grafana", { name: "https" }, [PAGES]),
        "spec.rules.1",
        { host: "other.example.org" },
      ),
    },
  },
];
