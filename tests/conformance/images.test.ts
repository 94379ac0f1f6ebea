import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { checkImage } from "../../commands/images/check";
import { lookUp } from "../../commands/images/look-up";
import { Registry } from "../../commands/images/registry";
import { proposeUpdate } from "../../commands/images/update";
import type { LockedImage } from "../../config/images-lock";
import { makeImage, type MadeImage } from "../helpers/oci-image";
import { freePort } from "../helpers/ports";
import { PRIVATE_CA } from "../helpers/private-ca";
import { LocalRegistry, sha256, type Login } from "../helpers/registry";
import { RegistryProxy } from "../helpers/registry-proxy";
import { describeWith } from "../helpers/skip";
import { LOGIN } from "../helpers/token-server";

const REPOSITORY = "grafana/tempo";
const TAG = "3.0.3";

const without = (made: MadeImage, platform: string) =>
  Object.fromEntries(Object.entries(made.platforms).filter(([name]) => name !== platform));

/** An image as the lock has it. */
const lockedAs = ({ digest, platforms }: MadeImage, tag = TAG): LockedImage => ({
  ...{ repository: `docker.io/${REPOSITORY}`, tag, digest, platforms },
  ...{ licence: "Apache-2.0", source: "https://example.org" },
});

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing was wrong",
    (error: Error) => error.message,
  );

describeWith(["docker-registry"], "A registry that asks for", () => {
  describe.each<Login>(["none", "basic", "token"])("login: %s", (login) => {
    let server: LocalRegistry;
    let registry: Registry;
    let repository: string;
    beforeAll(async () => {
      server = await LocalRegistry.start(login);
      repository = `${server.host}/${REPOSITORY}`;
      registry = new Registry({ ca: server.ca, credentialsOf: () => Promise.resolve(LOGIN) });
    }, 60_000);
    afterAll(() => server?.stop());

    test.each(["oci", "docker"] as const)(
      "gives the digests of an index of the family %s, and of each platform of Linux",
      async (family) => {
        const made = makeImage(
          `${login} ${family}`,
          ["linux/amd64", "linux/arm/v7", "windows/amd64"],
          family,
        );
        const tag = `1.0.0-${family}`;
        await server.push(REPOSITORY, tag, made);
        expect(await lookUp(registry, { tag }, repository)).toEqual({
          digest: made.digest,
          platforms: without(made, "windows/amd64"),
        });
        const outcome = await checkImage(registry, lockedAs(made, tag), repository);
        expect(outcome).toEqual({ ok: true, words: `${repository}:${tag} is ${made.digest}` });
      },
    );

    test("gives the digest of an image without an index, and what it runs on", async () => {
      const made = makeImage(login, ["linux/arm64"]);
      await server.push(REPOSITORY, "single", made);
      const { digest, platforms } = made;
      expect(await lookUp(registry, { tag: "single" }, repository)).toEqual({ digest, platforms });
      expect((await checkImage(registry, lockedAs(made, "single"), repository)).ok).toBe(true);
    });

    if (login === "none") return;

    test.each([
      ["nobody", undefined, /shows grafana\/tempo to nobody without a login: docker login 127/],
      [
        "a wrong password",
        { user: LOGIN.user, password: "wr0ng" },
        /refuses grafana\/tempo to the/,
      ],
    ])("refuses %s, and says what to do", async (_, credentials, message) => {
      const asked = new Registry({
        ca: server.ca,
        credentialsOf: () => Promise.resolve(credentials),
      });
      const said = await messageOf(lookUp(asked, { tag: "single" }, repository));
      expect(said).toMatch(message);
      expect(said).not.toMatch(/wr0ng|d3IwbmC|Basic|Bearer/);
    });
  });
});

