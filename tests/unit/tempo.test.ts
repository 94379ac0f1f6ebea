import { parse } from "yaml";
import { tempoWorkload } from "../../components/tempo/config";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";
import { PRIVATE_CA } from "../helpers/private-ca";

const PRODUCTION = {
  environment: "prod",
  storage: {
    tempo: {
      kind: "s3",
      bucket: "traces",
      endpoint: "s3.example.org:443",
      region: "eu-central-1",
      prefix: "stack",
      accessKeyId: "an-access-key-id",
      secretAccessKey: "a-secret-access-key",
      ca: PRIVATE_CA,
    },
  },
  capacity: { spansPerSecond: 20_000 },
  retention: { traces: "30d" },
};

interface Client {
  tls_enabled: boolean;
  tls_cert_path: string;
  tls_key_path: string;
  tls_ca_path: string;
  tls_server_name: string;
}
interface Server {
  cert_file: string;
  key_file: string;
  client_ca_file: string;
  client_auth_type?: string;
}

const workload = (options?: unknown) => tempoWorkload(contextOf("tempo", options));
const text = (options?: unknown) => documentOf(workload(options), "tempo.yaml");
const document = (options?: unknown) => parse(text(options)) as Record<string, unknown>;

/** Every object in a document that has the key. */
function holders<T>(value: unknown, key: string): T[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap((one) => holders<T>(one, key));
  return key in value ? [value as T, ...inner] : inner;
}

describe("Tempo", () => {
  test.each([
    ["tempo.txt", {}],
    ["tempo-s3.txt", PRODUCTION],
  ])("is as reviewed in %s", (golden, options) => {
    expectGolden(golden, workloadText(workload(options)));
  });

  test("presents one certificate wherever it serves and dials, and names whom it dials", () => {
    const clients = holders<Client>(document(), "tls_ca_path");
    const servers = holders<Server>(document(), "client_ca_file");
    expect(clients).toHaveLength(3);
    expect(servers).toHaveLength(3);
    for (const client of clients) {
      expect(client).toMatchObject({
        tls_enabled: true,
        tls_cert_path: servers[0].cert_file,
        tls_key_path: servers[0].key_file,
        tls_ca_path: "/etc/tracekeep/trust/root.crt",
        tls_server_name: "tempo",
      });
    }
    for (const server of servers) {
      expect(server.cert_file).toBe(servers[0].cert_file);
      expect(server.client_ca_file).toBe("/etc/tracekeep/trust/services.crt");
    }
  });

  test("demands a client certificate of whoever dials its own server", () => {
    const { server } = document() as { server: Record<string, Server> };
    for (const part of ["http_tls_config", "grpc_tls_config"]) {
      expect(server[part].client_auth_type).toBe("RequireAndVerifyClientCert");
    }
  });

  test.each([{}, PRODUCTION])("opens nothing without TLS but on loopback", (options) => {
    expect(text(options)).not.toMatch(/insecure|skip_verify/);
    expect(document(options).internal_server).toMatchObject({
      http_listen_address: "127.0.0.1",
      grpc_listen_address: "127.0.0.1",
    });
  });

  test("limits nothing below ten times the stated capacity", () => {
    const { defaults } = document(PRODUCTION).overrides as {
      defaults: { ingestion: Record<string, number> };
    };
    expect(defaults.ingestion.rate_limit_bytes).toBeGreaterThanOrEqual(20_000 * 600 * 10);
    expect(defaults.ingestion.burst_size_bytes).toBe(defaults.ingestion.rate_limit_bytes);
    expect(defaults.ingestion.max_traces_per_user).toBe(0);
  });

  test("keeps traces as long as the option says, whichever part deletes them", () => {
    const retentions = holders<{ block_retention: string }>(
      document(PRODUCTION),
      "block_retention",
    );
    expect(retentions.map((one) => one.block_retention)).toEqual(["720h", "720h", "720h"]);
  });

  test("asks the live store for longer than a block takes to reach the storage", () => {
    const { live_store, query_frontend } = document({
      tuning: { tempo: { maxBlockDuration: "2h" } },
    }) as {
      live_store: Record<string, string>;
      query_frontend: { search: Record<string, string> };
    };
    expect(live_store.max_block_duration).toBe("2h");
    expect(query_frontend.search.query_backend_after).toBe("130m");
    expect(live_store.complete_block_timeout).toBe("135m");
  });

  test("has no secret but in its secret file", () => {
    const { secretFiles, ...shown } = workload(PRODUCTION);
    expect(JSON.stringify(shown)).not.toMatch(/an-access-key-id|a-secret-access-key/);
    expect(secretFiles.map(({ secrets }) => secrets)).toEqual([
      ["tempoS3AccessKeyId", "tempoS3SecretAccessKey"],
    ]);
    expect(shown.env.AWS_SHARED_CREDENTIALS_FILE).toBe(secretFiles[0].path);
  });

  test("has no generator and reports to nobody", () => {
    expect(document()).not.toHaveProperty("metrics_generator");
    expect(text()).not.toContain("processors");
    expect(document().usage_report).toEqual({ reporting_enabled: false });
  });
});
