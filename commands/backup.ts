import type { Command } from "commander";
import { beginOrGoOn } from "./backup/begin";
import { makeParts } from "./backup/make";
import type { Manifest } from "./backup/manifest";
import { passphrase, withPassphrase, type PassphraseOptions } from "./backup/passphrase";
import { openPlace } from "./backup/place";
import { plansOf } from "./backup/plan";
import { expectListable, openStackBuckets } from "./backup/stack-buckets";
import { objectsOf, references, servicesInS3 } from "./backup/stores";
import { bytesText, momentText, transferText } from "./backup/text";
import { prepare } from "./deployment";
import { holding } from "./interrupted/stack-lock";
import { elapsed } from "./progress";

interface BackupOptions extends PassphraseOptions {
  stack: string;
  to: string;
  withObjects?: boolean;
}

/** The closing words: what is in it, until when, and what it cost. */
export function backupWords({ stack, parts, references }: Manifest, place: string): string {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return [
    `Stack "${stack}" is backed up in ${place}, ${bytesText(bytes)}:`,
    ...parts.map(({ name, bytes: size, until, paused }) => {
      const still = paused > 0 ? `, stood still for ${paused.toFixed(1)} s` : "";
      return `  ${name.padEnd(14)}${bytesText(size).padEnd(10)}until ${momentText(until)}${still}`;
    }),
    ...references.map(({ service, at }) => {
      const way = at.startsWith("s3 ") ? " (--with-objects copies it)" : "";
      return `  ${service.padEnd(14)}not copied: it stays in ${at}${way}`;
    }),
    "Its files are encrypted: keep one copy elsewhere. Without the passphrase nothing of it can be had.",
    `To have it back: npm run restore -- --stack ${stack} --from ${place}`,
    "",
  ].join("\n");
}

async function backup(options: BackupOptions): Promise<void> {
  const { stack } = options;
  const place = await openPlace(options.to);
  const secret = passphrase(options);
  const { config, host } = await prepare(stack);
  const stores = host.stores();
  if (options.withObjects && servicesInS3(config).length === 0) {
    process.stderr.write("Nothing is in S3: what Tempo and Loki keep is in their volumes.\n");
  }
  const start = Date.now();
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const { manifest, copied } = await holding(stack, async () => {
      const { manifest: earlier, key } = await beginOrGoOn(stack, place, secret);
      const has = (name: string) => earlier.parts.some((part) => part.name === name);
      const buckets = await openStackBuckets(
        config,
        (service) => options.withObjects === true || has(objectsOf(service)),
      );
      await expectListable(buckets);
      const plans = plansOf(config, stores, buckets);
      const copied = [...earlier.parts, ...plans].map(({ name }) => name);
      const begun = { manifest: { ...earlier, references: references(config, copied) }, key };
      return makeParts(plans, place, begun, stop.signal);
    });
    const took = `It took ${elapsed(start)}; copied were ${transferText(copied)}.\n`;
    process.stdout.write(`${backupWords(manifest, place.name)}${took}`);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write(
      "Interrupted. What is whole stays, every service runs; the same command goes on from there.\n",
    );
    process.exitCode = 130;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

export function register(program: Command): void {
  withPassphrase(
    program
      .command("backup")
      .description(
        "Copy everything that a stack on Docker keeps, its CA too, encrypted, into a directory or bucket. " +
          "One service after the other stands still for its copy. Interrupted, it can be gone on with.",
      )
      .option("-s, --stack <name>", "the stack, from Pulumi.<name>.yaml", "dev")
      .requiredOption(
        "--to <place>",
        "an empty directory, or s3://BUCKET/PREFIX with nothing under it",
      )
      .option("--with-objects", "copy what Tempo and Loki keep in S3 too"),
  ).action(backup);
}
