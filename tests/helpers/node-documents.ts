import { stringify } from "yaml";
import { CLUSTER_DNS } from "./cluster-dns";

/** Pods' addresses, within a node's own network. */
const POD_RANGE = "10.244.0.0/16";

export interface NodePlaces {
  /** Directory of what is made for the node. */
  directory: string;
  address: string;
  kubeconfig: string;
  /** File of the certificate that the API server shows. */
  apiClient: string;
  cgroupRoot: string;
  cniPlugins: string;
  pauseImage: string;
}

const SOCKET = "/run/containerd/containerd.sock";

const containerd = ({ directory, cniPlugins, pauseImage }: NodePlaces) => `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
  address = "${SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # Not everybody who may start containers may also spare them where memory runs out.
  restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${cniPlugins}"
  conf_dir = "${directory}/cni"
`;

/** Each pod on a wire of its own, so that what goes from pod to pod passes the node's filters. */
const network = {
  cniVersion: "0.4.0",
  name: "pods",
  plugins: [
    {
      type: "ptp",
      ipMasq: true,
      ipam: {
        type: "host-local",
        subnet: POD_RANGE,
        dataDir: "/run/cni",
        routes: [{ dst: "0.0.0.0/0" }],
      },
    },
  ],
};

const kubelet = ({ directory, apiClient, cgroupRoot }: NodePlaces) => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  containerRuntimeEndpoint: `unix://${SOCKET}`,
  cgroupDriver: "cgroupfs",
  cgroupRoot,
  failSwapOn: false,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: false },
    x509: { clientCAFile: apiClient },
  },
  // One client is known, and it may do everything.
  authorization: { mode: "AlwaysAllow" },
  clusterDNS: [CLUSTER_DNS],
  clusterDomain: "cluster.local",
  // There is nobody to ask for names that are not the cluster's.
  resolvConf: "",
  volumePluginDir: `${directory}/plugins`,
  // A volume is refreshed at the next look at its pod.
  syncFrequency: "10s",
  // The disk is the whole machine's, and images cannot be had again.
  imageGCHighThresholdPercent: 100,
  evictionHard: {
    "memory.available": "100Mi",
    "nodefs.available": "1%",
    "imagefs.available": "1%",
  },
});

const proxy = ({ address, kubeconfig }: NodePlaces) => ({
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  mode: "iptables",
  bindAddress: address,
  healthzBindAddress: "127.0.0.1:10256",
  metricsBindAddress: "127.0.0.1:10249",
  clusterCIDR: POD_RANGE,
  clientConnection: { kubeconfig },
  // These settings are the whole machine's.
  conntrack: {
    maxPerCore: 0,
    min: 0,
    tcpEstablishedTimeout: "0s",
    tcpCloseWaitTimeout: "0s",
  },
});

/** What the servers of a node read, by file name. */
export const nodeDocuments = (places: NodePlaces): Record<string, string> => ({
  "containerd.toml": containerd(places),
  "cni/pods.conflist": JSON.stringify(network),
  "kubelet.yaml": stringify(kubelet(places)),
  "kube-proxy.yaml": stringify(proxy(places)),
});