describeWith(["docker-registry"], "What a registry does not give", () => {
  const made = makeImage("first", ["linux/amd64", "linux/arm64"]);
  const moved = makeImage("second", ["linux/amd64", "linux/arm64"]);
  let server: LocalRegistry;
  let proxy: RegistryProxy;
  let registry: Registry;
  let repository: string;
  beforeAll(async () => {
    server = await LocalRegistry.start("none");
    proxy = await RegistryProxy.start(server);
    repository = `${proxy.host}/${REPOSITORY}`;
    registry = new Registry({ ca: server.ca });
    await server.push(REPOSITORY, TAG, made);
    await server.push(REPOSITORY, "3.0.4", moved);
    await server.push(REPOSITORY, "3.1.0-rc.1", moved);
    await server.push(REPOSITORY, "4.0.0", moved);
  }, 60_000);
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(() => {
    proxy.asked.length = 0;
    proxy.change = () => undefined;
  });

  const look = (tag = TAG) => messageOf(lookUp(registry, { tag }, repository));
  const check = (image: LockedImage) => checkImage(registry, image, repository);

  test("is nothing while the proxy changes nothing", async () => {
    expect(await look()).toBe("nothing was wrong");
    expect((await check(lockedAs(made))).ok).toBe(true);
  });

  test("is asked for through the environment's proxy, and its certificate checked there too", async () => {
    const tunnels: string[] = [];
    const forwarding = createServer().on("connect", ({ url = "" }, socket) => {
      tunnels.push(url);
      const far = connect(Number(url.split(":")[1]), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        far.pipe(socket).pipe(far);
      });
      for (const one of [far, socket]) one.on("error", () => far.destroy());
    });
    await new Promise<void>((resolve) => forwarding.listen(0, "127.0.0.1", resolve));
    const { port } = forwarding.address() as AddressInfo;
    process.env.https_proxy = `http://127.0.0.1:${port}`;
    try {
      const asked = new Registry({ ca: server.ca });
      expect(await messageOf(lookUp(asked, { tag: TAG }, repository))).toBe("nothing was wrong");
      expect(tunnels).toContain(proxy.host);
      const stranger = new Registry();
      expect(await messageOf(lookUp(stranger, { tag: TAG }, repository))).toMatch(/not trusted/);
    } finally {
      delete process.env.https_proxy;
      forwarding.closeAllConnections();
      forwarding.close();
    }
  });

  test("a digest other than the locked one", async () => {
    const { ok, words } = await check({ ...lockedAs(moved), tag: TAG });
    expect(ok).toBe(false);
    expect(words).toContain(`locked is ${moved.digest}, and the tag is ${made.digest} there`);
  });

  test("a platform's digest other than the locked one", async () => {
    const arm = { ...made.platforms["linux/arm64"], digest: moved.digest };
    const { ok, words } = await check({
      ...lockedAs(made),
      platforms: { ...made.platforms, "linux/arm64": arm },
    });
    expect(ok).toBe(false);
    expect(words).toContain(`locked for linux/arm64 is ${moved.digest}`);
  });

  test("a tag that it does not have", async () => {
    expect(await look("9.9.9")).toBe(`${proxy.host} has no grafana/tempo 9.9.9 (404)`);
    expect((await check(lockedAs(made, "9.9.9"))).words).toMatch(/has no grafana\/tempo 9\.9\.9/);
  });

  test("a repository that it does not have", async () => {
    const elsewhere = `${proxy.host}/grafana/tmpo`;
    expect(await messageOf(lookUp(registry, { tag: TAG }, elsewhere))).toMatch(/no grafana\/tmpo/);
  });

  test("an answer at all", async () => {
    const away = `127.0.0.1:${await freePort()}`;
    const said = await messageOf(lookUp(registry, { tag: TAG }, `${away}/${REPOSITORY}`));
    expect(said).toBe(`${away} does not answer (ECONNREFUSED)`);
  });

  test.each([
    ["the public ones", {}],
    ["a private one besides", { ca: PRIVATE_CA }],
  ])("a certificate of a CA that is trusted, with %s", async (_, trust) => {
    const stranger = new Registry(trust);
    const said = await messageOf(lookUp(stranger, { tag: TAG }, repository));
    expect(said).toMatch(/^the certificate of 127\.0\.0\.1:\d+ is not trusted \(\w+\); .*--ca/);
    expect(proxy.asked).toEqual([]);
  });

  test("the truth in its header", async () => {
    proxy.change = (_, { headers }) => ({
      headers: { ...headers, "docker-content-digest": moved.digest },
    });
    expect(await look()).toContain(
      `is not what its digest says: said ${moved.digest}, is ${made.digest}`,
    );
    expect((await check({ ...lockedAs(moved), tag: TAG })).words).toContain("is not what its dig");
  });

  test("the body that belongs to the digest", async () => {
    const other = Buffer.from(made.manifests.at(-1)!.body.toString().replace("amd64", "amd46"));
    proxy.change = (path) => (path.endsWith(`manifests/${TAG}`) ? { body: other } : undefined);
    expect(await look()).toContain(`said ${made.digest}, is ${sha256(other)}`);
  });

  test("the body of a platform that the index names, with no header to compare", async () => {
    const { digest } = made.platforms["linux/arm64"];
    const other = moved.manifests[0].body;
    proxy.change = (path, { headers }) => {
      return {
        headers: { ...headers, "docker-content-digest": undefined },
        ...(path.endsWith(digest) && { body: other }),
      };
    };
    expect(await look()).toContain(`said ${digest}, is ${sha256(other)}`);
  });

  test("the configuration that an image without an index names", async () => {
    const single = makeImage("single", ["linux/amd64"]);
    await server.push(REPOSITORY, "single", single);
    const { id } = single.platforms["linux/amd64"];
    proxy.change = (path, { body }) =>
      path.endsWith(`blobs/${id}`)
        ? { body: Buffer.from(body.toString().replace("amd64", "arm64")) }
        : undefined;
    expect(await look("single")).toMatch(`is not what its digest says: said ${id}, is sha256:`);
  });

  test("a manifest", async () => {
    proxy.change = (_, { headers }) => ({
      headers: { ...headers, "docker-content-digest": undefined },
      body: Buffer.from("<html>Welcome</html>"),
    });
    expect(await look()).toMatch(/is not of the form that the OCI specifications name$/);
  });

  test("an end", async () => {
    proxy.change = () => ({ body: Buffer.alloc(5 * 2 ** 20) });
    expect(await look()).toBe(`${proxy.host} answered with more than 4194304 bytes`);
  });

  test("a platform of Linux", async () => {
    const windows = makeImage("panes", ["windows/amd64", "windows/arm64"]);
    await server.push(REPOSITORY, "windows", windows);
    expect(await look("windows")).toMatch(/has grafana\/tempo windows for no platform of Linux$/);
    expect(proxy.asked).toEqual([`GET /v2/${REPOSITORY}/manifests/windows`]);
  });

  test("a token server that speaks TLS", async () => {
    proxy.change = (_, { headers }) => ({
      status: 401,
      headers: { ...headers, "www-authenticate": 'Bearer realm="http://127.0.0.1:9/token"' },
    });
    expect(await look()).toBe(`${proxy.host} names a token server that does not speak TLS`);
  });

  test("patience: what passes is asked for thrice, and no more", async () => {
    proxy.change = () => ({ status: 503 });
    expect(await look()).toBe(`${proxy.host} answered 503 for grafana/tempo ${TAG}`);
    expect(proxy.asked).toHaveLength(3);
    proxy.asked.length = 0;
    proxy.change = () => (proxy.asked.length === 1 ? { status: 503 } : undefined);
    expect(await look()).toBe("nothing was wrong");
  });

  test("more requests", async () => {
    proxy.change = (_, { headers }) => ({
      status: 429,
      headers: { ...headers, "retry-after": "1" },
    });
    expect(await look()).toMatch(/takes no more requests for now \(429\)/);
  }, 20_000);

  test("tags on one page: all are read, and the newest release of the line is proposed", async () => {
    const links: Record<string, [string[], string | undefined]> = {
      "?n=1000": [["3.0.3", "3.1.0-rc.1"], "?last=3.1.0-rc.1&n=1000"],
      "?last=3.1.0-rc.1&n=1000": [["4.0.0", "3.0.4"], undefined],
    };
    proxy.change = (path, { headers }) => {
      const [tags, next] = links[path.replace(/^.*\/tags\/list/, "")];
      const link = next && { link: `</v2/${REPOSITORY}/tags/list${next}>; rel="next"` };
      return { headers: { ...headers, ...link }, body: Buffer.from(JSON.stringify({ tags })) };
    };
    const image = { repository, tag: TAG };
    const { words } = await proposeUpdate(registry, image, repository);
    expect(words).toMatch(/:3\.0\.3 -> 3\.0\.4 \(4\.0\.0 is of a later line/);
    expect(proxy.asked).toHaveLength(2);
    proxy.change = () => undefined;
    // The server's own list, the same.
    expect((await proposeUpdate(registry, image, repository)).words).toBe(words);
  });
});
