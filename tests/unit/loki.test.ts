import { parse } from "yaml";
import { lokiWorkload } from "../../components/loki/config";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";
import { PRIVATE_CA } from "../helpers/private-ca";

const PRODUCTION = {
  environment: "prod",
  storage: {
    loki: {
      kind: "s3",
      bucket: "logs",
      endpoint: "s3.example.org:443",
      region: "eu-central-1",
      prefix: "stack",
      accessKeyId: "an-access-key-id",
      secretAccessKey: "a-secret-access-key",
      ca: PRIVATE_CA,
    },
  },
  capacity: { logLinesPerSecond: 30_000, outage: "4h" },
  retention: { logs: "30d" },
};

interface Document {
  server: { http_tls_config: Record<string, string>; grpc_tls_config: Record<string, string> };
  internal_server: Record<string, string>;
  ingester: { max_chunk_age: string; wal: { replay_memory_ceiling: number } };
  limits_config: Record<string, unknown>;
  compactor: Record<string, unknown>;
}

const workload = (options?: unknown) => lokiWorkload(contextOf("loki", options));
const text = (options?: unknown) => documentOf(workload(options), "loki.yaml");
const document = (options?: unknown) => parse(text(options)) as Document;

/** Paths of the objects in a document that say how to dial. */
function clients(value: unknown, path = ""): [string, Record<string, unknown>][] {
  if (typeof value !== "object" || value === null) return [];
  const own =
    "tls_server_name" in value ? [[path, value] as [string, Record<string, unknown>]] : [];
  return [...own, ...Object.entries(value).flatMap(([key, one]) => clients(one, `${path}/${key}`))];
}

describe("Loki", () => {
  test.each([
    ["loki.txt", {}],
    ["loki-s3.txt", PRODUCTION],
  ])("is as reviewed in %s", (golden, options) => {
    expectGolden(golden, workloadText(workload(options)));
  });

  test("presents the served certificate wherever it dials itself, under its own name", () => {
    const { server } = document();
    const found = clients(document());
    expect(found.map(([path]) => path)).toEqual([
      "/ingester_client/grpc_client_config",
      "/frontend_worker/grpc_client_config",
      "/frontend/grpc_client_config",
      "/frontend/tail_tls_config",
      "/query_scheduler/grpc_client_config",
      "/compactor_grpc_client",
    ]);
    for (const [path, client] of found) {
      expect(client).toMatchObject({
        tls_cert_path: server.http_tls_config.cert_file,
        tls_key_path: server.http_tls_config.key_file,
        tls_ca_path: "/etc/tracekeep/trust/root.crt",
        tls_server_name: "loki",
        ...(path !== "/frontend/tail_tls_config" && { tls_enabled: true }),
      });
    }
  });

  test("demands a service's certificate of whoever dials it", () => {
    const { server } = document();
    expect(server.grpc_tls_config).toEqual(server.http_tls_config);
    expect(server.http_tls_config).toMatchObject({
      client_auth_type: "RequireAndVerifyClientCert",
      client_ca_file: "/etc/tracekeep/trust/services.crt",
    });
  });

  test.each([{}, PRODUCTION])("opens nothing without TLS but on loopback", (options) => {
    expect(text(options)).not.toMatch(/insecure|skip_verify/);
    expect(document(options).internal_server).toMatchObject({
      http_listen_address: "127.0.0.1",
      grpc_listen_address: "127.0.0.1",
    });
  });

  test("limits nothing below ten times the stated capacity, in one stream too", () => {
    const { limits_config: limits } = document(PRODUCTION);
    expect(limits).toMatchObject({
      ingestion_rate_mb: 150,
      ingestion_burst_size_mb: 150,
      per_stream_rate_limit: "150MB",
      per_stream_rate_limit_burst: "150MB",
      max_line_size_truncate: true,
    });
  });

  test("takes lines that are as late as the longest promised absence", () => {
    // It refuses what is older than the newest line by half of a chunk's age.
    expect(document().ingester.max_chunk_age).toBe("320m");
    expect(document(PRODUCTION).ingester.max_chunk_age).toBe("680m");
  });

  test("replays its log in half of its memory", () => {
    const { limits } = workload();
    expect(document().ingester.wal.replay_memory_ceiling).toBe(limits.memory / 2);
  });

  test("deletes what is older than the option says", () => {
    expect(document(PRODUCTION).limits_config.retention_period).toBe("720h");
    expect(document(PRODUCTION).compactor).toMatchObject({
      retention_enabled: true,
      delete_request_store: "s3",
    });
  });

  test("has no secret but in its secret file", () => {
    const { secretFiles, ...shown } = workload(PRODUCTION);
    expect(JSON.stringify(shown)).not.toMatch(/an-access-key-id|a-secret-access-key/);
    expect(secretFiles.map(({ secrets }) => secrets)).toEqual([
      ["lokiS3AccessKeyId", "lokiS3SecretAccessKey"],
    ]);
    expect(shown.env.AWS_SHARED_CREDENTIALS_FILE).toBe(secretFiles[0].path);
  });
});
