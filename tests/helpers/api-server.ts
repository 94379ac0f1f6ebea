import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { call, type HttpResponse } from "../../components/verification/client";
import { collectionOf, pathOf, type Manifest } from "./cluster-objects";
import { eventually, freePort } from "./ports";
import { selfSigned } from "./self-signed";
import { ServerProcess } from "./server-process";
import { programPath, type Program } from "./servers";

export interface ApiServerOptions {
  /** Whether a controller makes the accounts that pods run as; they are demanded then. */
  accounts?: boolean;
  /** Address at which nodes and pods reach it too. Default: loopback. */
  address?: string;
}

const url = (port: number) => `http://127.0.0.1:${port}`;

/** A Kubernetes API server with its store, and nothing that runs pods. */
export class ApiServer {
  readonly #processes: ServerProcess[] = [];
  readonly #token = randomBytes(16).toString("hex");

  private constructor(
    /** Directory of everything; removed by `stop`. */
    readonly directory: string,
    readonly address: string,
    readonly port: number,
  ) {}

  /** Starts both. `stop` must follow. */
  static async start(options: ApiServerOptions = {}): Promise<ApiServer> {
    const directory = await mkdtemp(join(tmpdir(), "tracekeep-kube-"));
    const { address = "127.0.0.1" } = options;
    const server = new ApiServer(directory, address, await freePort());
    try {
      await server.#launch(options);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Path of a file in the directory. */
  at(name: string): string {
    return join(this.directory, name);
  }

  /** File of the address, and of the credentials of a user who may do everything. */
  get kubeconfig(): string {
    return this.at("kubeconfig");
  }

  /** Name of the one context in that file. */
  readonly context = "tests";

  /** The certificate that the server made for itself, PEM. */
  get certificate(): string {
    return readFileSync(this.at("certificates/apiserver.crt"), "utf8");
  }

  /** File of the certificate by which kubelets know it. */
  get kubeletClient(): string {
    return this.at("kubelet-client.crt");
  }

  /** Starts a server beside it, which ends with it, and waits until it listens. */
  async run(
    program: Program,
    ports: readonly number[],
    args: readonly string[],
    memory: string,
    host?: string,
  ): Promise<ServerProcess> {
    const process = new ServerProcess({
      name: program,
      program: programPath(program),
      args,
      env: { GOMEMLIMIT: memory },
      directory: this.directory,
      log: this.at(`${program}.log`),
      host,
      ports,
      stopGrace: 5000,
    });
    this.#processes.unshift(process);
    process.start();
    await process.listening();
    return process;
  }

  async #launch({ accounts = false }: ApiServerOptions): Promise<void> {
    const [store, peer] = [await freePort(), await freePort()];
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = this.at("accounts.key");
    await writeFile(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const tokens = `${this.#token},operator,operator,system:masters\n`;
    await writeFile(this.at("tokens.csv"), tokens, { mode: 0o600 });
    const client = await selfSigned("kubelet-client");
    await writeFile(this.kubeletClient, client.certificate);
    await writeFile(this.at("kubelet-client.key"), client.privateKey, { mode: 0o600 });
    await this.run(
      "etcd",
      [store],
      [
        `--data-dir=${this.at("etcd")}`,
        `--listen-client-urls=${url(store)}`,
        `--advertise-client-urls=${url(store)}`,
        `--listen-peer-urls=${url(peer)}`,
        `--initial-advertise-peer-urls=${url(peer)}`,
        `--initial-cluster=default=${url(peer)}`,
        // It lives for a minute; what it holds is worth no waiting for a disk.
        "--unsafe-no-fsync",
      ],
      "256MiB",
    );
    const api = await this.run(
      "kube-apiserver",
      [this.port],
      [
        `--etcd-servers=${url(store)}`,
        `--bind-address=${this.address}`,
        `--advertise-address=${this.address}`,
        `--secure-port=${this.port}`,
        `--cert-dir=${this.at("certificates")}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${key}`,
        `--service-account-signing-key-file=${key}`,
        `--token-auth-file=${this.at("tokens.csv")}`,
        "--authorization-mode=RBAC",
        // Without a controller nothing makes the accounts that it would wait for.
        ...(accounts ? [] : ["--disable-admission-plugins=ServiceAccount"]),
        "--service-cluster-ip-range=10.96.0.0/16",
        // Nodes have names that nobody resolves.
        "--kubelet-preferred-address-types=InternalIP",
        `--kubelet-client-certificate=${this.kubeletClient}`,
        `--kubelet-client-key=${this.at("kubelet-client.key")}`,
      ],
      "1GiB",
      this.address,
    );
    try {
      await eventually(
        async () => {
          const { status, body } = await this.ask("/readyz");
          if (status !== 200) throw new Error(`kube-apiserver is not ready: ${body}`);
        },
        { timeout: 90_000, interval: 500 },
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${api.log(20)}`);
    }
    await this.#writeKubeconfig();
  }

  async #writeKubeconfig(): Promise<void> {
    const { context: name } = this;
    const cluster = {
      server: `https://${this.address}:${this.port}`,
      "certificate-authority-data": Buffer.from(this.certificate).toString("base64"),
    };
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster }],
      users: [{ name, user: { token: this.#token } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    };
    await writeFile(this.kubeconfig, stringify(config), { mode: 0o600 });
  }

  /** One request, as a user who may do everything unless another's token is given. */
  ask(
    path: string,
    method = "GET",
    body?: string,
    type?: string,
    token = this.#token,
  ): Promise<HttpResponse> {
    return call(
      {
        host: this.address,
        port: this.port,
        serverName: "kubernetes",
        root: this.certificate,
      },
      {
        path,
        method,
        body,
        headers: {
          authorization: `Bearer ${token}`,
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
    const path = `${pathOf(manifest)}?${query.toString()}`;
    return this.ask(path, "PATCH", JSON.stringify(manifest), "application/apply-patch+yaml");
  }

  /** Makes an object that is not there yet. */
  create(manifest: Manifest): Promise<HttpResponse> {
    const body = JSON.stringify(manifest);
    return this.ask(collectionOf(manifest), "POST", body, "application/json");
  }

  async stop(): Promise<void> {
    for (const process of this.#processes) await process.stop("SIGKILL");
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
