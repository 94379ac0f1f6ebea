import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { cutsOff, type Generations } from "../components/pki/generations";
import type { PublishedEndpoints } from "../components/stack/outputs";
import { lockComplaint } from "../components/stack/unlocked-images";
import type { StackConfig } from "../config/parse";
import { expectNoHalfRestore } from "./backup/progress-mark";
import { deployCommand, goesAhead, prepare, type DeployOptions, type Prepared } from "./deployment";
import { engineErrors } from "./engine-errors";
import { leavingNoStrays, repair } from "./interrupted";
import { holding } from "./interrupted/stack-lock";
import { home } from "./paths";
import { runPulumi, stackOutputs } from "./pulumi";
import { readStackConfig } from "./stack-config";
import { deployedGenerations } from "./stack-outputs";
import { checkSpace } from "./space/preflight";
import { runCommand } from "./run-command";
import { Ways } from "./ways";

/** The verification inside of Pulumi's run writes its report here, so that `up` need not repeat it. */
export const REPORT_VARIABLE = "TRACEKEEP_VERIFICATION_REPORT";

/** Where `up` has what the engine did, an event a line. */
const eventsFile = (stack: string) => path.join(home(), "stacks", `events-${stack}.json`);

/** How to dial what is published, by the listener's name. */
function addressOf(listener: string, endpoint: string): string {
  return /grpc/i.test(listener) ? endpoint : `https://${endpoint}`;
}

/** The closing words of `up`: where everything is and what comes next. */
export function closingWords(config: StackConfig, endpoints: PublishedEndpoints): string {
  const rows = Object.entries(endpoints).flatMap(([service, listeners]) =>
    Object.entries(listeners).map(
      ([listener, endpoint]) =>
        `  ${service.padEnd(13)}${listener.padEnd(10)}${addressOf(listener, endpoint)}`,
    ),
  );
  const stack = config.stack === "dev" ? "" : ` --stack ${config.stack}`;
  const app = config.apps[0]?.name ?? "NAME";
  const ways = new Ways(config, endpoints);
  const grafana = ways.to("grafana", "https");
  const next = [
    ...(config.apps.length === 0
      ? [
          `Declare an application: tracekeep:apps in Pulumi.${config.stack}.yaml, then npm run up again.`,
        ]
      : []),
    ...ways.first.map((command) => `Then https://${grafana} is Grafana:       ${command}`),
    `Its OTEL_* variables and certificates:  npm run env --${stack} --app ${app}`,
    `Open Grafana and the others:            npm run env --${stack} --operator`,
    `Send a trace through it all again:      npm run verify${stack && ` --${stack}`}`,
    `Take it down, data kept:                npm run destroy${stack && ` --${stack}`}`,
  ];
  return [`Stack "${config.stack}" runs:`, ...rows, "", "Next:", ...next.map((line) => `  ${line}`)]
    .join("\n")
    .concat("\n");
}

async function verifyOrReport(config: StackConfig, report: string): Promise<number> {
  if (!config.verification.enabled) {
    process.stdout.write("skipped: verification (verification.enabled is false)\n");
    return 0;
  }
  if (fs.existsSync(report)) {
    process.stdout.write(fs.readFileSync(report, "utf8"));
    return 0;
  }
  return runCommand(["verify", "--stack", config.stack]);
}

/** Says what would be cut off and how to go on. */
function cutOffWords(deployed: Generations, wanted: Generations): string {
  const words = (generations: Generations) =>
    `CA ${generations.generation}` +
    (generations.alsoTrusted === undefined ? "" : ` and trusts CA ${generations.alsoTrusted}, too`);
  return (
    `The stack signs with ${words(deployed)}; its file asks for ${words(wanted)} (certificates.generation).\n` +
    "All that has certificates of the one would refuse those of the other. If somebody has rotated the CA,\n" +
    "take their stack file; to rotate it: npm run rotate -- ca (docs/rotation.md). Nothing was changed."
  );
}

const badEnd = (code: number): string =>
  `\`up\` did not end well (exit code ${code}). What it says above is explained in docs/troubleshooting.md; ` +
  "what runs already stays, and `npm run up` goes on from there.";

export interface Deployment {
  yes?: boolean;
  /** Options of Pulumi. */
  pulumi?: readonly string[];
  /** Whether old certificates may be refused at once. Default: that is an error. */
  mayCutOff?: boolean;
  /** Whether the verification is run although the options switch it off. */
  verifyAnyway?: boolean;
}

/**
 * Deploys a stack as its file says and verifies it, unless somebody else is at it.
 *
 * @returns the exit code, 0 if every hop is well.
 * @throws {Error} before anything is changed.
 */
export async function deployVerified(stack: string, deployment: Deployment): Promise<number> {
  const prepared = await prepare(stack);
  const complaint = lockComplaint(prepared.config);
  if (complaint !== undefined) throw new Error(`${complaint}\nNothing was changed.`);
  expectNoHalfRestore(stack);
  return holding(stack, () => deploy(prepared, deployment));
}

async function deploy(
  { config, host }: Prepared,
  { yes, pulumi = [], mayCutOff = false, verifyAnyway = false }: Deployment,
): Promise<number> {
  const { stack } = config;
  await host.checkRoom();
  const needed = await repair(stack, host);
  const deployed = await deployedGenerations(stack);
  if (!mayCutOff && deployed && cutsOff(deployed, config.certificates)) {
    throw new Error(cutOffWords(deployed, config.certificates));
  }
  await checkSpace(config);
  const report = path.join(home(), `verification-${stack}.txt`);
  fs.rmSync(report, { force: true });
  const args = ["up", ...(goesAhead(config, yes) ? ["--yes"] : []), ...needed, ...pulumi];
  const events = eventsFile(stack);
  fs.rmSync(events, { force: true });
  const { code } = await leavingNoStrays(stack, host, () =>
    runPulumi(stack, args, { env: { [REPORT_VARIABLE]: report }, events }),
  );
  if (code !== 0) {
    process.stderr.write(`\n${await host.unwell()}`);
    const fault = host.faultIn?.(engineErrors(events).map(({ message }) => message));
    process.stderr.write(`\n${fault ?? badEnd(code)}\n`);
    return code;
  }
  if (verifyAnyway && !config.verification.enabled) return runCommand(["verify", "--stack", stack]);
  return verifyOrReport(config, report);
}

async function up(pulumi: string[], { stack, yes }: DeployOptions): Promise<void> {
  const code = await deployVerified(stack, { yes, pulumi });
  process.exitCode = code;
  if (code !== 0) return;
  const config = readStackConfig(stack, { environment: process.env });
  const { endpoints } = await stackOutputs(stack);
  process.stdout.write(`\n${closingWords(config, (endpoints ?? {}) as PublishedEndpoints)}`);
}

export function register(program: Command): void {
  deployCommand(
    program,
    "up",
    "Deploy the stack, send a real trace, log, metric and vector through it, and read them back.",
  )
    .option("-y, --yes", "do not ask, even where data volumes are protected")
    .action(up);
}
