/** What a registry did not give, in a sentence for people; never with a credential in it. */
export class RegistryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RegistryError";
  }
}

/** What went wrong below HTTP, by the code that Node or undici gives it. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL/;

/** What a failed request means for the one who runs the command. */
export function unreachable(host: string, error: unknown): RegistryError {
  const { cause = error } = error as { cause?: unknown };
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code ?? message;
  if (CERTIFICATE.test(why)) {
    return new RegistryError(
      `the certificate of ${host} is not trusted (${why}); a private CA is given with --ca <file>`,
    );
  }
  return new RegistryError(`${host} does not answer (${why})`);
}
