import { PUSHING_JOBS, TARGET_INFO } from "../../components/prometheus/metric-names";
import { SERVICES, type ServiceName } from "../../config/services";
import { rulesOver, stackRule, type Subject } from "../rule";
import { servicesOf } from "../views/container";
import { at, contentOf, documentsOf, group, isNode, list } from "../views/document";

/** What every configuration file says: not what is known of some, for that would leave others out. */
const contents = (subjects: readonly Subject[]) =>
  subjects.flatMap((subject) =>
    documentsOf(subject)
      .filter(({ secret }) => !secret)
      .map((document) => ({
        where: document.where,
        urn: subject.urn,
        content: contentOf(document),
      })),
  );

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

/** Processors of the pipelines of a collector's document, with what those send to. */
const pipelinesOf = (content: unknown) =>
  Object.entries(group(content, "service", "pipelines")).map(([name, pipeline]) => ({
    name,
    receivers: texts(at(pipeline, "receivers")),
    processors: texts(at(pipeline, "processors")),
    exporters: texts(at(pipeline, "exporters")),
  }));

const ALL = 100;

/** Whether a processor lets ordinary traces through by chance alone. */
const takesAShare = (content: unknown, processor: string): boolean => {
  if (!/^(tail_sampling|probabilistic_sampler)(\/|$)/.test(processor)) return false;
  const settings = group(content, "processors", processor);
  const shares = [
    at(settings, "sampling_percentage"),
    ...list(settings, "policies").map((one) => at(one, "probabilistic", "sampling_percentage")),
  ].filter((share) => share !== undefined);
  return shares.length > 0 && shares.every((share) => Number(share) < ALL);
};

const TO_TEMPO = /^otlp[_a-z]*\/tempo$/;

export const sampling = stackRule<{ everything: boolean }>({
  name: "sampling",
  description: "Of ordinary traces a share is kept, unless it is said that all are.",
  scope: "production",
  options: {
    everything: { type: "boolean", default: false, description: "Whether all may be kept." },
  },
  find: (subjects, { everything }) => {
    if (everything) return [];
    return contents(subjects)
      .filter(({ content }) =>
        pipelinesOf(content).some(
          ({ exporters, processors }) =>
            exporters.some((exporter) => TO_TEMPO.test(exporter)) &&
            !processors.some((processor) => takesAShare(content, processor)),
        ),
      )
      .map(({ where, urn }) => ({ where, urn }));
  },
});

export const debugExporter = rulesOver(documentsOf)({
  name: "debug-exporter",
  description: "The collector prints nothing of what passes through it to its log.",
  scope: "production",
  broken: (document) =>
    pipelinesOf(contentOf(document)).some(({ exporters }) =>
      exporters.some((exporter) => /^(debug|logging)(\/|$)/.test(exporter)),
    ),
});

const service = rulesOver(servicesOf);

export const grafanaAnonymous = service({
  name: "grafana-anonymous",
  description: "Nobody sees Grafana without a login, and nobody makes one for himself.",
  broken: ({ environment }) =>
    environment
      .filter(
        ([name, value]) =>
          /^GF_(AUTH_ANONYMOUS_ENABLED|USERS_ALLOW_SIGN_UP|USERS_ALLOW_ORG_CREATE|AUTH_PROXY_ENABLED|AUTH_DISABLE_LOGIN_FORM_ANONYMOUS)$/.test(
            name,
          ) && !/^(false|0)$/i.test(value),
      )
      .map(([name]) => name),
});

export const grafanaCredentials = service({
  name: "grafana-credentials",
  description: "Grafana has no default password and no default key: both come from files.",
  broken: ({ wholeEnvironment: settings, service: name }) =>
    name === "grafana" &&
    ["GF_SECURITY_ADMIN_PASSWORD", "GF_SECURITY_SECRET_KEY"].filter(
      (setting) => !settings.has(`${setting}__FILE`) || settings.has(setting),
    ),
});

