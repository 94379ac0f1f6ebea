import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { lookUp } from "../../commands/images/look-up";
import { Registry } from "../../commands/images/registry";
import { repositoryAt } from "../../config/images";
import { ImagesCommand, publishAll, type Ran } from "../helpers/images-command";
import { makeImage, type MadeImage } from "../helpers/oci-image";
import { LocalRegistry } from "../helpers/registry";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";
import { LOGIN } from "../helpers/token-server";

const TEMPO = "docker.io/grafana/tempo";

describeWith(["docker-registry", "skopeo"], "npm run images", () => {
  let source: LocalRegistry;
  let target: LocalRegistry;
  let made: Record<string, MadeImage>;
  let command: ImagesCommand;
  /** Stands for a Docker daemon, and hears what is asked of it. */
  let daemon: Server;
  const daemonAsked: string[] = [];
  const outputs: string[] = [];

  beforeAll(async () => {
    [source, target] = await Promise.all([
      LocalRegistry.start("basic"),
      LocalRegistry.start("none"),
    ]);
    made = await publishAll(source);
    command = await ImagesCommand.prepare();
    command.login(source.host);
    daemon = createServer((request, response) => {
      daemonAsked.push(request.url ?? "");
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ Version: "28" }));
    });
    await new Promise<void>((resolve) => daemon.listen(command.file("docker.sock"), resolve));
    command.stack("near", {
      images: { registry: source.host, requireLock: true },
      docker: { host: `unix://${command.file("docker.sock")}` },
    });
    command.stack("far", { images: { registry: `${target.host}/mirror` } });
    writeFileSync(command.file("ca.pem"), `${source.ca}${target.ca}`);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([source?.stop(), target?.stop()]);
    daemon?.close();
    command?.remove();
  });

  async function images(args: string[], code: number, path?: string): Promise<string> {
    const all = ["images", ...args, "--ca", command.file("ca.pem")];
    const { output, ...ran }: Ran = await command.run(all, path);
    outputs.push(output);
    if (ran.code !== code) throw new Error(`exit code ${ran.code} in place of ${code}:\n${output}`);
    return output;
  }

  const digests = () =>
    Object.fromEntries(command.lock().images.map(({ repository, digest }) => [repository, digest]));
  const published = () =>
    Object.fromEntries(Object.entries(made).map(([name, { digest }]) => [name, digest]));

  /** What a registry has of each image, as far as the lock is concerned. */
  async function contents(at: string): Promise<Record<string, unknown>> {
    const registry = new Registry({ ca: target.ca });
    const found = command.lock().images.map(async (image) => {
      const there = await lookUp(registry, image, repositoryAt(at, image.repository));
      return [image.repository, there] as const;
    });
    return Object.fromEntries(await Promise.all(found));
  }
  const expected = () =>
    Object.fromEntries(
      Object.entries(made).map(([name, { digest, platforms }]) => [name, { digest, platforms }]),
    );

  test("copies nothing that is not locked; render warns and goes on; up refuses", async () => {
    const output = await images(["mirror", "-s", "near", "--to", target.host], 1);
    expect(output).toMatch(/Only what is locked can be copied:\n {2}docker\.io\/grafana\/grafana:/);
    const rendered = await command.run(["render", "-s", "near", "-o", command.file("r")]);
    expect(rendered.output).toMatch(/these are not:\n[^]*`up` would refuse them\.\n\d+ files/);
    expect(rendered.code).toBe(0);
    const up = await command.run(["up", "-s", "near"]);
    expect(up.output).toMatch(/these are not:\n[^]*grafana\/tempo[^]*Nothing was changed\.\n$/);
    expect(up.code).toBe(1);
    expect(daemonAsked).toEqual(["/version"]);
  }, 60_000);

  test("lock writes every digest, and the same file again; check finds them there", async () => {
    const output = await images(["lock", "-s", "near"], 0);
    expect(output).toMatch(/images\.lock\.json: (\d+) of \1 images are locked/);
    expect(digests()).toEqual(published());
    const first = readFileSync(command.file("project/images.lock.json"), "utf8");
    await images(["lock", "-s", "near"], 0);
    expect(readFileSync(command.file("project/images.lock.json"), "utf8")).toBe(first);
    await images(["check", "-s", "near"], 0);
  }, 60_000);

  test("check names a tag that moved, and lock takes it and says so", async () => {
    const { tag } = command.lock().images.find(({ repository }) => repository === TEMPO)!;
    const old = made[TEMPO].digest;
    made[TEMPO] = makeImage("rebuilt", ["linux/amd64", "linux/arm64"]);
    await source.push("grafana/tempo", tag, made[TEMPO]);
    const checked = await images(["check", "-s", "near"], 1);
    expect(checked.match(/^FAIL .*/gm)).toEqual([
      expect.stringContaining(`locked is ${old}, and the tag is ${made[TEMPO].digest} there`),
    ]);
    const output = await images(["lock", "-s", "near"], 0);
    expect(output).toContain(`${made[TEMPO].digest} (the tag moved; it was ${old})`);
    expect(digests()).toEqual(published());
  }, 60_000);

  test("lock keeps what it knows where the login is refused", async () => {
    command.login(source.host, { user: LOGIN.user, password: "wr0ng" });
    const output = await images(["lock", "-s", "near"], 1);
    expect(output).toMatch(/FAIL .*tempo.* stays as it was: .* refuses grafana\/tempo/);
    expect(output).not.toContain("wr0ng");
    expect(digests()).toEqual(published());
    command.login(source.host);
  }, 60_000);

  test("render of a stack that requires the lock shows the digests, and warns of nothing", async () => {
    const { output, code } = await command.run(["render", "-s", "near", "-o", command.file("r")]);
    expect([code, output]).toEqual([0, expect.not.stringContaining("requireLock")]);
    const resources = readFileSync(command.file("r/resources.yaml"), "utf8");
    expect(resources).toMatch(
      new RegExp(`image: ${source.host}/grafana/tempo:[\\d.]+@${made[TEMPO].digest}`),
    );
  }, 60_000);

  test("mirror copies all platforms with their digests", async () => {
    const to = `${target.host}/mirror`;
    const output = await images(["mirror", "-s", "near", "--to", to], 0);
    expect(output).toContain(`tracekeep:images.registry: ${to}`);
    expect(await contents(to)).toEqual(expected());
    await images(["check", "-s", "far"], 0);
  }, 60_000);

  test("mirror ends at the first image that does not arrive, and says why", async () => {
    const away = await images(["mirror", "-s", "near", "--to", "127.0.0.1:1/m"], 1);
    expect(away.match(/^Copying /gm)).toHaveLength(1);
    expect(away).toMatch(/skopeo copy ended with exit code 1:\n.*connection refused/);
    const same = await images(["mirror", "-s", "far", "--to", `${target.host}/mirror`], 1);
    expect(same).toMatch(/is where stack "far" has its images from/);
    const nonsense = await images(["mirror", "-s", "near", "--to", "https://r.example"], 1);
    expect(nonsense).toMatch(/--to: expected a registry such as/);
  }, 60_000);

  test("save writes one file, and load puts it into a registry with all digests", async () => {
    const file = command.file("images.tar");
    expect(await images(["save", file, "-s", "near"], 0)).toContain("all platforms, by skopeo");
    // From here on the source is not needed.
    const to = `${target.host}/from-archive`;
    await images(["load", file, "-s", "far", "--to", to], 0);
    expect(await contents(to)).toEqual(expected());
  }, 60_000);

  test("load refuses a file of another lock, and what is no archive", async () => {
    const lock = command.file("project/images.lock.json");
    const text = readFileSync(lock, "utf8");
    const other = `sha256:${"f".repeat(64)}`;
    writeFileSync(lock, text.replace(made[TEMPO].digest, other));
    const to = ["--to", `${target.host}/never`];
    const output = await images(["load", command.file("images.tar"), "-s", "far", ...to], 1);
    expect(output).toMatch(
      /was saved from another lock.*\n {2}docker\.io\/grafana\/tempo:\S+\nSave/,
    );
    writeFileSync(lock, text);
    expect(await images(["load", command.file("ca.pem"), "-s", "far", ...to], 1)).toMatch(/tar/);
    expect(await images(["load", "/nowhere", "-s", "far", ...to], 1)).toMatch(/no file \/nowhere/);
    await expect(contents(to[1])).rejects.toThrow(/has no never\//);
  }, 60_000);

  test("without a tool it says which is missing", async () => {
    const bin = command.file("bin");
    mkdirSync(bin);
    const mirror = await images(["mirror", "-s", "near", "--to", target.host], 1, bin);
    expect(mirror).toMatch(/skopeo is not on PATH: a Docker daemon would .*\. Install skopeo/);
    const save = await images(["save", command.file("x.tar"), "-s", "near"], 1, bin);
    expect(save).toMatch(/Neither skopeo nor docker is on PATH.*Install skopeo/);
    symlinkSync(programPath("skopeo"), join(bin, "skopeo"));
    expect(await images(["save", command.file("x.tar"), "-s", "near"], 1, bin)).toMatch(/tar/);
  }, 60_000);

  test("no output has the password", () => {
    const encoded = Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString("base64");
    expect(outputs.length).toBeGreaterThan(10);
    for (const output of outputs) {
      expect(output).not.toContain(LOGIN.password);
      expect(output).not.toContain(encoded);
    }
  });
});
