import { createServer, type Server } from "node:https";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { grafanaWorkload } from "../../components/grafana/config";
import { reloadDataSources } from "../../components/grafana/reload";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";
import { PRIVATE_CA } from "../helpers/private-ca";
import { issuePki, type Pki } from "../helpers/pki";

const OIDC = {
  grafana: {
    oidc: {
      clientId: "grafana",
      clientSecret: "0idc-secret",
      authUrl: "https://id.example.org/auth",
      tokenUrl: "https://id.example.org/token",
      apiUrl: "https://id.example.org/me",
      ca: PRIVATE_CA,
    },
  },
};

const DATABASE = {
  host: "db.example.org:5432",
  name: "grafana",
  user: "stack",
  password: "d4tabase-secret",
  ca: PRIVATE_CA,
};

interface DataSource {
  uid: string;
  url: string;
  jsonData: Record<string, unknown> & { serverName: string };
  secureJsonData: Record<string, string>;
}

const workload = (options?: unknown) => grafanaWorkload(contextOf("grafana", options));
/** Dashboards are reviewed in docs/dashboards.md; here only that they are there. */
const reviewed = (options?: unknown) => {
  const { files, ...rest } = workload(options);
  return workloadText({
    ...rest,
    files: files.map(({ path, content }) =>
      path.endsWith(".json") ? { path, content: "(a dashboard)\n" } : { path, content },
    ),
  });
};
const sources = (options?: unknown) =>
  (
    parse(documentOf(workload(options), "datasources/stack.yaml")) as {
      datasources: DataSource[];
    }
  ).datasources;

