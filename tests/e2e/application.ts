import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { call, splitHostPort, type HttpResponse } from "../../components/verification/client";
import { eventually } from "../helpers/ports";
import { expectCode } from "./command";
import type { TestStack } from "./stack";

/** What an application is told by `env`. */
export type Variables = Readonly<Record<string, string>>;

export async function environmentOf(stack: TestStack, app: string): Promise<Variables> {
  const ran = await stack.run("env", ["--app", app, "--format", "json"]);
  return JSON.parse(expectCode(ran, 0).stdout) as Variables;
}

/** Sends a trace in a process that has these variables alone, and gives its id. */
export async function sendTrace(variables: Variables): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", join(__dirname, "send-trace.ts")],
    { env: { PATH: process.env.PATH, ...variables }, timeout: 60_000 },
  );
  return stdout.trim();
}

/** A request to Tempo, as the application may: with its reader's certificate, or its own. */
export function askTempo(
  variables: Variables,
  path: string,
  as: "READER" | "OTEL_EXPORTER_OTLP_CLIENT" = "READER",
): Promise<HttpResponse> {
  const { host, port } = splitHostPort(new URL(variables.TEMPO_URL).host);
  const names =
    as === "READER"
      ? (["READER_CERTIFICATE_FILE", "READER_KEY_FILE"] as const)
      : ([`${as}_CERTIFICATE`, `${as}_KEY`] as const);
  const [certificate, key] = names.map((name) => readFileSync(variables[name], "utf8"));
  const root = readFileSync(variables.READER_CA_FILE, "utf8");
  return call(
    { host, port, serverName: "localhost", root },
    { path, identity: { certificate, key } },
  );
}

/** Waits until Tempo has the trace of service `shop`. @throws if it is not there in time. */
export function findTrace(variables: Variables, id: string): Promise<void> {
  return eventually(async () => {
    const { status, body } = await askTempo(variables, `/api/v2/traces/${id}`);
    if (status !== 200 || !body.includes("shop")) {
      throw new Error(`Tempo answered ${status} for trace ${id}: ${body.slice(0, 300)}`);
    }
  });
}
