import { z } from "zod";
import { locate } from "./location";
import {
  configSchema,
  DIGEST,
  digestOf,
  MANIFEST_TYPES,
  manifestSchema,
  type Manifest,
  type Platform,
} from "./manifest";
import { RegistryError } from "./registry-error";
import { RegistryHttp, type HttpOptions, type RegistryAnswer } from "./registry-http";

/** What the OCI distribution specification lets a manifest have. */
const MANIFEST_LIMIT = 4 * 2 ** 20;
const TAGS_LIMIT = 16 * 2 ** 20;
/** Pages of tags that are turned. */
const PAGES = 50;

const accept = MANIFEST_TYPES.join(", ");

/** A repository without tags has null. */
const tagsSchema = z.object({ tags: z.array(z.string()).nullish() });

/** Reads what registries say of images (OCI distribution specification 1.1), and believes no digest that it can check. */
export class Registry {
  readonly #http: RegistryHttp;

  constructor(options: HttpOptions = {}) {
    this.#http = new RegistryHttp(options);
  }

  /**
   * The manifest of a tag or a digest.
   *
   * @throws {RegistryError} when there is none, or it is another than the digest says.
   */
  async manifest(repository: string, reference: string): Promise<Manifest> {
    const answer = await this.#http.call(repository, {
      path: `manifests/${reference}`,
      accept,
      limit: MANIFEST_LIMIT,
    });
    expectFound(repository, reference, answer);
    const digest = digestOf(answer.body);
    const said = [answer.header("docker-content-digest"), DIGEST.test(reference) && reference];
    for (const one of said) {
      if (one && one !== digest) throw lies(repository, reference, one, digest);
    }
    const content = parse(manifestSchema, repository, reference, answer.body);
    return { digest, size: answer.body.length, content };
  }

  /** What an image runs on that has no index to say so. */
  async platform(repository: string, digest: string): Promise<Platform> {
    const answer = await this.#http.call(repository, {
      path: `blobs/${digest}`,
      limit: MANIFEST_LIMIT,
    });
    expectFound(repository, digest, answer);
    const actual = digestOf(answer.body);
    if (actual !== digest) throw lies(repository, digest, digest, actual);
    return parse(configSchema, repository, digest, answer.body);
  }

  /** Every tag of a repository. */
  async tags(repository: string): Promise<string[]> {
    const tags: string[] = [];
    let path: string | undefined = "tags/list?n=1000";
    for (let page = 0; path !== undefined && page < PAGES; page++) {
      const answer: RegistryAnswer = await this.#http.call(repository, { path, limit: TAGS_LIMIT });
      expectFound(repository, "tags", answer);
      tags.push(...(parse(tagsSchema, repository, "tags", answer.body).tags ?? []));
      const [, query] =
        /<[^>?]*\?([^>]*)>\s*;\s*rel="?next"?/.exec(answer.header("link") ?? "") ?? [];
      path = query === undefined ? undefined : `tags/list?${query}`;
    }
    return tags;
  }
}

function lies(repository: string, reference: string, said: string, is: string): RegistryError {
  const { host, path } = locate(repository);
  return new RegistryError(
    `what ${host} gives for ${path} ${reference} is not what its digest says: said ${said}, is ${is}`,
  );
}

function expectFound(repository: string, reference: string, { status }: RegistryAnswer): void {
  if (status === 200) return;
  const { host, path, registry } = locate(repository);
  if (status === 404) throw new RegistryError(`${host} has no ${path} ${reference} (404)`);
  if (status === 429) {
    throw new RegistryError(
      `${host} takes no more requests for now (429); a login may be allowed more: docker login ${registry}`,
    );
  }
  throw new RegistryError(`${host} answered ${status} for ${path} ${reference}`);
}

function parse<T extends z.ZodType>(
  schema: T,
  repository: string,
  reference: string,
  body: Buffer,
): z.output<T> {
  try {
    return schema.parse(JSON.parse(body.toString("utf8")));
  } catch {
    const { host, path } = locate(repository);
    throw new RegistryError(
      `what ${host} gives for ${path} ${reference} is not of the form that the OCI specifications name`,
    );
  }
}
