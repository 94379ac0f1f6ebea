import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type Docker from "dockerode";
import { checkImages } from "../../commands/host-images";
import { parseChallenge, tokenUrl } from "../../commands/images/challenge";
import { dockerCredentials } from "../../commands/images/docker-credentials";
import { locate } from "../../commands/images/location";
import { platformName } from "../../commands/images/manifest";
import { newerTags } from "../../commands/images/newer-tags";
import { IMAGES } from "../../config/images";
import { parseConfig } from "../../config/parse";

const SECRET = "correct horse battery";

describe("newer tags", () => {
  test.each([
    ["3.0.3", ["3.0.4", "3.1.0", "2.9.0", "3.0.2"], { line: "3.1.0" }],
    ["3.0.3", ["3.0.10", "3.0.9"], { line: "3.0.10" }],
    ["3.0.3", ["3.0.3", "3.0.2", "2.99.0", "latest", "main", "3", "3.0"], {}],
    ["3.0.3", ["3.1.0-rc.1", "3.1.0-rc1", "3.1.0-amd64", "v3.1.0", "3.1.0-20260101"], {}],
    ["3.0.3", ["4.0.0", "4.1.0", "3.0.4"], { line: "3.0.4", beyond: "4.1.0" }],
    ["0.159.0", ["0.159.1", "0.160.0", "1.0.0"], { line: "0.159.1", beyond: "1.0.0" }],
    ["v0.34.0", ["v0.33.9", "0.34.1", "v0.34.2"], { line: "v0.34.2" }],
    [
      "v1.19.0-unprivileged",
      ["v1.19.1", "v1.20.0-unprivileged", "v1.21.0-gpu-unprivileged", "v1.18.9-unprivileged"],
      { line: "v1.20.0-unprivileged" },
    ],
    ["3.0.3", [], {}],
  ])("of %s among %j", (tag, tags, expected) => {
    expect(newerTags(tag, tags)).toEqual({ line: undefined, beyond: undefined, ...expected });
  });

  test("of what is no version are not known", () => {
    expect(newerTags("latest", ["1.0.0"])).toBeUndefined();
  });

  test("can be told for every image of this version", () => {
    for (const { tag } of Object.values(IMAGES)) expect(newerTags(tag, [])).toBeDefined();
  });
});

describe("a registry's challenge", () => {
  test.each([
    ['Basic realm="x"', { scheme: "basic" }],
    [
      'Bearer realm="https://auth.example/token",service="a, b",scope="repository:x:pull"',
      {
        scheme: "bearer",
        realm: "https://auth.example/token",
        service: "a, b",
        scope: "repository:x:pull",
      },
    ],
    ['bearer Realm="https://auth.example/token"', { realm: "https://auth.example/token" }],
    ["Negotiate", undefined],
    ["Bearer", undefined],
    [null, undefined],
  ])("%j", (header, expected) => {
    if (expected === undefined) expect(parseChallenge(header)).toBeUndefined();
    else expect(parseChallenge(header)).toMatchObject(expected);
  });

  const bearer = (realm: string) => ({ scheme: "bearer", realm, service: "s" }) as const;

  test("leads to a token server that speaks TLS", () => {
    const url = tokenUrl(bearer("https://auth.example/token?a=b"), "repository:x:pull");
    expect(url?.href).toBe("https://auth.example/token?a=b&service=s&scope=repository%3Ax%3Apull");
  });

  test.each(["http://auth.example/token", "file:///etc/passwd", "nonsense"])(
    "leads nowhere with %s",
    (realm) => expect(tokenUrl(bearer(realm), "x")).toBeUndefined(),
  );
});

