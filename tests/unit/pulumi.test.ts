import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { backendEnvironment } from "../../commands/pulumi";
import { isUsable } from "../../commands/pulumi-cli";
import { copyStackFile, findStackFile, mergeStackFile } from "../../commands/stack-file";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const TRACKED = "# The stack.\nconfig:\n  tracekeep:target: docker # where\n";

describe("the copy of a stack file", () => {
  test("is the tracked file when there was none", () => {
    expect(mergeStackFile(TRACKED, undefined)).toBe(TRACKED);
  });

  test("keeps what Pulumi wrote, and follows the tracked options", () => {
    const copy =
      "secretsprovider: passphrase\nencryptionsalt: v1:abc=:v1:def+/==\nconfig:\n  tracekeep:target: old\n";
    const merged = mergeStackFile(TRACKED, copy);
    expect(merged.startsWith(TRACKED)).toBe(true);
    expect(parse(merged)).toEqual({
      config: { "tracekeep:target": "docker" },
      secretsprovider: "passphrase",
      encryptionsalt: "v1:abc=:v1:def+/==",
    });
    expect(mergeStackFile(TRACKED, merged)).toBe(merged);
  });

  test("takes the tracked file's own encryption before the copy's", () => {
    const tracked = `encryptionsalt: v1:tracked\n${TRACKED}`;
    expect(mergeStackFile(tracked, "encryptionsalt: v1:copy\n")).toBe(tracked);
  });

  test("drops options that the tracked file no longer has", () => {
    const copy = "encryptionsalt: v1:a\nconfig:\n  tracekeep:target: docker\n  tracekeep:gone: 1\n";
    expect(mergeStackFile(TRACKED, copy)).not.toContain("gone");
  });

  test("lies in the user's own directory, readable by the user alone; the source is not written", () => {
    const before = process.env.TRACEKEEP_HOME;
    process.env.TRACEKEEP_HOME = directory;
    try {
      const source = path.join(directory, "Pulumi.mine.yaml");
      fs.writeFileSync(source, TRACKED);
      const copy = copyStackFile("mine");
      expect(copy).toBe(path.join(directory, "stacks", "Pulumi.mine.yaml"));
      expect(fs.statSync(copy).mode & 0o777).toBe(0o600);
      fs.appendFileSync(copy, "encryptionsalt: v1:a\n");
      copyStackFile("mine");
      expect(parse(fs.readFileSync(copy, "utf8"))).toHaveProperty("encryptionsalt", "v1:a");
      expect(fs.readFileSync(source, "utf8")).toBe(TRACKED);
    } finally {
      if (before === undefined) delete process.env.TRACEKEEP_HOME;
      else process.env.TRACEKEEP_HOME = before;
    }
  });
});

describe("the stack file", () => {
  test("that is missing is named with those that there are", () => {
    fs.writeFileSync(path.join(directory, "Pulumi.one.yaml"), TRACKED);
    expect(() => findStackFile("two", [directory])).toThrow(
      /no stack "two": Pulumi\.two\.yaml is missing[\s\S]+Stacks that there are: one\./,
    );
  });

  test("is never looked for outside the project", () => {
    expect(() => findStackFile("../../etc/x", [directory])).toThrow("no name of a stack");
  });
});

describe("the backend", () => {
  test("is a directory and a generated passphrase, once", () => {
    const first = backendEnvironment({}, directory);
    expect(first).toEqual({
      PULUMI_BACKEND_URL: `file://${directory}/state`,
      PULUMI_CONFIG_PASSPHRASE_FILE: `${directory}/passphrase`,
    });
    const file = path.join(directory, "passphrase");
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    const passphrase = fs.readFileSync(file, "utf8");
    expect(passphrase.trim().length).toBeGreaterThanOrEqual(40);
    backendEnvironment({}, directory);
    expect(fs.readFileSync(file, "utf8")).toBe(passphrase);
  });

  test.each([{ PULUMI_BACKEND_URL: "s3://bucket" }, { PULUMI_ACCESS_TOKEN: "token" }])(
    "is the user's own with %p",
    (environment) => {
      expect(backendEnvironment(environment, directory)).toEqual({});
      expect(fs.readdirSync(directory)).toEqual([]);
    },
  );

  test.each([{ PULUMI_CONFIG_PASSPHRASE: "" }, { PULUMI_CONFIG_PASSPHRASE_FILE: "/some/file" }])(
    "takes the user's passphrase %p",
    (environment) => {
      expect(Object.keys(backendEnvironment(environment, directory))).toEqual([
        "PULUMI_BACKEND_URL",
      ]);
      expect(fs.existsSync(path.join(directory, "passphrase"))).toBe(false);
    },
  );
});

test.each([
  ["v3.270.0", true],
  ["3.240.0", true],
  ["v3.250.0-alpha.1+dirty", true],
  ["v3.239.9", false],
  ["v2.300.0", false],
  ["v4.1.0", false],
  ["", false],
])("a Pulumi CLI of version %p is usable: %p", (version, usable) => {
  expect(isUsable(version)).toBe(usable);
});
