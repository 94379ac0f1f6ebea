import { expectCode, say } from "./command";
import { describeUnless } from "../helpers/skip";
import { lackingDocker, lackingForUp } from "./needs";
import { freePorts, imageOptions, TestStack } from "./stack";

describeUnless([...lackingDocker(), ...lackingForUp()], "Drift", () => {
  let stack: TestStack;
  let stranger: string;
  const nameOf = (part: string) => `tracekeep-${stack.name}-${part}`;
  const container = (service: string) => stack.docker.getContainer(nameOf(service));
  /** Runs a script as root with a volume of the stack at /v, as somebody on the host might. */
  const inVolume = async (volume: RegExp, script: string): Promise<string> => {
    const found = (await stack.volumes()).find(({ Name }) => volume.test(Name));
    if (!found) throw new Error(`no volume is called ${volume}`);
    const { Config } = await container("prometheus").inspect();
    const made = await stack.docker.createContainer({
      Image: Config.Image,
      Entrypoint: ["sh", "-ec", script],
      User: "0",
      Tty: true,
      HostConfig: { Binds: [`${found.Name}:/v`], NetworkMode: "none" },
    });
    try {
      await made.start();
      const { StatusCode } = (await made.wait()) as { StatusCode: number };
      const said = (await made.logs({ stdout: true, follow: false })).toString("utf8");
      if (StatusCode !== 0) throw new Error(`${script}: ${said}`);
      return said;
    } finally {
      await made.remove({ force: true });
    }
  };
  const clean = async () => {
    const { stdout } = expectCode(await stack.run("drift"), 0);
    expect(stdout).toContain("is as `up` left it");
  };

  beforeAll(async () => {
    stack = new TestStack({
      ...imageOptions(),
      ports: await freePorts(),
      grafana: { enabled: false },
      jaeger: { enabled: false },
      qdrant: { enabled: false },
      // What is asked here is not whether the data flows.
      verification: { enabled: false },
    });
    expectCode(await stack.run("up"), 0);
  }, 300_000);
  afterAll(async () => {
    await stack?.docker
      .getContainer(stranger)
      .remove({ force: true })
      .catch(() => undefined);
    await stack?.remove();
  }, 120_000);

  test("is none in a stack that nobody touched, twice", async () => {
    await clean();
    await clean();
  }, 120_000);

  test("names each thing that changed, what it was and is, and no secret", async () => {
    await container("tempo").stop({ t: 1 });
    await container("loki").remove({ force: true });
    await container("alertmanager").update({ Memory: 300 * 2 ** 20, MemorySwap: 300 * 2 ** 20 });
    await inVolume(
      /-collector-config-/,
      "sed -i 's/check_interval: 1s/check_interval: 2s/' /v/collector.yaml",
    );
    await inVolume(/-prometheus-identity$/, "echo swapped >/v/tls.crt");
    const secret = await inVolume(/-alertmanager-identity$/, "cat /v/tls.key; rm /v/tls.key");
    expect(secret).toContain("PRIVATE KEY");
    const { Config } = await container("prometheus").inspect();
    const made = await stack.docker.createContainer({
      name: `${stack.name}-stranger`,
      Image: Config.Image,
      Entrypoint: ["sh", "-c", "sleep 600"],
      HostConfig: { NetworkMode: nameOf("backplane") },
    });
    stranger = made.id;
    await made.start();

    const { stdout, output, seconds } = expectCode(await stack.run("drift"), 2);
    say(`drift named after ${seconds.toFixed(1)} s`);
    for (const line of [
      "container tempo: is stopped",
      "container loki: is gone",
      "container alertmanager: memory was 128, is 300",
      `files of ${nameOf("collector-config")}: /etc/tracekeep/config/collector.yaml was edited\n` +
        "      -    check_interval: 1s\n      +    check_interval: 2s",
      `files of ${nameOf("prometheus-identity")}: /etc/tracekeep/identity/tls.crt was edited`,
      `files of ${nameOf("alertmanager-identity")}: /etc/tracekeep/identity/tls.key is gone`,
      `container ${stack.name}-stranger: joined the network ${nameOf("backplane")}, and is none`,
    ]) {
      expect(stdout).toContain(line);
    }
    expect(stdout.split("\n").filter((line) => /^ {2}(container|files)/.test(line))).toHaveLength(
      8,
    );
    expect(output).not.toContain(secret.split(/\r?\n/)[1]);
    expect(output).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE/);
  }, 120_000);

  test("is put right by what it says", async () => {
    await stack.docker.getContainer(stranger).remove({ force: true });
    const { stdout } = await stack.run("drift");
    const removed = [...stdout.matchAll(/^ {2}docker rm --force (.*)$/gm)].flatMap(([, names]) =>
      names.split(" "),
    );
    expect(removed).toHaveLength(4);
    for (const name of removed) await stack.docker.getContainer(name).remove({ force: true });
    expectCode(await stack.run("up", [], ["--refresh"]), 0);
    await clean();
  }, 300_000);

  test("cannot be of a stack that is not there", async () => {
    const other = new TestStack(imageOptions());
    try {
      const { code, output } = await other.run("drift");
      expect(code).toBe(1);
      expect(output).toContain("is not deployed: there is nothing to compare with");
    } finally {
      await other.remove();
    }
  }, 60_000);
});
