import { createPrivateKey, randomBytes, sign, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Credentials } from "../../commands/images/docker-credentials";

/** A login that the registries of the tests know. */
export const LOGIN: Credentials = { user: "deploy", password: "correct horse" };

/** Gives out the tokens that a registry asks for, as the distribution project specifies them. */
export interface TokenServer {
  /** What the registry is told of it. */
  settings: { realm: string; service: string; issuer: string };
  /** A token that lets its bearer do these things with a repository. */
  token(repository: string, actions: readonly string[]): string;
  stop(): Promise<void>;
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Starts one with this certificate, which signs the tokens too. */
export async function startTokenServer(files: {
  certificate: string;
  key: string;
}): Promise<TokenServer> {
  const cert = readFileSync(files.certificate, "utf8");
  const key = readFileSync(files.key, "utf8");
  const chain = cert.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? [];
  const x5c = chain.map((pem) => new X509Certificate(pem).raw.toString("base64"));
  const service = "registry of the tests";
  const issuer = "tests";
  const token = (name: string, actions: readonly string[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      ...{ iss: issuer, sub: LOGIN.user, aud: service, jti: randomBytes(8).toString("hex") },
      ...{ iat: now, nbf: now - 60, exp: now + 300 },
      access: [{ type: "repository", name, actions }],
    };
    const signed = `${encoded({ typ: "JWT", alg: "ES256", x5c })}.${encoded(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), {
      key: createPrivateKey(key),
      dsaEncoding: "ieee-p1363",
    });
    return `${signed}.${signature.toString("base64url")}`;
  };
  const login = `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString("base64")}`;
  const server = createServer({ cert, key }, (request, response) => {
    const { searchParams } = new URL(request.url ?? "", "https://localhost");
    const [, repository] = /^repository:([^:]+):/.exec(searchParams.get("scope") ?? "") ?? [];
    const known =
      request.headers.authorization === login && searchParams.get("service") === service;
    response.writeHead(known ? 200 : 401, { "content-type": "application/json" });
    response.end(known ? JSON.stringify({ token: token(repository, ["pull", "push"]) }) : "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    settings: { realm: `https://127.0.0.1:${port}/token`, service, issuer },
    token,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
