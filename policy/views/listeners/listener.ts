/** What a client must show to a listener, as its configuration has it. */
export type Security = "plaintext" | "tls" | "mtls";

/** A listener as a document, or a command line, opens it. */
export interface OpenedListener {
  /** Which one, in the words of the document: a path of keys. */
  name: string;
  /** Undefined where another file has it. */
  port: number | undefined;
  security: Security;
  /** Whether it takes nothing older than TLS 1.2; of plaintext, undefined. */
  modern: boolean | undefined;
  /** Whether it can be dialled from the process's own container alone. */
  loopback: boolean;
}

/** Whether an address is the process's own alone. */
export const isLoopback = (host: string): boolean =>
  /^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/.test(host);

/** Port and reach of an address: `0.0.0.0:4317`, `:4317`, `localhost:4317`. */
export function addressOf(address: string): Pick<OpenedListener, "port" | "loopback"> {
  const [, host, port] = /^(.*?):?(\d+)?$/.exec(address) ?? [];
  return {
    port: port === undefined ? undefined : Number(port),
    loopback: isLoopback(host),
  };
}
