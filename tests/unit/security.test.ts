import { execFile } from "node:child_process";
import { createServer, type RequestListener, type Server } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import packageJson from "../../package.json";
import { judge } from "../security/advisories";
import { withImages, type BillOfMaterials, type Component } from "../security/bom";
import { licenceProblems } from "../security/licence-rules";
import { invalidParts } from "../security/sbom";

const PROJECT = resolve(__dirname, "../..");
const TSX = join(PROJECT, "node_modules/tsx/dist/cli.mjs");

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tracekeep-security-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Ran {
  code: number;
  output: string;
}

/** Runs a program of the project in the test's directory. */
const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  new Promise((done) => {
    const options = { cwd: directory, env: { ...process.env, ...env } };
    const child = execFile(process.execPath, words, options, (_, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, output: `${stdout}${stderr}` }),
    );
  });

const put = (file: string, content: string | object) =>
  writeFileSync(
    join(directory, file),
    typeof content === "string" ? content : JSON.stringify(content),
  );

describe("the advisories", () => {
  const ID = "GHSA-aaaa-bbbb-cccc";
  const advisory = {
    source: 1,
    name: "leaky",
    title: "It leaks",
    url: `https://github.com/advisories/${ID}`,
    severity: "low",
    range: "<2.0.0",
  };
  const REPORT = { vulnerabilities: { leaky: { via: [advisory] }, user: { via: ["leaky"] } } };
  const entry = {
    id: ID,
    reason: "only tests call it, with texts of their own",
    until: "2030-06-30",
  };
  const TODAY = "2030-06-30";
  const problems = (report: object, allowed = [entry], today = TODAY) => {
    const verdict = judge(report, allowed, today);
    return verdict.kind === "judged" ? verdict.problems : [verdict.reason];
  };

  test("are problems, whatever their severity, unless they are allowed", () => {
    expect(problems(REPORT, [])).toEqual([
      `${ID}: leaky <2.0.0: It leaks (low), https://github.com/advisories/${ID}`,
    ]);
    expect(problems(REPORT)).toEqual([]);
    expect(problems({ vulnerabilities: {} }, [])).toEqual([]);
  });

  test("are allowed until a day, and no longer than they apply", () => {
    expect(problems(REPORT, [entry], "2030-07-01")).toEqual([
      `${ID} was allowed until 2030-06-30: ${entry.reason}`,
    ]);
    expect(problems({ vulnerabilities: {} })).toEqual([
      `${ID} is allowed and applies to nothing any more: take it off the list`,
    ]);
  });

  test("cannot be asked for where the registry has none; any other failure is one", () => {
    expect(judge({ message: "405 Method Not Allowed", statusCode: 405 }, [], TODAY)).toEqual({
      kind: "skipped",
      reason: "the registry has no advisories (405 Method Not Allowed)",
    });
    expect(() => judge({ message: "ECONNREFUSED" }, [], TODAY)).toThrow("ECONNREFUSED");
    expect(() => judge({ message: "oh", statusCode: 500 }, [], TODAY)).toThrow("oh");
    expect(() => judge({ other: "form" }, [], TODAY)).toThrow("a form that is not known");
  });

  describe("of a registry, by npm", () => {
    let server: Server;
    const serve = async (answer: RequestListener) => {
      server = createServer(answer);
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    afterEach(() => server.close());

    const audit = (registry: string, allowed: object[]) => {
      const versions = { "1.0.0": { name: "leaky", version: "1.0.0" } };
      put("package.json", { name: "p", version: "1.0.0", dependencies: { leaky: "1.0.0" } });
      put("package-lock.json", {
        ...{ name: "p", version: "1.0.0", lockfileVersion: 3, requires: true },
        packages: {
          "": { name: "p", version: "1.0.0", dependencies: { leaky: "1.0.0" } },
          "node_modules/leaky": versions["1.0.0"],
        },
      });
      put("allowed.json", allowed);
      return run([TSX, join(PROJECT, "tests/security/audit.ts"), "allowed.json"], {
        npm_config_registry: registry,
        npm_config_cache: join(directory, "cache"),
        TRACEKEEP_SKIPPED_FILE: join(directory, "skipped"),
      });
    };
    const withAdvisory: RequestListener = ({ url, method }, response) => {
      const isBulk = method === "POST" && url === "/-/npm/v1/security/advisories/bulk";
      const packument = {
        name: "leaky",
        "dist-tags": { latest: "1.0.0" },
        versions: { "1.0.0": { name: "leaky", version: "1.0.0" } },
      };
      const { range, ...rest } = advisory;
      const found = { ...rest, id: 1, vulnerable_versions: range };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(isBulk ? { leaky: [found] } : packument));
    };

    test("fail the check with their name, unless they are on its list", async () => {
      const registry = await serve(withAdvisory);
      const refused = await audit(registry, []);
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.output).toContain(`audit failed: ${ID}: leaky <2.0.0: It leaks (low)`);
      const borne = await audit(registry, [{ ...entry, until: "2999-01-01" }]);
      expect(borne.output).toContain("audit ok: 1 advisories, 1 allowed");
      expect(borne.code).toBe(0);
      const unreasoned = await audit(registry, [{ id: ID, until: "2999-01-01" }]);
      expect(unreasoned).toMatchObject({ code: 1 });
      expect(unreasoned.output).toContain("reason");
    }, 60_000);

    test("that has no such endpoint are skipped by name", async () => {
      const registry = await serve((_, response) => {
        response.statusCode = 405;
        response.end();
      });
      const { code, output } = await audit(registry, []);
      expect(output).toContain("skipped: audit: the registry has no advisories (405");
      expect(code).toBe(0);
      expect(readFileSync(join(directory, "skipped"), "utf8")).toMatch(/^audit: the registry/);
    }, 60_000);
  });
});