/** Services of the stack that run, and where. */
const running = (subjects: readonly Subject[]) =>
  subjects.flatMap((subject) =>
    servicesOf(subject).flatMap(({ service }) =>
      (SERVICES as readonly (string | undefined)[]).includes(service)
        ? [{ service: service as ServiceName, urn: subject.urn }]
        : [],
    ),
  );

export const everyServiceScraped = stackRule({
  name: "service-scraped",
  description:
    "Prometheus has metrics of every service: it scrapes it, or the service pushes them.",
  find: (subjects) => {
    const documents = contents(subjects).map(({ content }) => content);
    const scraped = documents.flatMap((content) =>
      list(content, "scrape_configs").map((job) => at(job, "job_name")),
    );
    const pushes = (name: ServiceName) =>
      documents.some(
        (content) =>
          at(content, "service", "telemetry", "resource", "service.name") === PUSHING_JOBS[name] &&
          list(content, "service", "telemetry", "metrics", "readers").length > 0,
      );
    return running(subjects)
      .filter(({ service: name }) =>
        PUSHING_JOBS[name] === undefined ? !scraped.includes(name) : !pushes(name),
      )
      .map(({ service: name, urn }) => ({ where: name, urn }));
  },
});

/** Expressions of the alerts in every rule file. */
const alertsOf = (subjects: readonly Subject[]): string[] =>
  contents(subjects).flatMap(({ content }) =>
    list(content, "groups").flatMap((one) =>
      list(one, "rules").flatMap((rule) =>
        at(rule, "alert") === undefined ? [] : [String(at(rule, "expr"))],
      ),
    ),
  );

export const absenceAlerts = stackRule({
  name: "absence-alert",
  description: "An alert fires when a service is gone.",
  find: (subjects) => {
    const alerts = alertsOf(subjects);
    const isDown = (name: string) =>
      alerts.some((expr) => {
        const [, jobs] = /^up\{job=~?"([^"]*)"\} == 0$/.exec(expr) ?? [];
        return jobs?.split("|").includes(name) ?? false;
      });
    const isSilent = (job: string) =>
      alerts.some(
        (expr) =>
          expr.startsWith(`absent_over_time(${TARGET_INFO}{`) && expr.includes(`job="${job}"`),
      );
    return running(subjects)
      .filter(({ service: name }) => {
        const job = PUSHING_JOBS[name];
        return job === undefined ? !isDown(name) : !isSilent(job);
      })
      .map(({ service: name, urn }) => ({ where: name, urn }));
  },
});

/** Receivers of Alertmanager's document that deliver somewhere, and are asked to. */
function deliveringTo(content: unknown): string[] {
  const delivering = list(content, "receivers").filter(
    (receiver) =>
      isNode(receiver) &&
      Object.entries(receiver).some(
        ([key, configs]) => key.endsWith("_configs") && list({ configs }, "configs").length > 0,
      ),
  );
  const names = delivering.map((receiver) => String(at(receiver, "name")));
  const asked = (route: unknown): unknown[] => [
    at(route, "receiver"),
    ...list(route, "routes").flatMap(asked),
  ];
  const routed = asked(at(content, "route"));
  return names.filter((name) => routed.includes(name));
}

const DEAD_MANS_SWITCH = "dead-mans-switch";

export const alertReceiver = stackRule({
  name: "alert-receiver",
  description: "Alerts are told to somebody: Alertmanager runs and has a receiver.",
  scope: "production",
  find: (subjects) => {
    const documents = contents(subjects).filter(({ content }) => isNode(at(content, "route")));
    const told = documents.some(({ content }) =>
      deliveringTo(content).some((name) => name !== DEAD_MANS_SWITCH),
    );
    return told ? [] : [{ where: "Alertmanager", urn: documents[0]?.urn }];
  },
});

const VERIFICATION = "tracekeep:index:Verification";

export const verificationRuns = stackRule({
  name: "verification",
  description: "The last step of a deployment sends a trace through the stack and reads it back.",
  scope: "production",
  find: (subjects) =>
    subjects.some(({ type }) => type === VERIFICATION) ? [] : [{ where: "the stack" }],
});
