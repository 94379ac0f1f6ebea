import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, fetch } from "undici";
import { stringify } from "yaml";
import { issuePki, type Pki } from "./pki";
import { freePort } from "./ports";
import { ServerProcess } from "./server-process";
import { programPath } from "./servers";
import { LOGIN, startTokenServer, type TokenServer } from "./token-server";

/** The login as `htpasswd -B` keeps it. */
const HTPASSWD = "deploy:$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n";

/** Something that a registry keeps under its digest. */
export interface Content {
  mediaType: string;
  body: Buffer;
}

export const sha256 = (body: Buffer): string =>
  `sha256:${createHash("sha256").update(body).digest("hex")}`;

/** How a registry asks who is there. */
export type Login = "none" | "basic" | "token";

/** Debian's registry server over TLS, with a CA of its own. */
export class LocalRegistry {
  private constructor(
    private readonly directory: string,
    private readonly server: ServerProcess,
    private readonly tokens: TokenServer | undefined,
    private readonly login: Login,
    readonly pki: Pki,
    /** `host:port`. */
    readonly host: string,
  ) {}

  /** Starts one. `stop` must follow. */
  static async start(login: Login = "none"): Promise<LocalRegistry> {
    const directory = await mkdtemp(join(tmpdir(), "tracekeep-registry-"));
    const pki = await issuePki(directory, [
      {
        name: "registry",
        issuer: "services",
        dnsNames: ["localhost"],
        ipAddresses: ["127.0.0.1"],
        uses: ["digital_signature", "server_auth"],
      },
    ]);
    const port = await freePort();
    const certificate = join(pki.identity("registry"), "tls.crt");
    const key = join(pki.identity("registry"), "tls.key");
    const tokens = login === "token" ? await startTokenServer({ certificate, key }) : undefined;
    const passwords = join(directory, "htpasswd");
    writeFileSync(passwords, HTPASSWD);
    const auth = {
      none: {},
      basic: { auth: { htpasswd: { realm: "tests", path: passwords } } },
      token: {
        auth: { token: { ...tokens?.settings, rootcertbundle: join(pki.trust, "root.crt") } },
      },
    }[login];
    const configuration = join(directory, "config.yml");
    writeFileSync(
      configuration,
      stringify({
        version: "0.1",
        log: { level: "error", accesslog: { disabled: true } },
        storage: { filesystem: { rootdirectory: join(directory, "data") } },
        http: { addr: `127.0.0.1:${port}`, tls: { certificate, key } },
        ...auth,
      }),
    );
    const server = new ServerProcess({
      name: "docker-registry",
      program: programPath("docker-registry"),
      args: ["serve", configuration],
      env: {},
      directory,
      log: join(directory, "registry.log"),
      ports: [port],
      stopGrace: 5000,
    });
    server.start();
    const registry = new LocalRegistry(directory, server, tokens, login, pki, `127.0.0.1:${port}`);
    await server.listening().catch(async (error: unknown) => {
      await registry.stop();
      throw error;
    });
    return registry;
  }

  /** File of the CA's PEM certificate. */
  get caFile(): string {
    return join(this.pki.trust, "root.crt");
  }

  get ca(): string {
    return readFileSync(this.caFile, "utf8");
  }

  /** Puts blobs and manifests there, the last under a tag. */
  async push(
    repository: string,
    tag: string,
    { blobs, manifests }: { blobs: Buffer[]; manifests: Content[] },
  ): Promise<void> {
    const dispatcher = new Agent({ connect: { ca: this.ca } });
    const base = `https://${this.host}/v2/${repository}`;
    const send = async (method: string, url: string, content?: Content) => {
      const response = await fetch(url, {
        method,
        dispatcher,
        headers: {
          ...this.#authorization(repository),
          ...(content && { "content-type": content.mediaType }),
        },
        body: content?.body,
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
      return response;
    };
    try {
      for (const body of blobs) {
        const upload = await send("POST", `${base}/blobs/uploads/`);
        const location = new URL(upload.headers.get("location")!, base);
        location.searchParams.set("digest", sha256(body));
        await send("PUT", location.href, { mediaType: "application/octet-stream", body });
      }
      for (const manifest of manifests) {
        const reference = manifest === manifests.at(-1) ? tag : sha256(manifest.body);
        await send("PUT", `${base}/manifests/${reference}`, manifest);
      }
    } finally {
      await dispatcher.close();
    }
  }

  #authorization(repository: string): Record<string, string> {
    if (this.login === "none") return {};
    if (this.tokens)
      return { authorization: `Bearer ${this.tokens.token(repository, ["pull", "push"])}` };
    const login = Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString("base64");
    return { authorization: `Basic ${login}` };
  }

  async stop(): Promise<void> {
    await this.server.stop("SIGKILL");
    await this.tokens?.stop();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
