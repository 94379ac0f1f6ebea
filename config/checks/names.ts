import type { Problem } from "../parse";
import { SERVICES } from "../services";
import type { Check } from "./check";

/** Names of certificates that the stack issues by itself, besides those of its services. */
const OWN_CERTIFICATES = ["operator", "verification"];
const readerName = (application: string) => `${application}-reader`;

/** Names that stand twice, or that the stack takes for itself. */
export function duplicates(
  names: readonly string[],
  where: string,
  reserved: readonly string[],
): Problem[] {
  return names.flatMap((name, index) => {
    const path = `${where}[${index}].name`;
    if (reserved.includes(name))
      return [{ path, message: `expected another name: "${name}" is taken by the stack itself` }];
    if (names.indexOf(name) === index) return [];
    return [
      {
        path,
        message: `expected a name of its own, "${name}" stands at ${where}[${names.indexOf(name)}] already`,
      },
    ];
  });
}

/** Names that have to differ do, also from those that the stack gives itself. */
export const namesUnique: Check = (config) => [
  ...duplicates(
    config.apps.map(({ name }) => name),
    "apps",
    [...SERVICES, ...OWN_CERTIFICATES],
  ),
  ...config.apps.flatMap(({ name }, index) => {
    const reader = config.apps.findIndex(
      (app) => app.reads.length > 0 && readerName(app.name) === name,
    );
    return reader < 0
      ? []
      : [
          {
            path: `apps[${index}].name`,
            message: `expected another name: "${name}" is what the certificate is called with which apps[${reader}] reads`,
          },
        ];
  }),
  ...duplicates(
    config.scrapeTargets.map(({ name }) => name),
    "scrapeTargets",
    [...SERVICES],
  ),
  ...duplicates(
    config.extraReceivers.map(({ name }) => name),
    "extraReceivers",
    ["tempo", "loki", "prometheus", "jaeger"],
  ),
];

/** Each application asks for what there is. */
export const applications: Check = (config) =>
  config.apps.flatMap((app, index) => {
    const path = `apps[${index}]`;
    const problems: Problem[] = [];
    if (app.qdrant && !config.qdrant.enabled) {
      problems.push({ path: `${path}.qdrant`, message: "expected qdrant.enabled: true beside it" });
    }
    if (app.reads.includes("jaeger") && !config.jaeger.enabled) {
      problems.push({
        path: `${path}.reads`,
        message: 'names "jaeger", but jaeger.enabled is false',
      });
    }
    if (app.scrape && (app.scrape.target === undefined) === (app.scrape.port === undefined)) {
      problems.push({ path: `${path}.scrape`, message: "expected either target or port" });
    }
    if (app.scrape?.port !== undefined && app.image === undefined) {
      problems.push({
        path: `${path}.scrape.port`,
        message: "expected target: the stack does not run this application (no image)",
      });
    }
    if (app.image === undefined && (app.command.length > 0 || Object.keys(app.env).length > 0)) {
      problems.push({ path, message: "has command or env, but no image to run" });
    }
    return problems;
  });

/** Each job scrapes something. */
export const scrapeTargetsNamed: Check = ({ scrapeTargets }) =>
  scrapeTargets.flatMap(({ targets }, index) =>
    targets.length > 0
      ? []
      : [{ path: `scrapeTargets[${index}].targets`, message: "expected at least one target" }],
  );
