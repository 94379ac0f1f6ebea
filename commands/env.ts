import * as path from "node:path";
import { Option, type Command } from "commander";
import { APPLICATION_FILES, applicationPaths } from "../components/application/files";
import { FORMATS, type Format } from "../components/application/formats";
import { applicationVariables } from "../components/application/otel-variables";
import type { StackConfig } from "../config/parse";
import type { ApplicationConfig } from "../config/schema";
import { UNREADABLE } from "../config/types";
import { hostOf, targetFormats } from "./hosts";
import { operatorFiles } from "./operator-files";
import { home } from "./paths";
import { writePrivate } from "./private-files";
import { withProgress } from "./progress";
import { readStackConfig } from "./stack-config";
import { readOutputs, type StackOutputs } from "./stack-outputs";
import { Ways } from "./ways";

/** S3 credentials are not asked for here; that there are some is taken for granted. */
const ENVIRONMENT = { AWS_ACCESS_KEY_ID: UNREADABLE, AWS_SECRET_ACCESS_KEY: UNREADABLE };

/** @throws {Error} that names the applications that there are. */
function applicationOf(config: StackConfig, name: string): ApplicationConfig {
  const app = config.apps.find((one) => one.name === name);
  if (app !== undefined) return app;
  const known = config.apps.map((one) => one.name).join(", ") || "none yet";
  throw new Error(
    `There is no application "${name}" in stack "${config.stack}" (known: ${known}).\n` +
      `Add it under tracekeep:apps in Pulumi.${config.stack}.yaml, then: npm run up`,
  );
}

/** What `env` says. */
export interface Said {
  text: string;
  /** Commands that have to run meanwhile, or the addresses lead nowhere. */
  first: string[];
}

/** Writes an application's files and gives what is printed for it. */
export function environmentOf(
  config: StackConfig,
  outputs: StackOutputs,
  name: string,
  { format, directory }: { format: Format; directory: string },
): Said {
  const app = applicationOf(config, name);
  const material = outputs.applications[name];
  if (material === undefined) {
    throw new Error(
      `Application "${name}" has no certificate yet. Run: npm run up -- --stack ${config.stack}`,
    );
  }
  const { certificate, key, reader, qdrantApiKey } = material;
  writePrivate(directory, {
    [APPLICATION_FILES.ca]: outputs.operator.root,
    [APPLICATION_FILES.certificate]: certificate,
    [APPLICATION_FILES.key]: key,
    ...(reader && {
      [APPLICATION_FILES.readerCertificate]: reader.certificate,
      [APPLICATION_FILES.readerKey]: reader.key,
    }),
    ...(qdrantApiKey !== undefined && { [APPLICATION_FILES.qdrantApiKey]: qdrantApiKey }),
  });
  const ways = new Ways(config, outputs.endpoints);
  const otlp = ways.to("collector", "otlpGrpc");
  if (otlp === undefined) throw new Error("The stack publishes no OTLP intake. Run: npm run up");
  const reads = app.reads.flatMap((service) => {
    const address = ways.to(service, "http");
    return address === undefined ? [] : [[service, address] as const];
  });
  const variables = applicationVariables(
    config,
    app,
    applicationPaths(directory, reader !== undefined),
    {
      otlp,
      // A certificate and a key that were made before it was asked for are not there yet.
      qdrant: qdrantApiKey === undefined ? undefined : ways.to("qdrant", "rest"),
      reads: Object.fromEntries(reads),
    },
  );
  return { text: FORMATS[format](variables), first: ways.first };
}

const isFormat = (format: string): format is Format => format in FORMATS;

/** What only the stack's kind of target prints of an application. */
export function targetFormat(
  config: StackConfig,
  name: string,
  { format, container }: { format: string; container?: string },
): string {
  const host = hostOf(config);
  const print = host.formats[format];
  if (print !== undefined) return print(config, applicationOf(config, name), { container });
  throw new Error(
    `The format "${format}" is not for stack "${config.stack}", which runs on ${host.label(config)}. ` +
      `There it is one of ${[...Object.keys(FORMATS), ...Object.keys(host.formats)].join(", ")}.`,
  );
}

interface EnvOptions {
  stack: string;
  app?: string;
  operator: boolean;
  format: string;
  container?: string;
  out?: string;
}

async function env(options: EnvOptions): Promise<void> {
  const { stack, app = "", operator, format, container, out } = options;
  if (operator === (app !== "")) {
    throw new Error("Say whose: --app NAME for an application, or --operator.");
  }
  const config = readStackConfig(stack, { environment: ENVIRONMENT });
  if (!operator) applicationOf(config, app);
  if (!operator && !isFormat(format)) {
    process.stdout.write(`${targetFormat(config, app, { format, container })}\n`);
    return;
  }
  const outputs = await withProgress(`Reading stack "${stack}"`, () => readOutputs(stack));
  const place = operator ? "operator" : path.join("apps", app);
  const directory = path.resolve(out ?? path.join(home(), stack, place));
  const { text, first } = operator
    ? { text: await operatorFiles(config, outputs, directory), first: [] }
    : environmentOf(config, outputs, app, { format: format as Format, directory });
  process.stderr.write(`Files are in ${directory}\n`);
  for (const command of first) process.stderr.write(`Meanwhile in another terminal: ${command}\n`);
  process.stdout.write(`${text}\n`);
}

export function register(program: Command): void {
  program
    .command("env")
    .description(
      "Write an application's certificate files and print its OTEL_* variables, ready for eval; " +
        "or, with --operator, write the certificate that opens the stack's pages in a browser.",
    )
    .option("-s, --stack <name>", "the stack", "dev")
    .option("-a, --app <name>", "the application, as named under tracekeep:apps")
    .addOption(
      new Option(
        "-f, --format <format>",
        "what is printed: variables, code with them, or the patch of a Deployment (k8s)",
      )
        .choices([...Object.keys(FORMATS), ...targetFormats()])
        .default("sh"),
    )
    .option("-c, --container <name>", "k8s: the container (default: the application's name)")
    .option("-o, --out <directory>", "where the files go (default: .tracekeep/<stack>/…)")
    .option("--operator", "the operator's certificate, as PEM and PKCS#12", false)
    .action(env);
}
