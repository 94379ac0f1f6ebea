import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, type HttpResponse } from "../../components/verification/client";
import { eventually, freePort } from "./ports";
import { ServerProcess } from "./server-process";
import { programPath } from "./servers";

/** What is asked of the API server about an object. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** A Kubernetes API server with its store, and nothing that runs pods. */
export class ApiServer {
  private constructor(
    readonly directory: string,
    readonly port: number,
    private readonly token: string,
    private readonly processes: ServerProcess[],
  ) {}

  /** Starts both. `stop` must follow. */
  static async start(): Promise<ApiServer> {
    const directory = await mkdtemp(join(tmpdir(), "tracekeep-kube-"));
    const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
    const token = randomBytes(16).toString("hex");
    const at = (name: string) => join(directory, name);
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await writeFile(at("accounts.key"), privateKey.export({ type: "pkcs8", format: "pem" }));
    await writeFile(at("tokens.csv"), `${token},operator,operator,system:masters\n`);
    const server = (name: "etcd" | "kube-apiserver", ports: number[], args: string[]) =>
      new ServerProcess({
        name,
        program: programPath(name),
        args,
        env: {},
        directory,
        log: at(`${name}.log`),
        ports,
        stopGrace: 5000,
      });
    const url = (number: number) => `http://127.0.0.1:${number}`;
    const etcd = server(
      "etcd",
      [client],
      [
        `--data-dir=${at("etcd")}`,
        `--listen-client-urls=${url(client)}`,
        `--advertise-client-urls=${url(client)}`,
        `--listen-peer-urls=${url(peer)}`,
        `--initial-advertise-peer-urls=${url(peer)}`,
        `--initial-cluster=default=${url(peer)}`,
        // It lives for a minute; what it holds is worth no waiting for a disk.
        "--unsafe-no-fsync",
      ],
    );
    const api = server(
      "kube-apiserver",
      [port],
      [
        `--etcd-servers=${url(client)}`,
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        `--secure-port=${port}`,
        `--cert-dir=${at("certificates")}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${at("accounts.key")}`,
        `--service-account-signing-key-file=${at("accounts.key")}`,
        `--token-auth-file=${at("tokens.csv")}`,
        "--authorization-mode=RBAC",
        // Nothing here makes the accounts that it would wait for.
        "--disable-admission-plugins=ServiceAccount",
        "--service-cluster-ip-range=10.96.0.0/16",
      ],
    );
    const cluster = new ApiServer(directory, port, token, [api, etcd]);
    try {
      etcd.start();
      await etcd.listening();
      api.start();
      await api.listening();
      await eventually(
        async () => {
          const { status, body } = await cluster.ask("/readyz");
          if (status !== 200) throw new Error(`kube-apiserver is not ready: ${body}`);
        },
        { timeout: 90_000, interval: 500 },
      );
    } catch (error) {
      const said = api.log(20);
      await cluster.stop();
      throw new Error(`${(error as Error).message}\n${said}`);
    }
    return cluster;
  }

  /** One request as a user who may do everything. */
  ask(path: string, method = "GET", body?: string, type?: string): Promise<HttpResponse> {
    return call(
      {
        host: "127.0.0.1",
        port: this.port,
        serverName: "kubernetes",
        root: readFileSync(join(this.directory, "certificates", "apiserver.crt"), "utf8"),
      },
      {
        path,
        method,
        body,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(type !== undefined && { "content-type": type }),
        },
        timeoutMs: 30_000,
      },
    );
  }

  /** Applies an object as `kubectl apply --server-side` does; unknown fields are errors. */
  apply(manifest: Manifest, { dryRun = false } = {}): Promise<HttpResponse> {
    const query = new URLSearchParams({
      fieldManager: "tests",
      fieldValidation: "Strict",
      ...(dryRun && { dryRun: "All" }),
    });
    const path = `${collection(manifest)}/${manifest.metadata.name}?${query.toString()}`;
    return this.ask(path, "PATCH", JSON.stringify(manifest), "application/apply-patch+yaml");
  }

  async stop(): Promise<void> {
    for (const process of this.processes) await process.stop("SIGKILL");
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

const PLURALS: Readonly<Record<string, string>> = { NetworkPolicy: "networkpolicies" };

/** Path of the objects of a manifest's kind, in its namespace. */
function collection({ apiVersion, kind, metadata: { namespace } }: Manifest): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = PLURALS[kind] ?? `${kind.toLowerCase()}s`;
  return `${group}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural}`;
}
