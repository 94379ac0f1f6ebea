import { Command } from "commander";

/** Subcommands, each in the file of its name. */
const COMMANDS = [
  "up",
  "preview",
  "destroy",
  "render",
  "review",
  "drift",
  "verify",
  "space",
  "env",
  "rotate",
  "images",
  "backup",
  "restore",
  "docs",
];

interface CommandModule {
  register(program: Command): void;
}

async function main(args: string[]): Promise<void> {
  const program = new Command("tracekeep")
    .description("A complete observability stack with mTLS on every hop, proved by a real trace.")
    .showHelpAfterError();
  // Only the one that is typed is loaded, so that it starts fast.
  const typed = args.find((arg) => !arg.startsWith("-"));
  const wanted = COMMANDS.filter((name) => name === typed);
  for (const name of wanted.length > 0 ? wanted : COMMANDS) {
    ((await import(`./${name}`)) as CommandModule).register(program);
  }
  await program.parseAsync(args, { from: "user" });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  const shown = process.env.TRACEKEEP_DEBUG && error instanceof Error ? error.stack : message;
  process.stderr.write(`${shown ?? message}\n`);
  process.exitCode = 1;
});
