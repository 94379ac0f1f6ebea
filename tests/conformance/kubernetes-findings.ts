/** A finding that stays, and why. */
export interface Accepted {
  /** Identifier of the check. */
  check: string;
  /** The objects that it may be found at, as `Kind/name`. */
  at: RegExp;
  because: string;
}

const BY_DIGEST = "the image is named by its digest: what a node has is what the registry has";
const OF_IMAGE = "the user of the image, to whom its files belong; a claim keeps its owner";
const READS_NODE =
  "it reads files of root on its node, without any of root's rights (docs/decisions/0011-pods-logs.md)";
const OTHERS = "an application's image is not ours: nobody here knows what tells that it is well";

/** What kube-score calls critical. */
export const SCORED: readonly Accepted[] = [
  { check: "container-image-pull-policy", at: /./, because: BY_DIGEST },
  {
    check: "pod-probes-identical",
    at: /./,
    because:
      "there is one question that needs no open port; liveness asks it more patiently than readiness",
  },
  {
    check: "container-security-context-user-group-id",
    at: /\/(grafana|qdrant)$/,
    because: OF_IMAGE,
  },
  { check: "container-security-context-user-group-id", at: /\/log-agent$/, because: READS_NODE },
  { check: "pod-probes", at: /\/(shop|till|search)$/, because: OTHERS },
];

/** What checkov finds; it names no severity without an account, so that all of it counts. */
export const CHECKED: readonly Accepted[] = [
  { check: "CKV_K8S_40", at: /\/(grafana|qdrant)$/, because: OF_IMAGE },
  { check: "CKV_K8S_40", at: /\/log-agent$/, because: READS_NODE },
  { check: "CKV_K8S_23", at: /\/log-agent$/, because: READS_NODE },
  { check: "CKV_K8S_8", at: /\/(shop|till|search)$/, because: OTHERS },
  { check: "CKV_K8S_9", at: /\/(shop|till|search)$/, because: OTHERS },
  {
    check: "CKV_K8S_8",
    at: /\/log-agent$/,
    because: "it has no port; it ends when it fails, and its silence is an alert",
  },
  {
    check: "CKV_K8S_9",
    at: /\/log-agent$/,
    because: "nobody dials it: whether it is ready decides nothing",
  },
];
