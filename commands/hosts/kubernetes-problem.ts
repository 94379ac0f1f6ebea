/** What errors of the cluster's client have, whatever class they are of. */
interface ClientError {
  /** Status of an answer, or the name of what the system says. */
  code?: number | string;
  body?: unknown;
  message?: string;
  cause?: ClientError & { errors?: ClientError[] };
}

/** Status code of a refused request. */
export const statusOf = (error: unknown): number | undefined => {
  const { code } = error as ClientError;
  return typeof code === "number" ? code : undefined;
};

/** What the API server says in an answer that refuses. */
function messageIn(body: unknown): string {
  let status = body;
  try {
    if (typeof body === "string") status = JSON.parse(body);
  } catch {
    return String(body).trim().split("\n")[0];
  }
  return (status as { message?: string } | undefined)?.message ?? "without a reason";
}

/** What went wrong with a request to the cluster, in a line. */
export function problemOf(error: unknown): string {
  const { code, body, message = "", cause } = error as ClientError;
  if (code === 401) return "it does not take these credentials";
  if (typeof code === "number") return `it answered ${code}, ${messageIn(body)}`;
  // `fetch` says no more than that it failed; what failed stands behind it.
  const behind = cause?.errors?.[0] ?? cause;
  return behind ? `no answer, ${behind.message || String(behind.code)}` : message.split("\n")[0];
}
