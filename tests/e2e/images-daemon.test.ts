import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import * as pulumiDocker from "@pulumi/docker";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import Docker from "dockerode";
import { Images } from "../../targets/docker/images";
import type { Scope } from "../../targets/docker/scope";
import { ImagesCommand, publishAll } from "../helpers/images-command";
import { makeImage, type MadeImage } from "../helpers/oci-image";
import { LocalRegistry } from "../helpers/registry";
import { findProgram, howToGet } from "../helpers/servers";
import { describeUnless } from "../helpers/skip";
import { lackingDocker, lackingForUp } from "./needs";

const missing = (["docker-registry", "skopeo"] as const).filter(
  (program) => findProgram(program) === undefined,
);
const lacking = [
  ...lackingDocker(),
  ...lackingForUp(),
  ...(missing.length > 0 ? [`no ${missing.join(", ")}: ${howToGet}`] : []),
];

/** Where `PATH` has a program. */
const onPath = (program: string) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((file) => existsSync(file))!;

describeUnless(lacking, "locked images on a Docker daemon", () => {
  const docker = new Docker({ socketPath: "/var/run/docker.sock" });
  let registry: LocalRegistry;
  let command: ImagesCommand;
  let made: Record<string, MadeImage>;
  let platform: string;

  /** Names of the images on the daemon, with the content that each has. */
  const names = () =>
    command
      .lock()
      .images.map(({ repository, tag }): [string, MadeImage] => [
        `${registry.host}/${repository.replace(/^docker\.io\//, "")}:${tag}`,
        made[repository],
      ]);
  const idOf = async (name: string) => (await docker.getImage(name).inspect()).Id;
  const removeAll = async () => {
    const images = await docker.listImages({
      filters: { reference: [`${registry.host}/*/*`] },
    });
    for (const { Id } of images) await docker.getImage(Id).remove({ force: true });
  };
  async function images(args: string[], code: number, path?: string): Promise<string> {
    const { output, ...ran } = await command.run(
      ["images", ...args, "-s", "near", "--ca", registry.caFile],
      path,
    );
    if (ran.code !== code) throw new Error(`exit code ${ran.code} in place of ${code}:\n${output}`);
    return output;
  }

  beforeAll(async () => {
    const { Os, Arch } = await docker.version();
    platform = `${Os}/${Arch}`;
    registry = await LocalRegistry.start("none");
    made = await publishAll(registry, [platform, "linux/s390x"]);
    command = await ImagesCommand.prepare();
    command.stack("near", { images: { registry: registry.host, pull: false } });
    await images(["lock"], 0);
  }, 120_000);
  afterAll(async () => {
    await removeAll();
    await registry?.stop();
    command?.remove();
  }, 60_000);
  afterEach(() => removeAll(), 60_000);

  async function expectLoaded(): Promise<void> {
    const ids = Object.fromEntries(
      await Promise.all(names().map(async ([name]) => [name, await idOf(name)] as const)),
    );
    expect(ids).toEqual(
      Object.fromEntries(names().map(([name, { platforms }]) => [name, platforms[platform].id])),
    );
  }

  test("come out of an archive of skopeo's just as they are locked", async () => {
    const file = command.file("skopeo.tar");
    await images(["save", file], 0);
    await images(["load", file], 0);
    await expectLoaded();
  }, 120_000);

  test("come out of an archive of Docker's own just as they are locked", async () => {
    const bin = command.file("bin");
    mkdirSync(bin);
    for (const program of ["docker", "tar"]) symlinkSync(onPath(program), join(bin, program));
    const file = command.file("docker.tar");
    expect(await images(["save", file], 0, bin)).toMatch(
      /the platform of this Docker daemon alone/,
    );
    await removeAll();
    await images(["load", file], 0, bin);
    await expectLoaded();
    expect(await images(["load", file, "--to", registry.host], 1, bin)).toMatch(/saved by Docker/);
  }, 120_000);

  test("are pulled by the provider as they are locked, whatever the tag has become", async () => {
    const [, tempo] = names().find(([name]) => name.includes("/tempo:"))!;
    const { tag } = command.lock().images.find(({ repository }) => repository.endsWith("/tempo"))!;
    const reference = `${registry.host}/grafana/tempo:${tag}@${tempo.digest}`;
    await registry.push("grafana/tempo", tag, makeImage("moved", [platform, "linux/s390x"]));
    const project = {
      name: "pull",
      runtime: "nodejs",
      backend: { url: `file://${command.directory}` },
    };
    const stack = await LocalWorkspace.createStack(
      {
        stackName: "pull",
        projectName: "pull",
        program: () => {
          const provider = new pulumiDocker.Provider("docker", {
            host: "unix:///var/run/docker.sock",
          });
          const scope = { provider } as unknown as Scope;
          return Promise.resolve({ image: new Images(scope, true).of(reference) });
        },
      },
      { projectSettings: project, envVars: { PULUMI_CONFIG_PASSPHRASE: "of the tests" } },
    );
    const { outputs } = await stack.up();
    expect(outputs.image.value).toBe(tempo.platforms[platform].id);
    expect((await stack.preview()).changeSummary).toEqual({ same: 3 });
    await registry.push("grafana/tempo", tag, tempo);
  }, 120_000);

  test("are missed by name before `up`, and told from others of the same name", async () => {
    const [tempo] = names().find(([name]) => name.includes("/tempo:"))!;
    const [loki] = names().find(([name]) => name.includes("/loki:"))!;
    const bare = await command.run(["up", "-s", "near"]);
    expect(bare.code).toBe(1);
    expect(bare.output).toContain(`${tempo} is not there.`);
    expect(bare.output).toMatch(/pulls none \(images\.pull: false\); nothing was changed/);

    const layer = command.file("layer.tar");
    const from = command.file("words");
    writeFileSync(from, "not what is locked");
    execFileSync("tar", ["-cf", layer, "-C", command.directory, "words"]);
    execFileSync("docker", ["--host", "unix:///var/run/docker.sock", "import", layer, tempo]);
    const other = await command.run(["up", "-s", "near"]);
    expect(other.code).toBe(1);
    expect(other.output).toContain(
      `${tempo} (it is ${await idOf(tempo)}) is not what images.lock.json has.`,
    );
    expect(other.output).toContain(`${loki} is not there.`);
  }, 120_000);
});