describe("Grafana", () => {
  test("is as reviewed", () => {
    expectGolden("grafana.txt", reviewed());
  });

  test("with OIDC is as reviewed", () => {
    expectGolden("grafana-oidc.txt", reviewed(OIDC));
  });

  describe("with a database", () => {
    const withDatabase = { grafana: { database: DATABASE } };

    test("is as reviewed", () => {
      expectGolden("grafana-database.txt", reviewed(withDatabase));
    });

    test("keeps nothing itself, checks the server, and has the password in a file alone", () => {
      const { env, storage, writable, secretFiles, zones } = workload(withDatabase);
      expect(storage).toBeUndefined();
      expect(writable).toContain(env.GF_PATHS_DATA);
      expect(env).toMatchObject({
        GF_DATABASE_TYPE: "postgres",
        GF_DATABASE_HOST: DATABASE.host,
        GF_DATABASE_SSL_MODE: "verify-full",
      });
      expect(documentOf(workload(withDatabase), env.GF_DATABASE_CA_CERT_PATH)).toBe(PRIVATE_CA);
      expect(secretFiles.map(({ path }) => path)).toContain(env.GF_DATABASE_PASSWORD__FILE);
      expect(zones).toContain("egress");
      const { ca, ...publicDatabase } = DATABASE;
      const system = workload({ grafana: { database: publicDatabase } });
      expect(system.env).not.toHaveProperty("GF_DATABASE_CA_CERT_PATH");
      expect(ca).toContain("CERTIFICATE");
    });

    test("evaluates rules of its own alone, and none with others", () => {
      const rules = (options: unknown) => workload(options).env.GF_UNIFIED_ALERTING_EXECUTE_ALERTS;
      expect(rules(withDatabase)).toBeUndefined();
      const cluster = { target: "kubernetes", kubernetes: { context: "example" } };
      const replicas = { ...cluster, replicas: { grafana: 2 }, ...withDatabase };
      expect(rules(replicas)).toBe("false");
    });
  });

  test("asks every backend over mTLS by its name", () => {
    expect(sources().map(({ uid }) => uid)).toEqual([
      "prometheus",
      "tempo",
      "loki",
      "jaeger",
      "alertmanager",
    ]);
    for (const { uid, url, jsonData, secureJsonData } of sources()) {
      expect(url).toMatch(new RegExp(`^https://${uid}:\\d+$`));
      expect(jsonData).toMatchObject({
        tlsAuth: true,
        tlsAuthWithCACert: true,
        serverName: uid,
      });
      expect(secureJsonData).toEqual({
        tlsCACert: "$__file{/etc/tracekeep/trust/root.crt}",
        tlsClientCert: "$__file{/etc/tracekeep/identity/tls.crt}",
        tlsClientKey: "$__file{/etc/tracekeep/identity/tls.key}",
      });
    }
  });

  test("links only to data sources that there are", () => {
    const uids = (options: unknown) => sources(options).map(({ uid }) => uid);
    for (const options of [{}, { jaeger: { enabled: false }, alertmanager: { enabled: false } }]) {
      const links = JSON.stringify(sources(options)).matchAll(
        /"(?:datasourceUid|alertmanagerUid)":"(\w+)"/g,
      );
      for (const [, uid] of links) expect(uids(options)).toContain(uid);
    }
    expect(uids({ jaeger: { enabled: false }, alertmanager: { enabled: false } })).toEqual([
      "prometheus",
      "tempo",
      "loki",
    ]);
  });

  test("leaves no dollar sign that provisioning would expand, but for files", () => {
    const text = documentOf(workload(), "datasources/stack.yaml");
    const single = [...text.matchAll(/(?<!\$)\$(?!\$)(\w*)/g)].map(([, word]) => word);
    expect(new Set(single)).toEqual(new Set(["__file"]));
    expect(text).toContain("{$${__tags}}");
    expect(text).toContain("{$$__tags}");
  });

  test("provisions the dashboards for reading only, and begins at the first", () => {
    const { files, env } = workload();
    const { providers } = parse(documentOf(workload(), "dashboards/stack.yaml")) as {
      providers: { allowUiUpdates: boolean; disableDeletion: boolean; options: { path: string } }[];
    };
    expect(providers).toHaveLength(1);
    const [{ allowUiUpdates, disableDeletion, options }] = providers;
    expect({ allowUiUpdates, disableDeletion }).toEqual({
      allowUiUpdates: false,
      // A dashboard whose service was switched off goes.
      disableDeletion: false,
    });
    const documents = files.filter(({ path }) => path.startsWith(`${options.path}/`));
    expect(documents).toHaveLength(8);
    for (const { path, content } of documents) {
      const { uid } = JSON.parse(content) as { uid: string };
      expect(path).toBe(`${options.path}/${uid}.json`);
    }
    expect(env.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(documents[0].path);
    expect(documents[0].path).toMatch(/start-here\.json$/);
  });

  test("calls nobody outside and lets nobody in without a login", () => {
    expect(workload().env).toMatchObject({
      GF_SERVER_PROTOCOL: "https",
      GF_AUTH_ANONYMOUS_ENABLED: "false",
      GF_USERS_ALLOW_SIGN_UP: "false",
      GF_ANALYTICS_REPORTING_ENABLED: "false",
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
      GF_PLUGINS_PREINSTALL_DISABLED: "true",
      GF_SECURITY_COOKIE_SECURE: "true",
    });
    expect(workload().zones).toEqual(["backplane"]);
    expect(workload(OIDC).zones).toContain("egress");
  });

  test("has no secret outside its secret files", () => {
    const { env, files, args, secretFiles } = workload(OIDC);
    expect(JSON.stringify([env, files, args])).not.toContain("0idc-secret");
    const pointed = Object.entries(env).filter(([name]) => name.endsWith("__FILE"));
    expect(pointed.map(([, path]) => path).sort()).toEqual(
      secretFiles.map(({ path }) => path).sort(),
    );
  });

  test("links to its public host name, else to localhost", () => {
    expect(workload().env.GF_SERVER_ROOT_URL).toBe("https://localhost:3000/");
    const named = workload({
      hostNames: { grafana: ["grafana.example.org"] },
      ports: { grafana: { https: 8443 } },
    });
    expect(named.env.GF_SERVER_ROOT_URL).toBe("https://grafana.example.org:8443/");
  });
});

describe("reloading Grafana's data sources", () => {
  let directory: string;
  let pki: Pki;
  let server: Server;
  let requests: string[];
  let answer = 200;

  const read = (path: string) => readFileSync(path, "utf8");
  const access = (rootPem = read(join(pki.trust, "root.crt"))) => ({
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    rootPem,
    certificate: read(join(pki.identity("grafana"), "tls.crt")),
    user: "admin",
    password: "pa55:word",
  });
  const serve = async (identity: string) => {
    requests = [];
    server = createServer(
      {
        cert: read(join(pki.identity(identity), "tls.crt")),
        key: read(join(pki.identity(identity), "tls.key")),
      },
      ({ method, url, headers }, response) => {
        const [, credentials] = headers.authorization?.split(" ") ?? [];
        requests.push(`${method} ${url} ${Buffer.from(credentials, "base64").toString()}`);
        response.writeHead(answer).end("{}");
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tracekeep-"));
    pki = await issuePki(directory, certificateSpecs(contextOf("grafana").config));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("calls the administrator's API once", async () => {
    answer = 200;
    await serve("grafana");
    await reloadDataSources(access());
    expect(requests).toEqual(["POST /api/admin/provisioning/datasources/reload admin:pa55:word"]);
  });

  test("waits until Grafana serves the renewed certificate, without telling the password before", async () => {
    answer = 200;
    await serve("grafana");
    const before = access();
    await pki.reissue("grafana");
    const soon = { within: 1000, interval: 100 };
    await expect(reloadDataSources(access(), soon)).rejects.toThrow(/not serve its renewed cert/);
    expect(requests).toEqual([]);
    const waiting = reloadDataSources(access(), { within: 20_000, interval: 100 });
    const identity = (file: string) => read(join(pki.identity("grafana"), file));
    server.setSecureContext({ cert: identity("tls.crt"), key: identity("tls.key") });
    await waiting;
    expect(requests).toHaveLength(1);
    // And a replica that still has the one of before is not asked.
    await expect(reloadDataSources(before, soon)).rejects.toThrow(/not serve its renewed cert/);
  }, 30_000);

  test("says what to do when the password is another, and does not repeat it", async () => {
    answer = 401;
    await serve("grafana");
    const error = await reloadDataSources(access()).catch((caught: Error) => caught.message);
    expect(error).toMatch(/401.*reset-admin-password/);
    expect(error).not.toContain("pa55");
  });

  test("gives the password to no server of another name or CA", async () => {
    await serve("loki");
    await expect(reloadDataSources(access())).rejects.toThrow(/grafana.*altnames/);
    expect(requests).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
    await serve("grafana");
    const foreign = await issuePki(
      join(directory, "foreign"),
      certificateSpecs(contextOf("grafana").config),
    );
    await expect(reloadDataSources(access(read(join(foreign.trust, "root.crt"))))).rejects.toThrow(
      /certificate/,
    );
    expect(requests).toEqual([]);
  });
});
