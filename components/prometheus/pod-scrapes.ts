import type { StackConfig } from "../../config/parse";
import { SERVICES } from "../../config/services";
import type { Layout } from "../../targets/layout";
import { APPLICATION_LABEL, SENDER_LABEL } from "../../targets/pod-labels";
import { isAnnotated } from "../application/annotated";
import type { ServiceContext } from "../service";
import { clientTls } from "./http-tls";
import { ENVIRONMENT_LABEL } from "./metric-names";
import type { ScrapeJob } from "./scrapes";

/** One step of what becomes of a target, in Prometheus' own words. */
type Step = Record<string, unknown>;

const meta = (name: string) => `__meta_kubernetes_${name.replace(/\W/g, "_")}`;
const annotation = (name: string) => meta(`pod_annotation_prometheus.io/${name}`);
const label = (name: string) => meta(`pod_label_${name}`);

const only = (action: "keep" | "drop", regex: string, ...source_labels: string[]): Step => ({
  action,
  source_labels,
  regex,
});

/** Sets a label where its sources, with ";" between them, match; else it stays as it is. */
const set = (
  target_label: string,
  source_labels: string[],
  regex = "(.+)",
  replacement = "$1",
): Step => ({ source_labels, regex, target_label, replacement });

/** No target and no application is called so. */
const JOB = "annotated_pods";

const PORT = "__tmp_port";

/** Pods that run and ask to be scraped, at the port that they name or at those that they declare. */
const FOUND: readonly Step[] = [
  only("keep", "true", annotation("scrape")),
  // Of those that have ended the address is another's by now.
  only("keep", "Running", meta("pod_phase")),
  only("drop", "true", meta("pod_container_init")),
  set(PORT, [annotation("port")], "(\\d+)"),
  set(
    PORT,
    [annotation("port"), meta("pod_container_port_protocol"), meta("pod_container_port_number")],
    ";TCP;(\\d+)",
  ),
  only("keep", "\\d+", PORT),
  set("__address__", [meta("pod_ip"), PORT], "([\\d.]+);(\\d+)", "$1:$2"),
  set("__address__", [meta("pod_ip"), PORT], "([\\da-f]*:[\\da-f:]*);(\\d+)", "[$1]:$2"),
  set("__metrics_path__", [annotation("path")], "(/.*)"),
  set("namespace", [meta("namespace")]),
  set("pod", [meta("pod_name")]),
];

/** Names that jobs of other kinds have: nobody else's `up` may stand for theirs. */
const taken = ({ apps, scrapeTargets }: StackConfig): string[] => [
  ...SERVICES,
  ...apps.flatMap(({ name, scrape }) => (scrape ? [name] : [])),
  ...scrapeTargets.map(({ name }) => name),
];

/** The job, by what is known of the application: its name, by a label, else what runs the pod. */
const jobOf = (config: StackConfig): Step[] => [
  set("job", [meta("pod_name")]),
  set("job", [meta("pod_controller_name")]),
  set(
    "job",
    [
      meta("pod_controller_kind"),
      meta("pod_labelpresent_pod-template-hash"),
      meta("pod_controller_name"),
    ],
    "ReplicaSet;true;(.+)-[a-z0-9]+",
  ),
  set("job", [meta("pod_controller_kind"), meta("pod_controller_name")], "Job;(.+)-\\d{8}"),
  set("job", [label("app.kubernetes.io/name")]),
  set("job", [label(APPLICATION_LABEL)]),
  set("job", ["namespace", "job"], `(.+);(${taken(config).join("|")})`, "$1/$2"),
];

/** A job of pods, as far as all of them are alike. */
function podJob(
  { environment, kubernetes: { podMetrics } }: StackConfig,
  job_name: string,
  rest: { scheme?: string; tls_config?: ReturnType<typeof clientTls> },
  steps: readonly Step[],
): ScrapeJob {
  return {
    job_name,
    ...rest,
    // Whoever answers cannot send Prometheus elsewhere.
    follow_redirects: false,
    // One discovery does for all of them, as long as they are alike in it.
    kubernetes_sd_configs: [
      { role: "pod", namespaces: { names: [...new Set(podMetrics.namespaces)] } },
    ],
    relabel_configs: [
      ...FOUND,
      ...steps,
      { target_label: ENVIRONMENT_LABEL, replacement: environment },
    ],
  };
}

/** Pods of an application that has a certificate of the stack, over mutual TLS under its name. */
const applicationPods = (config: StackConfig, layout: Layout, name: string): ScrapeJob =>
  podJob(config, `${JOB}/${name}`, { scheme: "https", tls_config: clientTls(layout, name) }, [
    only("keep", "https", annotation("scheme")),
    only("keep", `${config.stack};${name}`, label(SENDER_LABEL), label(APPLICATION_LABEL)),
    { target_label: "job", replacement: name },
  ]);

/**
 * Scrapes of pods that ask for it by the annotations `prometheus.io/scrape`, `port`, `path` and
 * `scheme`, in the namespaces of the options: over plaintext, and over mutual TLS where a pod has
 * the certificate of an application. Of other pods that want TLS nothing says who they should be.
 */
export function podJobs({ config, layout }: ServiceContext): ScrapeJob[] {
  const { namespaces } = config.kubernetes.podMetrics;
  if (namespaces.length === 0) return [];
  const certified = config.apps.filter((app) => isAnnotated(config, app));
  return [
    podJob(config, JOB, {}, [only("keep", "(http)?", annotation("scheme")), ...jobOf(config)]),
    ...certified.map(({ name }) => applicationPods(config, layout, name)),
  ];
}
