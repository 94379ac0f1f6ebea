import { parse } from "yaml";
import { qdrantWorkload } from "../../components/qdrant/config";
import { contextOf, expectGolden, workloadText } from "../helpers/golden";

const workload = qdrantWorkload(contextOf("qdrant"));
const [document] = workload.secretFiles;

describe("Qdrant", () => {
  test("is as reviewed", () => {
    expectGolden("qdrant.txt", workloadText(workload));
  });

  test("has its keys in the secret document alone", () => {
    expect(document.secrets).toEqual(["qdrantApiKey", "qdrantReadOnlyKey"]);
    expect(workload.files).toEqual([]);
    const text = document.render(["write: #1", "read\n2"]);
    // Whatever is in a key, it stays one value.
    expect(parse(text)).toMatchObject({
      service: { api_key: "write: #1", read_only_api_key: "read\n2" },
    });
  });

  test("serves REST with client certificates, and no gRPC, which cannot check them", () => {
    expect(parse(document.render(["a", "b"]))).toMatchObject({
      service: {
        enable_tls: true,
        verify_https_client_certificate: true,
        grpc_port: null,
        enable_snapshot_url_recovery: false,
      },
      tls: { ca_cert: "/etc/tracekeep/trust/clients.crt" },
      telemetry_disabled: true,
    });
    expect(workload.ports.map(({ name }) => name)).toEqual(["rest"]);
  });

  test("keeps snapshots on the data volume", () => {
    const { storage } = parse(document.render(["a", "b"])) as {
      storage: { storage_path: string; snapshots_path: string };
    };
    expect(workload.storage?.path).toBe(storage.storage_path);
    expect(storage.snapshots_path.startsWith(`${storage.storage_path}/`)).toBe(true);
  });
});
