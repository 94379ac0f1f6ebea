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
  const { provisioning, dashboards, oidcCa, databaseCa } = grafanaFiles(layout);
  const provision = (path: string, content: Record<string, unknown>) => ({
    path: `${provisioning}/${path}/stack.yaml`,
    content: stringify(
      { apiVersion: 1, ...content },
      { lineWidth: 0, aliasDuplicateObjects: false },
    ),
  });
  const { oidc, database } = config.grafana;
  const authority = (path: string, ca: string | undefined): ConfigFile[] =>
    ca === undefined ? [] : [{ path, content: ca }];
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
    ...authority(oidcCa, oidc?.ca),
    ...authority(databaseCa, database?.ca),
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
    ...(config.grafana.database === undefined
      ? []
      : [secret(files.databasePassword, "grafanaDatabasePassword")]),
  ];
}

export function grafanaWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  // With a database it keeps nothing itself, but has to find its directory.
  const keeps = config.grafana.database === undefined;
  const health = `https://localhost:${layout.listen("https")}/api/health`;
  return serviceWorkload(context, "grafana", {
    args: [],
    env: grafanaEnvironment(context),
    files: grafanaDocuments(context),
    secretFiles: secretFiles(context),
    ...(keeps && { storage: { path: layout.data, ownedByImage: true } }),
    // Prometheus wants the metrics of each.
    ...(config.replicas.grafana > 1 && { eachDialled: true }),
    writable: [layout.scratch, ...(keeps ? [] : [layout.data])],
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
