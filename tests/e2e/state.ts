import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TestStack } from "./stack";

interface Exported {
  deployment: {
    resources: {
      urn: string;
      type: string;
      id?: string;
      protect?: boolean;
      outputs?: Record<string, unknown>;
    }[];
    pending_operations?: { type: string; resource: { urn: string } }[];
  };
}

/** A secret of the state, which `--show-secrets` wraps as JSON. */
const plain = (value: unknown) => JSON.parse((value as { plaintext: string }).plaintext) as string;

/** The state as `pulumi stack export --show-secrets` writes it. */
export function exported(stack: TestStack): Exported {
  const { status, stdout, stderr } = spawnSync(
    "pulumi",
    ["stack", "export", "--show-secrets", "--stack", stack.name],
    {
      cwd: join(stack.home, "stacks"),
      encoding: "utf8",
      maxBuffer: 2 ** 27,
      env: {
        ...process.env,
        PULUMI_BACKEND_URL: pathToFileURL(join(stack.home, "state")).href,
        PULUMI_CONFIG_PASSPHRASE_FILE: join(stack.home, "passphrase"),
        PULUMI_SKIP_UPDATE_CHECK: "true",
      },
    },
  );
  if (status !== 0) throw new Error(`pulumi stack export: ${stderr}`);
  return JSON.parse(stdout) as Exported;
}

/** The generated secrets, by name, and lines of every private key by which a leak is known. */
export function secretsOf(stack: TestStack) {
  const { resources } = exported(stack).deployment;
  const of = (type: string) => resources.filter((resource) => resource.type === type);
  const generated = Object.fromEntries(
    of("random:index/randomPassword:RandomPassword").map(({ urn, outputs }) => [
      urn.split("::").at(-1)!,
      plain(outputs?.result),
    ]),
  );
  const keyLines = of("tls:index/privateKey:PrivateKey").flatMap(({ outputs }) =>
    ["privateKeyPem", "privateKeyPemPkcs8"].map(
      // The second line of the base64: the first ones of all keys begin alike.
      (form) => plain(outputs?.[form]).split("\n")[2],
    ),
  );
  return { generated, keyLines, all: [...Object.values(generated), ...keyLines] };
}

/** URNs of the resources of a type, by the last part of their name. */
export function urnsOf(stack: TestStack, type: string): Record<string, string> {
  const { resources } = exported(stack).deployment;
  return Object.fromEntries(
    resources
      .filter((resource) => resource.type === type)
      .map(({ urn }) => [urn.split("::").at(-1)!, urn]),
  );
}
