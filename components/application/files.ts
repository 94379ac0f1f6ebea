/** Names of the files that an application which the stack does not run gets, in one directory. */
export const APPLICATION_FILES = {
  /** Root certificate(s) that servers are verified against. */
  ca: "ca.crt",
  certificate: "tls.crt",
  key: "tls.key",
  readerCertificate: "reader.crt",
  readerKey: "reader.key",
  /** The key alone, without a line break: clients send the file's content as it is. */
  qdrantApiKey: "qdrant-api-key",
} as const;

/** Where an application finds its files. @param reads whether it queries services of the stack. */
export function applicationPaths(directory: string, reads: boolean) {
  const at = (file: keyof typeof APPLICATION_FILES) => `${directory}/${APPLICATION_FILES[file]}`;
  return {
    ca: at("ca"),
    certificate: at("certificate"),
    key: at("key"),
    qdrantApiKey: at("qdrantApiKey"),
    ...(reads && { reader: { certificate: at("readerCertificate"), key: at("readerKey") } }),
  };
}
