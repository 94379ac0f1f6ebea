import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { ServiceContext } from "../../components/service";
import { parseConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { containerLayout } from "../../targets/container-layout";
import type { Workload } from "../../targets/workload";

const DIRECTORY = join(__dirname, "..", "unit", "golden");

/** A service with these options, laid out as in its container. */
export function contextOf(service: ServiceName, options: unknown = {}): ServiceContext {
  return {
    config: parseConfig(options, { stack: "dev", environment: {} }),
    layout: containerLayout(service),
  };
}

/** The document of a Workload whose path ends so. */
export function documentOf({ files }: Workload, path: string): string {
  const found = files.find((file) => file.path.endsWith(path));
  if (!found) throw new Error(`no ${path} among ${files.map((file) => file.path).join(", ")}`);
  return found.content;
}

/** A Workload as text: its settings, then each file under its path; secrets as their names. */
export function workloadText(workload: Workload): string {
  const { files, secretFiles, ...settings } = workload;
  const identities = settings.identities.map(({ liveFiles, ...identity }) => ({
    ...identity,
    ...(liveFiles && { liveFiles: liveFiles.map(({ path }) => path) }),
  }));
  const secrets = secretFiles.map(({ path, secrets: names, render }) => ({
    path,
    content: render(names.map((name) => `<${name}>`)),
  }));
  return [
    stringify({ ...settings, identities }, { lineWidth: 0 }),
    ...[...files, ...secrets].map(({ path, content }) => `# ${path}\n${content}`),
  ].join("\n---\n");
}

/**
 * Expects a text to be the one of `tests/unit/golden/<name>`. With UPDATE_GOLDEN=1 it is written
 * there instead; a review then reads the difference.
 */
export function expectGolden(name: string, text: string): void {
  const path = join(DIRECTORY, name);
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  if (!existsSync(path)) throw new Error(`no golden file ${path}; UPDATE_GOLDEN=1 writes it`);
  expect(text).toBe(readFileSync(path, "utf8"));
}
