import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { enabledServices } from "../../components/stack/connections";
import { WORKLOADS } from "../../components/stack/workloads";
import type { ServiceName } from "../../config/services";
import type { Workload } from "../../targets/workload";
import { plausible } from "../helpers/options/documents";
import { judge } from "../helpers/options/judge";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { findProgram, programPath, type Program } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const run = promisify(execFile);

/** How many accepted documents the servers look at; TRACEKEEP_PROPERTY_SEED gives others. */
const SAMPLES = Number(process.env.TRACEKEEP_PROPERTY_SAMPLES ?? 5);
const seed = Number(process.env.TRACEKEEP_PROPERTY_SEED ?? 20_261_121);

/** A program of each service, and with what it looks at the documents of one. Qdrant has none. */
const CHECKS: Partial<
  Record<ServiceName, [Program, (workload: Workload, directory: string) => string[][]]>
> = {
  tempo: ["tempo", ({ args }) => [["-config.verify", ...args]]],
  loki: ["loki", ({ args }) => [["-verify-config", ...args]]],
  collector: ["collector", ({ args }) => [["validate", ...args]]],
  "collector-gateway": ["collector", ({ args }) => [["validate", ...args]]],
  "log-agent": ["collector", ({ args }) => [["validate", ...args]]],
  jaeger: ["jaeger", ({ args }) => [["validate", ...args]]],
  prometheus: [
    "promtool",
    (_, directory) => [
      ["check", "config", join(directory, "prometheus.yml")],
      ["check", "web-config", join(directory, "web.yml")],
      [
        "check",
        "rules",
        ...readdirSync(join(directory, "rules")).map((name) => join(directory, "rules", name)),
      ],
    ],
  ],
  alertmanager: [
    "amtool",
    (_, directory) => [["check-config", join(directory, "alertmanager.yml")]],
  ],
};

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o600 });
}

/** What a service's own program says against its documents; undefined if nothing. */
async function objection(stack: ProcessStack, service: ServiceName): Promise<string | undefined> {
  const [program, commands] = CHECKS[service] ?? [];
  if (!program || !commands || findProgram(program) === undefined) return undefined;
  const layout = stack.layout(service);
  const workload = WORKLOADS[service]({ config: stack.config, layout });
  for (const { path, content } of workload.files) write(path, content);
  for (const { path, secrets, render } of workload.secretFiles) {
    write(path, render(secrets.map((secret) => stack.secrets[secret])));
  }
  mkdirSync(layout.data, { recursive: true });
  // Beside a certificate stand the rules of its end (docs/decisions/0008-certificate-ends-as-live-rules.md).
  if (service === "prometheus") {
    write(join(stack.pki.identity(service), "certificates.yml"), "groups: []\n");
  }
  for (const args of commands(workload, layout.config)) {
    try {
      await run(programPath(program), args, {
        env: {
          ...{ PATH: process.env.PATH, HOME: stack.directory, TMPDIR: stack.directory },
          ...(workload.replicaNameVariable && { [workload.replicaNameVariable]: `${service}-0` }),
          ...(workload.hostNameVariable && { [workload.hostNameVariable]: "node-1" }),
          ...workload.env,
        },
        timeout: 30_000,
      });
    } catch (error) {
      const { stderr = "", stdout = "" } = error as { stderr?: string; stdout?: string };
      return `${service}: ${stderr}${stdout}`.slice(-600);
    }
  }
  return undefined;
}

describeWith(
  ["collector", "tempo", "loki", "promtool", "amtool", "jaeger"],
  "Accepted options",
  () => {
    const documents = fc
      .sample(plausible, { seed, numRuns: 40 * SAMPLES })
      .filter((document) => judge(document).accepted)
      .slice(0, SAMPLES);

    test("are so many", () => expect(documents).toHaveLength(SAMPLES));

    test.each(documents.map((document, index) => [index, document] as const))(
      "of document %i are taken by every server",
      async (_, document) => {
        const verdict = judge(document);
        if (!verdict.accepted) throw verdict.error;
        const stack = await startStack({ config: verdict.config, services: [] });
        try {
          const objections = await Promise.all(
            enabledServices(verdict.config).map((service) => objection(stack, service)),
          );
          expect({ document, objections: objections.filter(Boolean) }).toEqual({
            document,
            objections: [],
          });
        } finally {
          await stack.stop();
        }
      },
      90_000,
    );
  },
);
