import { isWithin, METADATA_RANGES } from "../addresses";
import type { Problem } from "../parse";
import { LABEL_VALUE } from "../types";
import type { Check } from "./check";
import { claimsHold } from "./claims";
import { apiPorts, foreignPods } from "./kubernetes-pods";
import { entrances } from "./kubernetes-routes";

/** What a pod has no counterpart of. */
const ON_DOCKER_ALONE = [
  ["intake.plaintext.enabled", "there is no loopback of a host that clients share"],
  ["intake.jaeger.enabled", "there is no loopback of a host that clients share"],
  ["intake.zipkin.enabled", "there is no loopback of a host that clients share"],
] as const;

const valueAt = (config: object, path: string): unknown =>
  path.split(".").reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], config);

/** The cluster is named: the current context may be any. */
const clusterNamed: Check = ({ kubernetes: { context, kubeconfig } }) =>
  context !== undefined || kubeconfig !== undefined
    ? []
    : [
        {
          path: "kubernetes.context",
          message:
            "expected the name of a context, or a file of its own in kubernetes.kubeconfig: the current context may be any cluster",
        },
      ];

/** The namespace is one that a stack can have for itself. */
const namespaceOwn: Check = ({ kubernetes: { namespace = "" } }) =>
  namespace === "default" || namespace.startsWith("kube-")
    ? [
        {
          path: "kubernetes.namespace",
          message: `expected a namespace of the stack's own: "${namespace}" is the cluster's`,
        },
      ]
    : [];

/** The stack's name is the value of a label, on every object. */
const stackLabels: Check = ({ stack }) =>
  LABEL_VALUE.test(stack)
    ? []
    : [
        {
          path: "target",
          message: `expected a stack whose name is a label on Kubernetes: at most 63 characters, a letter or digit at both ends, got "${stack}"`,
        },
      ];

/** Names of objects that the stack makes besides those that are called as its services. */
const isOwnObject = (name: string): boolean => name === "deny-all" || name.endsWith("-headless");

const objectNames: Check = ({ apps }) =>
  apps.flatMap(({ name }, index) =>
    isOwnObject(name)
      ? [
          {
            path: `apps[${index}].name`,
            message: `expected another name: "${name}" is what an object of the stack is called`,
          },
        ]
      : [],
  );

/** Nothing is opened at which a cloud hands out a node's credentials. */
const egressRanges: Check = ({ kubernetes: { egress, api } }) =>
  [
    ...Object.entries(egress).map(([purpose, ranges]) => [`egress.${purpose}`, ranges] as const),
    ["api.addresses", api.addresses] as const,
  ].flatMap(([option, ranges]) =>
    ranges.flatMap((range, index): Problem[] => {
      const metadata = METADATA_RANGES.find((one) => isWithin(range, one));
      // A cache of names on each node has such an address.
      if (metadata === undefined || option === "egress.dns") return [];
      return [
        {
          path: `kubernetes.${option}[${index}]`,
          message: `expected another range: in ${metadata} clouds hand out a node's credentials, got "${range}"`,
        },
      ];
    }),
  );

const CHECKS: readonly Check[] = [
  clusterNamed,
  namespaceOwn,
  stackLabels,
  objectNames,
  claimsHold,
  egressRanges,
  entrances,
  apiPorts,
  foreignPods,
];

/** What the stack asks of a cluster, where it is to run on one. */
export const onKubernetes: Check = (config, environment) => {
  if (config.target !== "kubernetes") return [];
  return [
    ...ON_DOCKER_ALONE.filter(([path]) => valueAt(config, path) === true).map(
      ([path, why]): Problem => ({ path, message: `expected false on Kubernetes: ${why}` }),
    ),
    ...CHECKS.flatMap((check) => check(config, environment)),
  ];
};