describe("docker login's credentials", () => {
  let directory: string;
  const file = () => path.join(directory, "config.json");
  const environment = () => ({
    DOCKER_CONFIG: directory,
    PATH: `${directory}:${process.env.PATH}`,
  });
  const write = (config: unknown) => fs.writeFileSync(file(), JSON.stringify(config));
  const auth = Buffer.from(`me:${SECRET}:with:colons`).toString("base64");
  const login = { user: "me", password: `${SECRET}:with:colons` };

  beforeEach(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-docker-config-"));
  });
  afterEach(() => fs.rmSync(directory, { recursive: true }));

  test.each([
    ["r.example:5000", "r.example:5000"],
    ["r.example", "https://r.example"],
    ["docker.io", "https://index.docker.io/v1/"],
  ])("of %s stand under %s", async (registry, key) => {
    write({ auths: { [key]: { auth } } });
    expect(await dockerCredentials(registry, environment())).toEqual(login);
    expect(await dockerCredentials("other.example", environment())).toBeUndefined();
  });

  test("of a registry whose name is part of another's are not taken", async () => {
    write({ auths: { "r.example": { auth } } });
    expect(await dockerCredentials("evil-r.example", environment())).toBeUndefined();
    expect(await dockerCredentials("r.example.evil", environment())).toBeUndefined();
  });

  test("are nobody's where there is no file, or no login in it", async () => {
    expect(await dockerCredentials("r.example", environment())).toBeUndefined();
    write({ auths: { "r.example": {} } });
    expect(await dockerCredentials("r.example", environment())).toBeUndefined();
  });

  test("that cannot be read are not repeated", async () => {
    fs.writeFileSync(file(), `{"auths": {"r.example": {"auth": "${SECRET}"`);
    const error = await dockerCredentials("r.example", environment()).catch(String);
    expect(error).toMatch(/config\.json cannot be read as Docker's configuration$/);
  });

  describe("in a helper", () => {
    const helper = (script: string) => {
      const program = path.join(directory, "docker-credential-test");
      fs.writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      write({ credHelpers: { "r.example": "test" } });
    };

    test("are asked for by the registry's name", async () => {
      helper(`[ "$1 $(cat)" = "get r.example" ] && echo '{"Username":"me","Secret":"${SECRET}"}'`);
      expect(await dockerCredentials("r.example", environment())).toEqual({
        user: "me",
        password: SECRET,
      });
      expect(await dockerCredentials("other.example", environment())).toBeUndefined();
    });

    test("that fails or speaks nonsense are nobody's", async () => {
      helper("echo credentials not found; exit 1");
      expect(await dockerCredentials("r.example", environment())).toBeUndefined();
      helper(`echo '${SECRET}'`);
      expect(await dockerCredentials("r.example", environment())).toBeUndefined();
    });

    test("that is not there are missed by name", async () => {
      write({ credsStore: "nowhere" });
      const error = await dockerCredentials("r.example", environment()).catch(String);
      expect(error).toMatch(/docker-credential-nowhere is not on PATH/);
    });
  });
});

describe("a registry's API", () => {
  test("is where its name says, but for Docker Hub", () => {
    expect(locate("r.example:5000/m/grafana/tempo")).toEqual({
      registry: "r.example:5000",
      host: "r.example:5000",
      path: "m/grafana/tempo",
    });
    expect(locate("docker.io/grafana/tempo").host).toBe("registry-1.docker.io");
  });

  test("names platforms as Docker does", () => {
    expect(platformName({ os: "linux", architecture: "amd64" })).toBe("linux/amd64");
    expect(platformName({ os: "linux", architecture: "arm", variant: "v7" })).toBe("linux/arm/v7");
    expect(platformName({ os: "linux", architecture: "arm64", variant: "v8" })).toBe("linux/arm64");
  });
});

describe("a Docker host that pulls nothing", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const id = `sha256:${"b".repeat(64)}`;
  const { repository, tag, licence, source } = IMAGES.tempo;
  const imagesLock = {
    version: 1 as const,
    images: [
      {
        repository,
        tag,
        licence,
        source,
        digest,
        platforms: { "linux/amd64": { digest, id, size: 1 } },
      },
    ],
  };
  const config = (pull: boolean) =>
    parseConfig({ images: { pull } }, { stack: "dev", environment: {}, imagesLock });
  const hostWith = (found: Record<string, object>) =>
    ({
      getImage: (name: string) => ({
        inspect: () =>
          name in found
            ? Promise.resolve({ Id: "sha256:other", RepoDigests: null, ...found[name] })
            : Promise.reject(Object.assign(new Error("no such image"), { statusCode: 404 })),
      }),
    }) as unknown as Docker;
  const all = Object.fromEntries(
    Object.values(IMAGES).map((image) => [`${image.repository}:${image.tag}`, {}]),
  );
  const name = `${repository}:${tag}`;

  test.each([
    ["its id", { Id: id }],
    ["the digest it was pulled by", { RepoDigests: [`${repository}@${digest}`] }],
  ])("has what is locked by %s", async (_, image) => {
    await checkImages(config(false), hostWith({ ...all, [name]: image }));
  });

  test("is refused what is missing, and what is not what is locked", async () => {
    const loki = `${IMAGES.loki.repository}:${IMAGES.loki.tag}`;
    const rest = Object.fromEntries(Object.entries(all).filter(([image]) => image !== loki));
    const error = await checkImages(config(false), hostWith(rest)).catch(String);
    expect(error).toContain("docker.io/grafana/loki:3.7.6 is not there.");
    expect(error).toContain(
      "docker.io/grafana/tempo:3.0.3 (it is sha256:other) is not what images.lock.json has.",
    );
    expect(error).not.toContain("jaeger");
  });

  test("is not asked where images are pulled", async () => {
    await checkImages(config(true), hostWith({}));
  });
});
