import { IMAGE_USERS } from "../../config/services";
import type { Subject } from "../../policy/rule";
import { describeUnless } from "../helpers/skip";
import { configOf, fileOptions, recordedStack } from "../policy/recorded";
import { CONTAINER, DIGEST } from "../policy/subjects";
import { analyze, lackingAnalysis, reported } from "./analyze";
import { deploymentOf } from "./deployment-of";
import { expectCode } from "./command";
import { lackingDocker, lackingForPreview } from "./needs";
import { freePorts, TestStack, type Options } from "./stack";

/** As the workflows name it. */
const PACK = ["--policy-pack", "policy"];

/** The hardened host's file, with what its comments say that one must add, on this machine's Docker. */
async function hardened(changes: Options = {}): Promise<Options> {
  const options = fileOptions("host");
  const images = IMAGE_USERS.map((name) => [name, `docker.io/example/${name}:1@${DIGEST}`]);
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
    expect(reported(ran.output, "mandatory")).toEqual([]);
    expect(reported(ran.output, "advisory")).toEqual([]);
  }, 300_000);

  test("stops what breaks a rule, and names the rule", async () => {
    const options = await hardened({
      images: { pull: true },
      intake: { zipkin: { enabled: true } },
      alerts: {},
      verification: { enabled: false },
    });
    const ran = await preview(options);
    expect(ran.code).not.toBe(0);
    expect(reported(ran.output, "mandatory")).toEqual([
      "alert-receiver",
      "image-digest",
      "plaintext-intake",
      "verification",
    ]);
  }, 300_000);
});

describeUnless([...lacking, ...lackingAnalysis()], "the policy pack on an exported state", () => {
  test("passes, and fails with what is not as it should be", async () => {
    const subjects = await recordedStack(configOf(await hardened(), "host"));
    const sound = await analyze(deploymentOf(subjects));
    expect({ ...sound, found: reported(sound.output, "mandatory") }).toMatchObject({
      code: 0,
      found: [],
    });
    const isTempo = ({ type, name }: Subject) => type === CONTAINER && name === "tempo";
    const broken = await analyze(
      deploymentOf(
        subjects.map((one) =>
          isTempo(one) ? { ...one, props: { ...one.props, privileged: true } } : one,
        ),
      ),
    );
    expect(broken.code).toBe(1);
    expect(reported(broken.output, "mandatory")).toEqual(["privileged"]);
  }, 300_000);
});
