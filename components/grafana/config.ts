import { stringify } from "yaml";
import type { ConfigFile, SecretFile, Workload } from "../../targets/workload";
import { tlsFiles } from "../../targets/layout";
import { serviceWorkload, type ServiceContext } from "../service";
import { stackDashboards } from "../stack/dashboards";
import { dataSources } from "./data-sources";
import { grafanaEnvironment, grafanaFiles } from "./environment";

/** Who reads the dashboards. People may change a copy, never these. */
const dashboardProvider = (path: string) => ({
  name: "tracekeep",
  type: "file",
  folder: "tracekeep",
  folderUid: "tracekeep",
  allowUiUpdates: false,
  // One that is no longer in the stack goes.
  disableDeletion: false,
  // A changed file comes with a new container.
  updateIntervalSeconds: 3600,
  options: { path },
});

/** The files of Grafana; its settings are its environment. */
export function grafanaDocuments(context: ServiceContext): ConfigFile[] {
  const { config, layout } = context;
  const { provisioning, dashboards, oidcCa } = grafanaFiles(layout);
  const provision = (path: string, content: Record<string, unknown>) => ({
    path: `${provisioning}/${path}/stack.yaml`,
    content: stringify(
      { apiVersion: 1, ...content },
      { lineWidth: 0, aliasDuplicateObjects: false },
    ),
  });
  const ca = config.grafana.oidc?.ca;
  return [
    // `prune`: a data source that is no longer in the stack goes.
    provision("datasources", { prune: true, datasources: dataSources(context) }),
    provision("dashboards", { providers: [dashboardProvider(dashboards)] }),
    ...stackDashboards(config).map(({ file, document }) => ({
      path: `${dashboards}/${file}`,
      content: `${JSON.stringify(document, null, 1)}\n`,
    })),
    // Grafana reports each of these directories as an error where it is missing.
    provision("plugins", { apps: [] }),
    provision("alerting", {}),
    ...(ca === undefined ? [] : [{ path: oidcCa, content: ca }]),
  ];
}

function secretFiles({ config, layout }: ServiceContext): SecretFile[] {
  const files = grafanaFiles(layout);
  const secret = (path: string, name: SecretFile["secrets"][number]): SecretFile => ({
    path,
    secrets: [name],
    render: ([value]) => value,
  });
  return [
    secret(files.adminPassword, "grafanaAdminPassword"),
    secret(files.secretKey, "grafanaSecretKey"),
    ...(config.grafana.oidc === undefined
      ? []
      : [secret(files.oidcClientSecret, "grafanaOidcClientSecret")]),
  ];
}

export function grafanaWorkload(context: ServiceContext): Workload {
  const { layout } = context;
  const health = `https://localhost:${layout.listen("https")}/api/health`;
  return serviceWorkload(context, "grafana", {
    args: [],
    env: grafanaEnvironment(context),
    files: grafanaDocuments(context),
    secretFiles: secretFiles(context),
    storage: { path: layout.data, ownedByImage: true },
    writable: [layout.scratch],
    probe: {
      kind: "exec",
      command: [
        "curl",
        "--fail",
        "--silent",
        "--show-error",
        "--max-time",
        "5",
        "--output",
        "/dev/null",
        "--cacert",
        tlsFiles(layout).root,
        health,
      ],
    },
    dialledProbe: { kind: "https", listener: "https", path: "/api/health" },
    stopGrace: 30,
    // It watches what it serves; its data sources have copies, which `reload.ts` renews.
    reload: "api",
  });
}
