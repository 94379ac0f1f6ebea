import type { S3ClientConfig } from "@aws-sdk/client-s3";

/**
 * How S3 is spoken to.
 *
 * @param ca PEM certificates that are trusted. Default: Node's own.
 */
export const connection = (ca?: readonly string[]): S3ClientConfig => ({
  // Requests that wait for a go-ahead get an agent that knows nothing of the CA.
  expectContinueHeader: false,
  requestHandler: {
    connectionTimeout: 10_000,
    requestTimeout: 300_000,
    ...(ca !== undefined && { httpsAgent: { ca: [...ca] } }),
  },
});

/** What S3, or the way to it, said. Several addresses tried at once say nothing in sum. */
function causeOf(error: unknown): string {
  const { name, message, errors } = error as AggregateError;
  if (errors?.length > 0) return causeOf(errors[0]);
  if (name === "Error") return message;
  return message === "" || message === name ? name : `${name}: ${message}`;
}

/** Says of a call that failed where and for what it was made. */
export async function asked<T>(place: string, what: string, asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new Error(`${place} cannot be ${what}: ${causeOf(error)}`, { cause: error });
  }
}
