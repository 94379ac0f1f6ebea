import { VERIFICATION } from "../../components/pki/certificate-spec";
import type { HttpResponse } from "../../components/verification/client";
import type { ProcessStack } from "./process-stack";
import { get, identityIn } from "./requests";

/** A request to Qdrant with an application's certificate, and the key if there is one. */
export async function askQdrant(
  stack: ProcessStack,
  method: string,
  path: string,
  key?: string,
  body?: unknown,
  replica?: number,
): Promise<HttpResponse> {
  return get(stack, "qdrant", path, {
    listener: "rest",
    replica,
    identity: identityIn(stack, VERIFICATION),
    method,
    headers: {
      "content-type": "application/json",
      ...(key !== undefined && { "api-key": key }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
