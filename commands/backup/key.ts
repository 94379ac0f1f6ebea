import { ReadableStream } from "node:stream/web";

type Bytes = AsyncIterable<Uint8Array>;

/** Encrypts and decrypts the parts of one backup, in the age format. */
export interface BackupKey {
  encrypt(plain: Bytes): Bytes;
  /** @throws while it is read, if the bytes are not what was encrypted under this key. */
  decrypt(sealed: Bytes): Bytes;
}

// An ES module alone.
const age = () => import("age-encryption");

const streamOf = (bytes: Bytes) =>
  ReadableStream.from(bytes) as globalThis.ReadableStream<Uint8Array>;

function keyOf(identity: string): BackupKey {
  return {
    encrypt: async function* (plain) {
      const { Encrypter, identityToRecipient } = await age();
      const encrypter = new Encrypter();
      encrypter.addRecipient(await identityToRecipient(identity));
      yield* (await encrypter.encrypt(streamOf(plain))) as unknown as Bytes;
    },
    decrypt: async function* (sealed) {
      const { Decrypter } = await age();
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      yield* (await decrypter.decrypt(streamOf(sealed))) as unknown as Bytes;
    },
  };
}

/**
 * A key of one backup's own, and the file that keeps it under a passphrase: so the costly derivation
 * happens once, a wrong passphrase shows at once, and whoever has no passphrase cannot put a part of
 * their own in place of another, for the key's public half is nowhere written.
 *
 * @param workFactor base-2 logarithm of scrypt's cost. Default: age's own, about a second.
 */
export async function makeKey(
  passphrase: string,
  workFactor?: number,
): Promise<{ key: BackupKey; file: Uint8Array }> {
  const { Encrypter, generateX25519Identity } = await age();
  const identity = await generateX25519Identity();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  if (workFactor !== undefined) encrypter.setScryptWorkFactor(workFactor);
  return { key: keyOf(identity), file: await encrypter.encrypt(`${identity}\n`) };
}

/** The key of a backup from its file. @throws {Error} if the passphrase does not open it. */
export async function openKey(file: Uint8Array, passphrase: string): Promise<BackupKey> {
  const { Decrypter } = await age();
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return keyOf((await decrypter.decrypt(file, "text")).trim());
  } catch {
    throw new Error("The passphrase does not open this backup. Nothing was changed.");
  }
}
