import { parse, stringify } from "yaml";
import { parseConfig } from "../../config/parse";
import { eventually } from "../helpers/ports";
import {
  startStack,
  type Mutation,
  type Places,
  type ProcessStack,
} from "../helpers/process-stack";
import { askQdrant } from "../helpers/qdrant";
import { expectRefusals } from "../helpers/refusals";
import { get } from "../helpers/requests";
import { describeWith } from "../helpers/skip";

const KEY = "write-key";
const SECRETS = { qdrantApiKey: KEY, qdrantReadOnlyKey: "read-key" };
const PEERS = [0, 1, 2];
const STRANGER = 3;

const config = parseConfig(
  {
    target: "kubernetes",
    kubernetes: { context: "example" },
    replicas: { qdrant: PEERS.length },
    tuning: { prometheus: { scrapeInterval: "1s" } },
  },
  { stack: "dev", environment: {} },
);

interface Document {
  service: Record<string, unknown>;
  tls: Record<string, string>;
  cluster: { p2p: Record<string, unknown> };
}

/** A peer that differs in its document, or in its arguments. */
const edited =
  (
    edit: (document: Document, places: Places) => void,
    args = (words: string[]) => words,
  ): Mutation =>
  (workload, places) => ({
    ...workload,
    args: args(workload.args),
    secretFiles: workload.secretFiles.map((file) => ({
      ...file,
      render: (values) => {
        const document = parse(file.render(values)) as Document;
        edit(document, places);
        return stringify(document);
      },
    })),
  });

