import type { Command } from "commander";
import { check, lock, update } from "./ask";
import { load, mirror, save } from "./copy";

export function register(program: Command): void {
  const images = program
    .command("images")
    .description("The images by digest (images.lock.json): lock, check, copy. See docs/images.md.");
  const subcommand = (name: string, description: string) =>
    images
      .command(name)
      .description(description)
      .option(
        "-s, --stack <name>",
        "the stack whose images.registry is asked, if it has one",
        "dev",
      )
      .option(
        "--ca <file>",
        "PEM certificates of private CAs of registries; NODE_EXTRA_CA_CERTS counts as well",
      );
  subcommand(
    "lock",
    "Ask the registries for the digest of each image, and write images.lock.json. What cannot be asked keeps its digest, and makes the exit code 1.",
  ).action(lock);
  subcommand(
    "check",
    "Look whether the registries have just what is locked. Exit code 0 if all of it, else 1.",
  ).action(check);
  subcommand("update", "Name newer tags of the same line. Nothing is changed.").action(update);
  subcommand(
    "mirror",
    "Copy what is locked to another registry, all platforms, digests kept. Needs skopeo.",
  )
    .requiredOption("--to <registry>", "such as registry.example.org/mirror")
    .action(mirror);
  subcommand(
    "save",
    "Write what is locked into one file, for a host without network. Needs skopeo, else Docker.",
  )
    .argument("<file>", "a tar archive")
    .action(save);
  subcommand(
    "load",
    "Put a file of `save` into the stack's Docker daemon, or with --to into a registry.",
  )
    .argument("<file>", "what `save` wrote")
    .option("--to <registry>", "such as registry.example.org/mirror")
    .action(load);
}
