import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";

// Rendering must not wait for, nor depend on, the engine's SDK: whoever imports it fails here.
jest.mock("@pulumi/pulumi", () => {
  throw new Error("imported @pulumi/pulumi");
});
jest.mock("@pulumi/docker", () => {
  throw new Error("imported @pulumi/docker");
});
jest.mock("@pulumi/kubernetes", () => {
  throw new Error("imported @pulumi/kubernetes");
});

import { CONFIGURED_SECRETS, GENERATED_SECRETS, receiverUrl } from "../../components/stack/secrets";
import { renderTo } from "../../commands/render";
import { renderStack } from "../../commands/rendering";
import { parseConfig } from "../../config/parse";

const PLANTED = "hunter2-planted";
const render = (raw: Record<string, unknown>) =>
  renderStack(parseConfig(raw, { stack: "dev", environment: {} }));

/** A stack with every secret that the configuration can hold. */
const WITH_SECRETS = {
  storage: {
    tempo: {
      kind: "s3",
      bucket: "traces",
      endpoint: "s3.example.org:443",
      accessKeyId: `${PLANTED}-1`,
      secretAccessKey: `${PLANTED}-2`,
    },
    loki: {
      kind: "s3",
      bucket: "logs",
      endpoint: "s3.example.org:443",
      accessKeyId: `${PLANTED}-3`,
      secretAccessKey: `${PLANTED}-4`,
    },
  },
  alerts: {
    receivers: [{ name: "ops", url: `https://hooks.example.org/${PLANTED}` }],
    deadMansSwitch: { url: `https://alive.example.org/${PLANTED}` },
  },
  grafana: {
    oidc: {
      clientId: "grafana",
      clientSecret: PLANTED,
      authUrl: "https://id.example.org/auth",
      tokenUrl: "https://id.example.org/token",
      apiUrl: "https://id.example.org/me",
    },
    database: { host: "db.example.org:5432", name: "grafana", user: "grafana", password: PLANTED },
  },
};

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const filesOf = (root: string) =>
  fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();

test.each(["dev", "host", "prod"])(
  "stack %s renders, in a second, each file named in its list",
  (stack) => {
    const start = performance.now();
    const count = renderTo(stack, directory);
    expect(performance.now() - start).toBeLessThan(3000);
    const files = filesOf(directory);
    expect(files).toHaveLength(count);
    const { workloads } = parse(
      fs.readFileSync(path.join(directory, "resources.yaml"), "utf8"),
    ) as {
      workloads: { name: string; files: string[]; secretFiles: { path: string }[] }[];
    };
    const listed = workloads.flatMap(({ name, files: own, secretFiles }) =>
      [...own, ...secretFiles.map((file) => file.path)].map((file) =>
        file.replace("/etc/tracekeep", name),
      ),
    );
    const manifests = files.filter((file) => file.startsWith("manifests/"));
    expect(manifests.length > 0).toBe(stack === "prod");
    const all = [...listed, ...manifests, "connections.yaml", "resources.yaml"];
    expect(all.sort()).toEqual(files);
  },
);

test("is the same each time, in whatever order the options stand", () => {
  const reversed = Object.fromEntries(Object.entries(WITH_SECRETS).reverse());
  expect([...render(WITH_SECRETS)]).toEqual([...render(reversed)]);
});

test.each([
  ["docker", {}],
  ["kubernetes", { kubernetes: { context: "example" } }],
])("holds secrets by name alone on %s", (target, options) => {
  const text = [...render({ ...WITH_SECRETS, ...options, target }).values()].join("\n");
  expect(text).not.toContain(PLANTED);
  const names = [...GENERATED_SECRETS, ...CONFIGURED_SECRETS, receiverUrl("ops")];
  expect(names.filter((name) => text.includes(`[secret: ${name}]`))).toEqual(names);
});

test("replaces an earlier rendering whole, and nothing else", () => {
  fs.writeFileSync(path.join(directory, "mine.txt"), "x");
  expect(() => renderTo("dev", directory)).toThrow("holds no earlier rendering");
  fs.rmSync(path.join(directory, "mine.txt"));
  renderTo("dev", directory);
  const before = filesOf(directory);
  fs.writeFileSync(path.join(directory, "tempo", "stale.yaml"), "x");
  renderTo("dev", directory);
  expect(filesOf(directory)).toEqual(before);
});

test("lists what the host opens, and to whom", () => {
  const rendering = render({ ports: { grafana: { bind: "0.0.0.0" } }, jaeger: { enabled: false } });
  const { firewall } = parse(rendering.get("connections.yaml") ?? "") as {
    firewall: { open: string; for: string; from: string }[];
  };
  expect(firewall).toContainEqual(
    expect.objectContaining({
      open: "0.0.0.0:3000/tcp",
      from: expect.stringContaining("firewall"),
    }),
  );
  expect(firewall).toContainEqual(
    expect.objectContaining({ open: "127.0.0.1:4317/tcp", from: "this host only" }),
  );
  expect(firewall.map((entry) => entry.for)).not.toContain("jaeger");
});
