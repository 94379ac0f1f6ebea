import type { StackConfig } from "../../config/parse";
import { tlsFiles, type Layout } from "../../targets/layout";
import { publicUrl } from "../public-url";
import type { ServiceContext } from "../service";
import { DASHBOARDS } from "./dashboards/catalogue";

/** Files that Grafana's environment points to. */
export const grafanaFiles = (layout: Layout) => ({
  provisioning: `${layout.config}/provisioning`,
  /** Directory of the dashboards. Beside it stands who reads it. */
  dashboards: `${layout.config}/provisioning/dashboards/stack`,
  oidcCa: `${layout.config}/oidc-ca.crt`,
  adminPassword: `${layout.secrets}/admin-password`,
  secretKey: `${layout.secrets}/secret-key`,
  oidcClientSecret: `${layout.secrets}/oidc-client-secret`,
  databaseCa: `${layout.config}/database-ca.crt`,
  databasePassword: `${layout.secrets}/database-password`,
});

/**
 * Whatever would call grafana.com or another outside address, off: the stack's networks have no way
 * out, and nothing of it concerns anyone outside.
 */
const NO_CALLS_HOME = {
  GF_ANALYTICS_REPORTING_ENABLED: "false",
  GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
  GF_ANALYTICS_FEEDBACK_LINKS_ENABLED: "false",
  GF_NEWS_NEWS_FEED_ENABLED: "false",
  GF_SECURITY_DISABLE_GRAVATAR: "true",
  GF_SNAPSHOTS_EXTERNAL_ENABLED: "false",
  GF_CLOUD_MIGRATION_ENABLED: "false",
  // The data sources are in the image; Grafana would replace them by newer ones at every start.
  GF_PLUGINS_PREINSTALL_DISABLED: "true",
  GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false",
  GF_PLUGINS_PLUGIN_ADMIN_ENABLED: "false",
  GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: "true",
};

function oidcLogin({ grafana: { oidc } }: StackConfig, layout: Layout): Record<string, string> {
  if (oidc === undefined) return {};
  const files = grafanaFiles(layout);
  return {
    GF_AUTH_GENERIC_OAUTH_ENABLED: "true",
    GF_AUTH_GENERIC_OAUTH_NAME: oidc.name,
    GF_AUTH_GENERIC_OAUTH_CLIENT_ID: oidc.clientId,
    GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET__FILE: files.oidcClientSecret,
    GF_AUTH_GENERIC_OAUTH_AUTH_URL: oidc.authUrl,
    GF_AUTH_GENERIC_OAUTH_TOKEN_URL: oidc.tokenUrl,
    GF_AUTH_GENERIC_OAUTH_API_URL: oidc.apiUrl,
    GF_AUTH_GENERIC_OAUTH_SCOPES: oidc.scopes,
    GF_AUTH_GENERIC_OAUTH_USE_PKCE: "true",
    // Whoever the provider lets in becomes a user here.
    GF_AUTH_GENERIC_OAUTH_ALLOW_SIGN_UP: "true",
    ...(oidc.roleAttributePath !== undefined && {
      GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_PATH: oidc.roleAttributePath,
    }),
    ...(oidc.ca !== undefined && { GF_AUTH_GENERIC_OAUTH_TLS_CLIENT_CA: files.oidcCa }),
  };
}

/** Without `database` it keeps all in a file of its own. */
function databaseSettings(
  { grafana: { database }, replicas }: StackConfig,
  layout: Layout,
): Record<string, string> {
  if (database === undefined) return {};
  const files = grafanaFiles(layout);
  return {
    GF_DATABASE_TYPE: "postgres",
    GF_DATABASE_HOST: database.host,
    GF_DATABASE_NAME: database.name,
    GF_DATABASE_USER: database.user,
    GF_DATABASE_PASSWORD__FILE: files.databasePassword,
    // Its CA and its name; below it Grafana would take any server, or plaintext.
    GF_DATABASE_SSL_MODE: "verify-full",
    ...(database.ca !== undefined && { GF_DATABASE_CA_CERT_PATH: files.databaseCa }),
    // Each would evaluate the rules that people made in it, and tell of them: what replicas could
    // agree by has no TLS. The stack's own rules are Prometheus'.
    ...(replicas.grafana > 1 && { GF_UNIFIED_ALERTING_EXECUTE_ALERTS: "false" }),
  };
}

/**
 * All of Grafana's settings. `GET /metrics` stays open to whoever reaches the port, as Grafana's
 * default is: it holds counters of requests, no data and no names.
 */
export function grafanaEnvironment({ config, layout }: ServiceContext): Record<string, string> {
  const { certificate, key } = tlsFiles(layout);
  const files = grafanaFiles(layout);
  return {
    GF_SERVER_PROTOCOL: "https",
    GF_SERVER_HTTP_ADDR: layout.bind,
    GF_SERVER_HTTP_PORT: String(layout.listen("https")),
    GF_SERVER_ROOT_URL: publicUrl(config, "grafana"),
    GF_SERVER_CERT_FILE: certificate,
    GF_SERVER_CERT_KEY: key,
    // Off by default: a renewed certificate would wait for a restart.
    GF_SERVER_CERTS_WATCH_INTERVAL: "1m",
    GF_SERVER_MIN_TLS_VERSION: "TLS1.2",
    GF_PATHS_DATA: layout.data,
    GF_PATHS_PROVISIONING: files.provisioning,
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${files.dashboards}/${DASHBOARDS.startHere.uid}.json`,
    GF_LOG_MODE: "console",
    GF_SECURITY_ADMIN_USER: config.grafana.adminUser,
    GF_SECURITY_ADMIN_PASSWORD__FILE: files.adminPassword,
    // Encrypts what the database keeps of data sources; a new one makes that unreadable.
    GF_SECURITY_SECRET_KEY__FILE: files.secretKey,
    GF_SECURITY_COOKIE_SECURE: "true",
    GF_AUTH_ANONYMOUS_ENABLED: "false",
    GF_USERS_ALLOW_SIGN_UP: "false",
    GF_USERS_ALLOW_ORG_CREATE: "false",
    ...NO_CALLS_HOME,
    ...oidcLogin(config, layout),
    ...databaseSettings(config, layout),
  };
}
