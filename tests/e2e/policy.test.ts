import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { SERVICES } from "../../config/services";
import { describeUnless } from "../helpers/skip";
import { configOf, fileOptions, recordedStack } from "../policy/recorded";
import { CONTAINER, DIGEST } from "../policy/subjects";
import { deploymentOf } from "./deployment-of";
import { expectCode, type Ran } from "./command";
import { lackingDocker, lackingForPreview } from "./needs";
import { freePorts, TestStack, type Options } from "./stack";

/** As the workflows name it. */
const PACK = ["--policy-pack", "policy"];

/** The hardened host's file, with what its comments say that one must add, on this machine's Docker. */
async function hardened(changes: Options = {}): Promise<Options> {
  const options = fileOptions("host");
  const images = SERVICES.map((name) => [name, `docker.io/example/${name}:1@${DIGEST}`]);
  return {
    ...options,
    docker: { host: "unix:///var/run/docker.sock" },
    ports: await freePorts(),
    storage: Object.fromEntries(
      Object.entries(options.storage as Record<string, Options>).map(([name, one]) => [
        name,
        { ...one, accessKeyId: "id", secretAccessKey: "hunter2-s3" },
      ]),
    ),
    images: { pull: true, overrides: Object.fromEntries(images) as Options },
    alerts: { receivers: [{ name: "on-call", url: "https://hooks.example.org/hunter2-hook" }] },
    ...changes,
  };
}

/** Names of the policies that a run reports at a level. */
const reported = ({ output }: Ran, level: string): string[] =>
  [
    ...new Set(
      [...output.matchAll(/\[(\w+)\]\s+([a-z0-9-]+)\s/g)].map(([, of, name]) => `${of} ${name}`),
    ),
  ]
    .filter((one) => one.startsWith(level))
    .map((one) => one.slice(level.length + 1))
    .sort();

const lacking = [...lackingDocker(), ...lackingForPreview()];

describeUnless(lacking, "the policy pack in a real preview", () => {
  const preview = async (options: Options) => {
    const stack = new TestStack(options);
    try {
      const ran = await stack.run("preview", [], PACK);
      expect(ran.output).not.toContain("hunter2");
      expect(await stack.things()).toEqual([]);
      return ran;
    } finally {
      await stack.remove();
    }
  };

  test("lets the hardened host pass", async () => {
    const ran = expectCode(await preview(await hardened()), 0);
    expect(ran.output).toMatch(/tracekeep@v[\d.]+ \(local: /);
    expect(reported(ran, "mandatory")).toEqual([]);
    expect(reported(ran, "advisory")).toEqual([]);
  }, 300_000);

  test("stops what breaks a rule, and names the rule", async () => {
    const options = await hardened({
      images: { pull: true },
      intake: { zipkin: { enabled: true } },
      alerts: {},
    });
    const ran = await preview(options);
    expect(ran.code).not.toBe(0);
    expect(reported(ran, "mandatory")).toEqual([
      "alert-receiver",
      "image-digest",
      "plaintext-intake",
    ]);
  }, 300_000);
});

describeUnless(lacking, "the policy pack on an exported state", () => {
  const DIRECTORY = resolve(__dirname, "../../policy");
  let stack: TestStack;
  beforeAll(async () => {
    stack = new TestStack(await hardened());
  });
  afterAll(() => stack.remove());

  const pulumi = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("pulumi", args, {
      cwd: stack.home,
      encoding: "utf8",
      maxBuffer: 2 ** 27,
      env: {
        ...process.env,
        PULUMI_BACKEND_URL: pathToFileURL(stack.home).href,
        PULUMI_CONFIG_PASSPHRASE: "of the test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
      },
    });
    return { status, output: stdout + stderr };
  };

  test("passes, and fails with what is not as it should be", async () => {
    const subjects = await recordedStack(configOf(await hardened(), "host"));
    writeFileSync(join(stack.home, "Pulumi.yaml"), "name: tracekeep\nruntime: nodejs\n");
    expect(pulumi("stack", "init", "host", "--non-interactive")).toMatchObject({ status: 0 });
    const analysed = (broken: boolean) => {
      const state = join(stack.home, `imported-${broken}.json`);
      const exported = join(stack.home, `exported-${broken}.json`);
      const changed = subjects.map((one) =>
        broken && one.type === CONTAINER && one.name === "tempo"
          ? { ...one, props: { ...one.props, privileged: true } }
          : one,
      );
      writeFileSync(state, JSON.stringify(deploymentOf(changed)));
      const imported = pulumi("stack", "import", "--stack", "host", "--file", state);
      expect(imported).toMatchObject({ status: 0 });
      pulumi("stack", "export", "--stack", "host", "--file", exported);
      return pulumi("policy", "analyze", "--file", exported, "--policy-pack", DIRECTORY);
    };
    expect(analysed(false)).toMatchObject({ status: 0 });
    const found = analysed(true);
    expect(found.status).toBe(1);
    expect(found.output).toMatch(/\[mandatory\]\s+privileged\s/);
  }, 300_000);
});
