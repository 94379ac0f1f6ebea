import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract, pack } from "tar-stream";
import { z } from "zod";
import { splitHostPort } from "../../components/verification/client";
import type { VerificationTarget } from "../../components/verification/target";

/** Collections of `verify`, which come and go. */
const PASSING = /^tracekeep_verify_/;

const collectionSchema = z.strictObject({
  name: z.string(),
  /** Points that its snapshot has at least. */
  points: z.number(),
  aliases: z.array(z.string()),
  /** SHA-256 of the snapshot, as Qdrant gave it. */
  checksum: z.string().nullish(),
});
type Collection = z.output<typeof collectionSchema>;

/** Calls of Qdrant's API, with an application's certificate and the key. */
function client(target: VerificationTarget) {
  const published = target.endpoints.qdrant?.rest;
  if (published === undefined || target.qdrant === undefined) {
    throw new Error("Qdrant is not published: it can be neither backed up nor restored.");
  }
  const { apiKey } = target.qdrant;
  const answer = async (
    method: string,
    path: string,
    headers: Record<string, string | number>,
    body: Readable,
  ): Promise<IncomingMessage> => {
    const call = request({
      ...splitHostPort(published),
      servername: "qdrant",
      ca: target.tls.root,
      cert: target.application.certificate,
      key: target.application.key,
      method,
      path,
      headers: { "api-key": apiKey, ...headers },
      agent: false,
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      call.once("response", resolve).once("error", reject);
    });
    // It may answer, with a refusal, before it has read everything.
    const [response] = await Promise.all([answered, pipeline(body, call).catch(() => answered)]);
    if (response.statusCode === 200) return response;
    response.resume();
    throw new Error(`Qdrant answered ${response.statusCode} to ${method} ${path}`);
  };
  return {
    stream: answer,
    ask: async <T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown) => {
      const text = body === undefined ? "" : JSON.stringify(body);
      const headers = {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
      };
      const response = await answer(method, path, headers, Readable.from([Buffer.from(text)]));
      return z.object({ result: schema }).parse(await json(response)).result;
    },
  };
}

const at = (collection: string) => `/collections/${encodeURIComponent(collection)}`;

async function countOf({ ask }: ReturnType<typeof client>, name: string): Promise<number> {
  const counted = z.object({ count: z.number() });
  return (await ask(counted, "POST", `${at(name)}/points/count`, { exact: true })).count;
}

/** Aliases by the name of their collection. */
async function aliasesOf({ ask }: ReturnType<typeof client>): Promise<Map<string, string[]>> {
  const alias = z.object({ alias_name: z.string(), collection_name: z.string() });
  const { aliases } = await ask(z.object({ aliases: z.array(alias) }), "GET", "/aliases");
  const found = new Map<string, string[]>();
  for (const { alias_name, collection_name } of aliases) {
    found.set(collection_name, [...(found.get(collection_name) ?? []), alias_name]);
  }
  return found;
}

/** A snapshot of each collection, which serves on meanwhile, with its aliases: a tar. */
export function qdrantSnapshots(target: VerificationTarget): Readable {
  const qdrant = client(target);
  const tar = pack();
  const made = z.object({
    name: z.string(),
    size: z.number(),
    checksum: z.string().nullish(),
  });
  const listed = z.object({ collections: z.array(z.object({ name: z.string() })) });
  const write = async () => {
    const { collections } = await qdrant.ask(listed, "GET", "/collections");
    const aliases = await aliasesOf(qdrant);
    const lasting = collections.filter(({ name }) => !PASSING.test(name));
    for (const [number, { name }] of lasting.entries()) {
      const place = `${at(name)}/snapshots`;
      const before = await countOf(qdrant, name);
      const snapshot = await qdrant.ask(made, "POST", `${place}?wait=true`);
      const path = `${place}/${encodeURIComponent(snapshot.name)}`;
      try {
        const collection: Collection = {
          name,
          points: Math.min(before, await countOf(qdrant, name)),
          aliases: aliases.get(name) ?? [],
          checksum: snapshot.checksum,
        };
        // Collections may be called what no file can be.
        tar.entry({ name: `${number}.json` }, JSON.stringify(collection));
        const content = await qdrant.stream("GET", path, {}, Readable.from([]));
        await pipeline(content, tar.entry({ name: `${number}.snapshot`, size: snapshot.size }));
      } finally {
        await qdrant.ask(z.unknown(), "DELETE", `${path}?wait=true`);
      }
    }
    tar.finalize();
  };
  write().catch((error: Error) => tar.destroy(error));
  return tar as unknown as Readable;
}

/** Sends a snapshot as the form that Qdrant takes uploads in. */
async function upload(
  { stream }: ReturnType<typeof client>,
  { name, checksum }: Collection,
  content: AsyncIterable<Uint8Array>,
  size: number,
): Promise<void> {
  const boundary = "tracekeep-snapshot";
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="snapshot"; filename="a.snapshot"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  const body = async function* () {
    yield Buffer.from(head);
    yield* content;
    yield Buffer.from(tail);
  };
  const headers = {
    "content-type": `multipart/form-data; boundary=${boundary}`,
    "content-length": head.length + size + tail.length,
  };
  const verified = checksum ? `&checksum=${checksum}` : "";
  const path = `${at(name)}/snapshots/upload?priority=snapshot&wait=true${verified}`;
  (await stream("POST", path, headers, Readable.from(body()))).resume();
}

/**
 * Puts back what `qdrantSnapshots` wrote.
 *
 * @throws {Error} if one has fewer points then than it had.
 */
export async function restoreQdrant(target: VerificationTarget, tar: Readable): Promise<void> {
  const qdrant = client(target);
  const entries = extract();
  const feeding = pipeline(tar, entries);
  // What ends it is thrown by the entries as well.
  feeding.catch(() => undefined);
  let collection: Collection | undefined;
  for await (const entry of entries) {
    if (entry.header.name.endsWith(".json")) {
      collection = collectionSchema.parse(await json(entry));
      continue;
    }
    if (collection === undefined) throw new Error("a snapshot of no collection");
    const { name, points, aliases } = collection;
    await upload(qdrant, collection, entry as AsyncIterable<Buffer>, entry.header.size ?? 0);
    if (aliases.length > 0) {
      const actions = aliases.map((alias_name) => ({
        create_alias: { alias_name, collection_name: name },
      }));
      await qdrant.ask(z.unknown(), "POST", "/collections/aliases", { actions });
    }
    const now = await countOf(qdrant, name);
    if (now < points) {
      throw new Error(`Collection ${name} has ${now} points after its restore; it had ${points}.`);
    }
  }
  await feeding;
}
