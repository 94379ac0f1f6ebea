import { shortText } from "../causes";
import { call } from "../client";
import { addressOf, connectionFailure, type Context } from "../context";
import { HopFailure, type Hop } from "../hop";
import { answersId } from "./answers";

const VECTORS = "qdrant.vectors";

/** A vector goes in and is found; keys open what they must and no more. */
export function qdrantHops(context: Context): Hop[] {
  const collection = `tracekeep_verify_${context.run.id}`;
  const path = `/collections/${collection}`;
  const keys = context.target.qdrant ?? { apiKey: "", readOnlyKey: "" };
  const send = async (method: string, at: string, key: string, body?: unknown) => {
    const address = addressOf(context, "qdrant");
    try {
      return await call(address, {
        method,
        path: at,
        identity: context.target.application,
        headers: {
          ...(key !== "" && { "api-key": key }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      throw connectionFailure(error, "qdrant", address);
    }
  };
  const must = async (what: string, method: string, at: string, body?: unknown) => {
    const { status, body: answer } = await send(method, at, keys.apiKey, body);
    if (status === 200) return answer;
    throw new HopFailure(`Qdrant answered ${status} to ${what}: ${shortText(answer)}`, {
      cause:
        status === 401 || status === 403
          ? "Qdrant's API key is not the one that the stack generated (a volume or container older than the secret)"
          : "Qdrant cannot store: its disk, or its memory",
      look: "the log of qdrant; its secret configuration file",
    });
  };
  const refused = async (who: string, method: string, at: string, key: string, body?: unknown) => {
    const { status } = await send(method, at, key, body);
    if (status === 401 || status === 403) return;
    throw new HopFailure(`Qdrant let in: ${who} (it answered ${status})`, {
      cause: "service.api_key or service.read_only_api_key is not set as generated",
      look: "Qdrant's secret configuration file",
    });
  };
  const points = { vectors: { size: 4, distance: "Dot" } };
  return [
    {
      id: VECTORS,
      name: "upsert and search in Qdrant with an application's certificate and the key",
      services: ["qdrant"],
      needs: [answersId("qdrant")],
      run: async () => {
        await must("creating a collection", "PUT", path, points);
        try {
          await must("an upsert", "PUT", `${path}/points?wait=true`, {
            points: [
              { id: 1, vector: [1, 0, 0, 0], payload: { run: context.run.id } },
              { id: 2, vector: [0, 1, 0, 0], payload: { run: "other" } },
            ],
          });
          const answer = await must("a search", "POST", `${path}/points/query`, {
            query: [0.9, 0.1, 0, 0],
            limit: 1,
            with_payload: true,
          });
          if (!answer.includes(`"run":"${context.run.id}"`)) {
            throw new HopFailure("the search does not find the vector that was put in", {
              cause: "Qdrant acknowledged the vector and did not keep it",
              look: "the log of qdrant",
            });
          }
        } finally {
          await send("DELETE", path, keys.apiKey);
        }
      },
    },
    {
      id: "qdrant.refuses",
      name: "Qdrant refuses: no key, a wrong key, writing with the read-only key",
      services: ["qdrant"],
      // Refusals count only where the right key is seen to open.
      needs: [VECTORS],
      run: async () => {
        await refused("no key", "GET", "/collections", "");
        await refused("a wrong key", "GET", "/collections", `wrong-${context.run.id}`);
        const { status } = await send("GET", "/collections", keys.readOnlyKey);
        if (status !== 200) {
          throw new HopFailure(`Qdrant answered ${status} to reading with the read-only key`, {
            cause: "service.read_only_api_key is not the one that the stack generated",
            look: "Qdrant's secret configuration file",
          });
        }
        const written = `${path}_read_only`;
        await refused("a write with the read-only key", "PUT", written, keys.readOnlyKey, points);
      },
    },
  ];
}
