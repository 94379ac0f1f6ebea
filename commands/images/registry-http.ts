import * as tls from "node:tls";
import { EnvHttpProxyAgent, fetch, interceptors, type Dispatcher, type Response } from "undici";
import { z } from "zod";
import { parseChallenge, tokenUrl, type Challenge } from "./challenge";
import { dockerCredentials, type Credentials } from "./docker-credentials";
import { locate } from "./location";
import { RegistryError, unreachable } from "./registry-error";

export interface HttpOptions {
  /** PEM certificate(s) of private CAs, trusted besides the public ones. */
  ca?: string;
  /** The login at a registry. Default: that of `docker login`. */
  credentialsOf?: (registry: string) => Promise<Credentials | undefined>;
}

export interface RegistryCall {
  /** Path below `/v2/<repository>/`, such as `manifests/1.0`. */
  path: string;
  accept?: string;
  /** The most bytes that are taken. */
  limit: number;
}

export interface RegistryAnswer {
  status: number;
  header(name: string): string | null;
  body: Buffer;
}

/** Milliseconds that a request has, its repetitions included. */
const TIMEOUT = 60_000;

/** What passes by itself is asked for twice more. */
const RETRIES = { maxRetries: 2, minTimeout: 500, maxTimeout: 5000, throwOnError: false };

const tokenAnswer = z
  .object({ token: z.string().min(1).optional(), access_token: z.string().min(1).optional() })
  .transform(({ token, access_token }) => token ?? access_token)
  .pipe(z.string());

const basic = ({ user, password }: Credentials) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** What Node trusts by itself; from 22.15 on it says, with NODE_EXTRA_CA_CERTS among them. */
const trusted = (): readonly string[] =>
  (tls.getCACertificates as typeof tls.getCACertificates | undefined)?.("default") ??
  tls.rootCertificates;

/** At most so many bytes of an answer. @throws {RegistryError} when there are more. */
async function read(host: string, response: Response, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).length;
    if (length > limit) throw new RegistryError(`${host} answered with more than ${limit} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

/** HTTPS to registries: proxies of the environment, bounded repetitions, and the login that is asked for. */
export class RegistryHttp {
  readonly #dispatcher: Dispatcher;
  readonly #credentialsOf: NonNullable<HttpOptions["credentialsOf"]>;
  /** What each repository was asked with last, so that one challenge does for all of its requests. */
  readonly #authorizations = new Map<string, string>();

  constructor({ ca, credentialsOf = (registry) => dockerCredentials(registry) }: HttpOptions = {}) {
    const trust = ca === undefined ? {} : { ca: [...trusted(), ca] };
    this.#dispatcher = new EnvHttpProxyAgent({
      connect: { timeout: 10_000, ...trust },
      requestTls: trust,
    }).compose(interceptors.retry(RETRIES));
    this.#credentialsOf = credentialsOf;
  }

  /**
   * One request of a repository's registry.
   *
   * @throws {RegistryError} when it does not answer, or refuses the login.
   */
  async call(repository: string, call: RegistryCall): Promise<RegistryAnswer> {
    const { host, path } = locate(repository);
    const url = new URL(`https://${host}/v2/${path}/${call.path}`);
    const known = this.#authorizations.get(repository);
    const first = await this.#fetch(url, call, known);
    if (first.status === 403) throw await this.#refused(repository);
    if (first.status !== 401) return first;
    const authorization = await this.#answer(repository, first.header("www-authenticate"));
    const second = await this.#fetch(url, call, authorization);
    if (second.status === 401 || second.status === 403) throw await this.#refused(repository);
    this.#authorizations.set(repository, authorization);
    return second;
  }

  async #fetch(
    url: URL,
    { accept, limit }: Omit<RegistryCall, "path">,
    authorization?: string,
  ): Promise<RegistryAnswer> {
    const headers = { ...(accept && { accept }), ...(authorization && { authorization }) };
    try {
      // Followed elsewhere, fetch leaves the authorization behind.
      const response = await fetch(url, {
        headers,
        dispatcher: this.#dispatcher,
        signal: AbortSignal.timeout(TIMEOUT),
      });
      return {
        status: response.status,
        header: (name) => response.headers.get(name),
        body: await read(url.host, response, limit),
      };
    } catch (error) {
      throw error instanceof RegistryError ? error : unreachable(url.host, error);
    }
  }

  /** The authorization that a challenge asks for. */
  async #answer(repository: string, header: string | null): Promise<string> {
    const { registry, host, path } = locate(repository);
    const challenge = parseChallenge(header);
    if (challenge === undefined) {
      throw new RegistryError(`${host} asks for a login of a kind that is not known`);
    }
    const credentials = await this.#credentialsOf(registry);
    if (challenge.scheme === "bearer") {
      return `Bearer ${await this.#token(repository, challenge, credentials, `repository:${path}:pull`)}`;
    }
    if (credentials === undefined) throw await this.#refused(repository);
    return basic(credentials);
  }

  async #token(
    repository: string,
    challenge: Extract<Challenge, { scheme: "bearer" }>,
    credentials: Credentials | undefined,
    scope: string,
  ): Promise<string> {
    const { host } = locate(repository);
    const url = tokenUrl(challenge, scope);
    if (url === undefined) {
      throw new RegistryError(`${host} names a token server that does not speak TLS`);
    }
    const { status, body } = await this.#fetch(
      url,
      { limit: 2 ** 20 },
      credentials && basic(credentials),
    );
    if (status === 401 || status === 403) throw await this.#refused(repository);
    try {
      if (status === 200) return tokenAnswer.parse(JSON.parse(body.toString("utf8")));
    } catch {
      // Not repeated: what is not understood may still hold a token.
    }
    throw new RegistryError(`the token server of ${host} answered ${status} and no token`);
  }

  async #refused(repository: string): Promise<RegistryError> {
    const { registry, host, path } = locate(repository);
    const known = (await this.#credentialsOf(registry)) !== undefined;
    return new RegistryError(
      known
        ? `${host} refuses ${path} to the login that \`docker login ${registry}\` left`
        : `${host} shows ${path} to nobody without a login: docker login ${registry}`,
    );
  }
}