describe("the licences", () => {
  const rules = {
    allowed: ["MIT", "Apache-2.0"],
    exceptions: [
      { package: "old", stated: null, reason: "MIT, in its README", development: false },
      { package: "table", stated: "CC-BY-4.0", reason: "data of the tests", development: true },
    ],
  };
  const stating = (name: string, ...licenses: object[]): Component => ({
    "bom-ref": name,
    name,
    version: "1.0.0",
    ...(licenses.length > 0 && { licenses: licenses as Component["licenses"] }),
  });
  const id = (one: string) => ({ license: { id: one } });
  const properties = [{ name: "cdx:npm:package:development", value: "true" }];
  const excepted = [stating("old"), { ...stating("table", id("CC-BY-4.0")), properties }];

  test.each<[string, Component]>([
    ["one of the list", stating("a", id("MIT"))],
    ["a choice with one of the list", stating("a", { expression: "(GPL-3.0-only OR MIT)" })],
    ["all of several on the list", stating("a", { expression: "Apache-2.0 AND MIT" })],
  ])("may be %s", (_, component) => {
    expect(licenceProblems([...excepted, component], rules)).toEqual([]);
  });

  test.each<[string, Component, string]>([
    ["another", stating("a", id("GPL-3.0-only")), "a@1.0.0: GPL-3.0-only"],
    [
      "one of several",
      stating("a", { expression: "MIT AND SSPL-1.0" }),
      "a@1.0.0: MIT AND SSPL-1.0",
    ],
    ["no SPDX", stating("a", { license: { name: "Ours" } }), "a@1.0.0: Ours"],
    ["none", stating("a"), "a@1.0.0: states no licence"],
    ["another than excepted", stating("old", id("SSPL-1.0")), "old@1.0.0: SSPL-1.0"],
    ["for tests alone", stating("table", id("CC-BY-4.0")), "table@1.0.0: CC-BY-4.0"],
  ])("may not be %s", (_, component, problem) => {
    expect(licenceProblems([...excepted, component], rules)).toEqual([problem]);
  });

  test("have no exception that nothing needs", () => {
    expect(licenceProblems([excepted[0]], rules)).toEqual([
      "table is an exception that nothing needs: take it off the list",
    ]);
  });
});