describeWith(["qdrant", "prometheus"], "Qdrant as a cluster of three peers", () => {
  let stack: ProcessStack;

  const ask = async <T>(peer: number, method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await askQdrant(stack, method, path, KEY, body, peer);
    if (answer.status !== 200) throw new Error(`peer ${peer}: ${answer.status} ${answer.body}`);
    return (JSON.parse(answer.body) as { result: T }).result;
  };
  interface Cluster {
    peer_id: number;
    peers: Record<string, { uri: string }>;
    message_send_failures: Record<string, unknown>;
  }
  const cluster = (peer: number) => ask<Cluster>(peer, "GET", "/cluster");
  interface Shards {
    local_shards: { shard_id: number; state: string }[];
    remote_shards: { shard_id: number; state: string; peer_id: number }[];
    shard_transfers: unknown[];
  }
  const shards = (peer: number) => ask<Shards>(peer, "GET", "/collections/notes/cluster");
  /** How often each shard is there and active, as a peer knows it. */
  const copies = async (peer: number) => {
    const { local_shards, remote_shards } = await shards(peer);
    const active = [...local_shards, ...remote_shards].filter(({ state }) => state === "Active");
    return [0, 1, 2].map((id) => active.filter(({ shard_id }) => shard_id === id).length);
  };
  const count = async (peer: number) =>
    (await ask<{ count: number }>(peer, "POST", "/collections/notes/points/count", { exact: true }))
      .count;
  const upsert = (peer: number, from: number, to: number) =>
    ask(peer, "PUT", "/collections/notes/points?wait=true", {
      points: Array.from({ length: to - from }, (_, index) => ({
        id: from + index,
        vector: [from + index, 1],
      })),
    });
  const wellAgain = () =>
    eventually(
      async () => {
        for (const peer of PEERS) {
          expect(await copies(peer)).toEqual([2, 2, 2]);
          expect((await shards(peer)).shard_transfers).toEqual([]);
        }
      },
      { timeout: 60_000 },
    );

  beforeAll(async () => {
    stack = await startStack({ config, services: ["qdrant", "prometheus"], secrets: SECRETS });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test("the first founds it, the others join", async () => {
    for (const peer of PEERS) {
      const { peers } = await eventually(async () => {
        const known = await cluster(peer);
        expect(Object.keys(known.peers)).toHaveLength(PEERS.length);
        return known;
      });
      const port = stack.port("qdrant", "p2p");
      expect(
        Object.values(peers)
          .map(({ uri }) => uri)
          .sort(),
      ).toEqual(PEERS.map((index) => `https://127.0.0.${index + 1}:${port}/`));
    }
  }, 40_000);

  test("a new collection has every shard twice, and is the same at every peer", async () => {
    await ask(0, "PUT", "/collections/notes", { vectors: { size: 2, distance: "Dot" } });
    await upsert(1, 0, 100);
    await wellAgain();
    expect(await Promise.all(PEERS.map(count))).toEqual([100, 100, 100]);
  }, 60_000);

  test("Prometheus scrapes every peer", async () => {
    const parameters = new URLSearchParams({ query: 'up{job="qdrant"} == 1' });
    await eventually(async () => {
      const { body } = await get(stack, "prometheus", `/api/v1/query?${parameters.toString()}`);
      const { data } = JSON.parse(body) as { data: { result: { metric: { instance: string } }[] } };
      const port = stack.port("qdrant", "rest");
      expect(data.result.map(({ metric }) => metric.instance).sort()).toEqual(
        PEERS.map((index) => `127.0.0.${index + 1}:${port}`),
      );
    });
  }, 40_000);

  test("p2p serves what Qdrant's CA signed, and refuses strangers and plaintext", async () => {
    await expectRefusals(stack, "qdrant");
  }, 30_000);

  describe("refuses a peer", () => {
    const identity = ({ tls }: Document, directory: string) =>
      Object.assign(tls, { cert: `${directory}/tls.crt`, key: `${directory}/tls.key` });
    test.each<[string, Mutation, RegExp]>([
      [
        "with a certificate of another CA",
        edited(({ tls }) => identity({ tls } as Document, stack.foreign.identity("qdrant"))),
        // What it sees of the refusal is an alert, a broken pipe or the end of the connection.
        /Failed to add peer to known\n.*tonic::transport::Error/,
      ],
      [
        "that is of another CA altogether",
        edited((document, { foreignTrust }) => {
          identity(document, stack.foreign.identity("qdrant"));
          document.tls.ca_cert = `${foreignTrust}/clients.crt`;
        }),
        /invalid peer certificate/,
      ],
      [
        "without TLS",
        edited(
          ({ cluster: { p2p } }) => (p2p.enable_tls = false),
          (words) => words.map((word) => word.replace("https:", "http:")),
        ),
        /Failed to add peer to known\n.*tonic::transport::Error/,
      ],
      [
        "without the API key",
        edited(({ service }) => {
          delete service.api_key;
          delete service.read_only_api_key;
        }),
        /Must provide an API key/,
      ],
    ])(
      "%s",
      async (_, mutate, reason) => {
        await expect(stack.startReplica("qdrant", STRANGER, mutate)).rejects.toThrow(
          /ended at its start/,
        );
        expect(stack.log("qdrant", 1000, STRANGER)).toMatch(reason);
        expect(Object.keys((await cluster(0)).peers)).toHaveLength(PEERS.length);
      },
      30_000,
    );
  });

  describe("when a peer is killed", () => {
    beforeAll(() => stack.kill("qdrant", "SIGKILL", 1));

    test("the others go on to read and to write", async () => {
      expect(await count(0)).toBe(100);
      expect(await count(2)).toBe(100);
      await upsert(0, 100, 150);
      await upsert(2, 150, 200);
      expect(await count(0)).toBe(200);
    }, 40_000);

    test("it takes over what it missed when it is back", async () => {
      await stack.restart("qdrant", 1);
      await wellAgain();
      expect(await count(1)).toBe(200);
    }, 90_000);

    test("so that the next one may be lost", async () => {
      // Also the one that founded the cluster.
      await stack.kill("qdrant", "SIGKILL", 0);
      expect(await Promise.all([1, 2].map(count))).toEqual([200, 200]);
      await stack.restart("qdrant", 0);
      await wellAgain();
    }, 90_000);
  });

  test("a shard travels as a snapshot too, from peer to peer over REST", async () => {
    const { local_shards } = await shards(0);
    const here = local_shards.map(({ shard_id }) => shard_id);
    const lacks = await Promise.all(
      [1, 2].map(async (peer) => {
        const theirs = (await shards(peer)).local_shards.map(({ shard_id }) => shard_id);
        return { peer, shard: here.find((id) => !theirs.includes(id)) };
      }),
    );
    const { peer, shard } = lacks.find((one) => one.shard !== undefined)!;
    const [from, to] = await Promise.all([0, peer].map(async (at) => (await cluster(at)).peer_id));
    await ask(0, "POST", "/collections/notes/cluster", {
      replicate_shard: {
        shard_id: shard,
        from_peer_id: from,
        to_peer_id: to,
        method: "snapshot",
      },
    });
    await eventually(async () => expect((await copies(0))[shard!]).toBe(3));
    expect(stack.log("qdrant", 1000)).toMatch(/GET \/collections\/notes\/shards\/\d+\/snapshot/);
  }, 60_000);

  test("a peer is dialled under its own name alone", async () => {
    // Its certificate has not the address that it says it is at: it can ask, and is never told.
    await stack.startReplica("qdrant", STRANGER);
    const uri = `https://127.0.0.${STRANGER + 1}:${stack.port("qdrant", "p2p")}/`;
    await eventually(async () => {
      const leaders = await Promise.all(PEERS.map(cluster));
      const failures = leaders.flatMap(({ message_send_failures }) =>
        Object.keys(message_send_failures),
      );
      expect(failures).toContain(uri);
    });
    expect(await ask(STRANGER, "GET", "/collections")).toEqual({ collections: [] });
  }, 60_000);
});