describe("the bill of materials", () => {
  const common = { repository: "docker.io/acme/store", source: "https://example.org/acme/store" };
  const digest = `sha256:${"a".repeat(64)}`;
  const images = [
    { ...common, tag: "1", licence: "AGPL-3.0-only", digest, platforms: {} },
    { ...common, tag: "2", licence: "MIT", digest: null, reason: "nobody asked" },
  ];
  const packages: BillOfMaterials = {
    ...{ $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json", bomFormat: "CycloneDX" },
    specVersion: "1.5",
    metadata: {
      component: { "bom-ref": "p@1", type: "application", name: "directory", version: "1.0.0" },
    },
    components: [{ "bom-ref": "a@1.0.0", type: "library", name: "a", version: "1.0.0" }],
    dependencies: [{ ref: "a@1.0.0" }],
  };
  const bill = withImages(packages, { version: 1, images }, "tracekeep");

  test("names the project, and each image with its digest, licence and source", () => {
    expect(bill.metadata.component.name).toBe("tracekeep");
    const [, locked, open] = bill.components;
    expect(locked).toMatchObject({
      type: "container",
      purl: `pkg:oci/store@sha256%3A${"a".repeat(64)}?repository_url=docker.io%2Facme%2Fstore&tag=1`,
      hashes: [{ alg: "SHA-256", content: "a".repeat(64) }],
      licenses: [{ expression: "AGPL-3.0-only" }],
      externalReferences: [{ type: "vcs", url: common.source }],
    });
    expect(open.purl).toBe("pkg:oci/store?repository_url=docker.io%2Facme%2Fstore&tag=2");
    expect(open).not.toHaveProperty("hashes");
  });

  test("names each package once, as npm 10 does not", () => {
    const { components, dependencies } = packages;
    const again = withImages(
      {
        ...packages,
        components: [...components, ...components],
        dependencies: [...dependencies, ...dependencies],
      },
      { version: 1, images },
      "tracekeep",
    );
    expect(again).toEqual(bill);
  });

  test("is what CycloneDX's schema asks for, and would not be with a wrong digest or type", async () => {
    const said = (change: object) =>
      invalidParts(JSON.stringify({ ...bill, ...change }), bill.specVersion);
    await expect(said({})).resolves.toBeUndefined();
    const [one] = bill.components;
    const short = { ...one, hashes: [{ alg: "SHA-256", content: "abc" }] };
    await expect(said({ components: [short] })).resolves.toContain("hash");
    await expect(said({ components: [{ ...one, type: "image" }] })).resolves.toContain("type");
  });

  test("of this project is written where it is asked to", async () => {
    copyFileSync(join(PROJECT, "package.json"), join(directory, "package.json"));
    copyFileSync(join(PROJECT, "package-lock.json"), join(directory, "package-lock.json"));
    const { code, output } = await run([TSX, join(PROJECT, "tests/security/sbom.ts"), "bill.json"]);
    expect({ code, output }).toMatchObject({ code: 0 });
    const written = JSON.parse(
      readFileSync(join(directory, "bill.json"), "utf8"),
    ) as BillOfMaterials;
    const names = written.components.map(({ name }) => name);
    for (const name of Object.keys(packageJson.dependencies)) expect(names).toContain(name);
    expect(names).toContain("docker.io/grafana/tempo");
  }, 60_000);
});

describe("the scan for secrets", () => {
  const scan = async () => {
    copyFileSync(join(PROJECT, ".secretlintrc.json"), join(directory, ".secretlintrc.json"));
    copyFileSync(join(PROJECT, ".gitignore"), join(directory, ".gitignore"));
    const [, ...words] = packageJson.scripts["security:secrets"].replaceAll('"', "").split(" ");
    // Its rules are found from where it runs.
    const modules = join(PROJECT, "node_modules");
    return run([join(modules, "secretlint/bin/secretlint.js"), ...words], { NODE_PATH: modules });
  };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sec1 = String(privateKey.export({ type: "sec1", format: "pem" }));
  const PLANTED: Record<string, string> = {
    "a key of this stack": sec1,
    "one in JSON": JSON.stringify({ key: sec1 }),
    "a key in PKCS #8": String(privateKey.export({ type: "pkcs8", format: "pem" })),
    // In parts, for the scan reads this file too.
    "a token": ["gh", "p_wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].join(""),
    "a password in a URL": ["https://root:", "Xq7vLmZt0p@db.example.org/"].join(""),
  };

  test("finds nothing in texts about secrets", async () => {
    put("page.md", "`-----BEGIN EC PRIVATE KEY-----` stands before a key.\n");
    expect(await scan()).toMatchObject({ code: 0 });
  }, 30_000);

  test("finds each that is planted, in any file of git's, and does not show it", async () => {
    const places = ["src/a.ts", ".github/b.yml", "tests/c.test.ts", "docs/d.md", "e.json"];
    Object.values(PLANTED).forEach((secret, index) => {
      mkdirSync(join(directory, places[index], ".."), { recursive: true });
      put(places[index], `x: ${secret}\n`);
    });
    const { code, output } = await scan();
    expect(code).toBe(1);
    for (const place of places) expect(output).toContain(place);
    for (const secret of Object.values(PLANTED))
      expect(output).not.toContain(secret.slice(40, 80) || secret);
  }, 30_000);
});
