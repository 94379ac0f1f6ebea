import * as net from "node:net";
import type Docker from "dockerode";
import { checkDocker } from "../../commands/docker";
import { holdersOf, takenPorts, type Holder } from "../../commands/host-ports";
import { parseSshHost, sshArguments } from "../../commands/ssh-agent";
import { whatStays } from "../../commands/destroy";
import { unwellContainers } from "../../commands/unwell";
import { closingWords } from "../../commands/up";
import { parseConfig } from "../../config/parse";

const config = (raw: Record<string, unknown> = {}) =>
  parseConfig(raw, { stack: "dev", environment: {} });

describe("a port of the host", () => {
  const holder = (change: Partial<Holder>): Holder => ({
    container: "other",
    bind: "127.0.0.1",
    port: 3000,
    ...change,
  });

  test("that another container publishes is named with it and the option", async () => {
    expect(await takenPorts(config(), [holder({})], false)).toEqual([
      '127.0.0.1:3000 (ports.grafana.https, for grafana) is held by container "other".',
    ]);
  });

  test("that another stack publishes is named with that stack", async () => {
    const [line] = await takenPorts(config(), [holder({ stack: "prod" })], false);
    expect(line).toMatch(/is held by container "other" of stack "prod"\.$/);
  });

  test.each([
    ["on every address", { bind: "0.0.0.0" }, 1],
    ["of another stack of ours", { stack: "prod" }, 1],
    ["of this stack", { stack: "dev" }, 0],
    ["on another address", { bind: "10.0.0.1" }, 0],
    ["that is another", { port: 3001 }, 0],
  ])("held by a container %s", async (_, change, lines) => {
    expect(await takenPorts(config(), [holder(change)], false)).toHaveLength(lines);
  });

  test("that a program of this host has is named, and only where Docker is on this host", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      const { port } = server.address() as net.AddressInfo;
      const taken = config({ ports: { grafana: { https: port } } });
      const about = (lines: string[]) => lines.filter((line) => line.includes("ports.grafana"));
      expect(about(await takenPorts(taken, [], true))).toEqual([
        `127.0.0.1:${port} (ports.grafana.https, for grafana) is held by another program; see who: ss -ltnp 'sport = :${port}'`,
      ]);
      expect(await takenPorts(taken, [], false)).toEqual([]);
      const own = holder({ stack: "dev", port });
      expect(about(await takenPorts(taken, [own], true))).toEqual([]);
    } finally {
      server.close();
    }
  });

  test("comes from the list of containers without its slash and what is not published", () => {
    const containers = [
      {
        Names: ["/web"],
        Labels: { "tracekeep.stack": "dev" },
        Ports: [
          { IP: "127.0.0.1", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
          { PrivatePort: 81, Type: "tcp" },
          { IP: "127.0.0.1", PrivatePort: 53, PublicPort: 53, Type: "udp" },
        ],
      },
    ] as unknown as Docker.ContainerInfo[];
    expect(holdersOf(containers)).toEqual([
      { container: "web", stack: "dev", bind: "127.0.0.1", port: 8080 },
    ]);
  });
});

describe("without Docker", () => {
  const message = async (docker: Record<string, unknown>) => {
    const error = await checkDocker("dev", config({ docker }).docker).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return (error as Error).message;
  };

  test("one sentence says so, then what to do, then what works without", async () => {
    expect(await message({ host: "unix:///nowhere/docker.sock" })).toBe(
      [
        "Docker does not answer at unix:///nowhere/docker.sock: there is no such socket. Nothing was changed.",
        "Start Docker (`sudo systemctl start docker`), or install it: https://docs.docker.com/engine/install/.",
        "Another Docker host is named by tracekeep:docker.host in the stack's file.",
        "Without Docker you can see what would run: npm run render -- --stack dev",
      ].join("\n"),
    );
  });

  test("a missing certificate file is named", async () => {
    const tls = {
      caFile: "/nowhere/ca.pem",
      certFile: "/nowhere/c.pem",
      keyFile: "/nowhere/k.pem",
    };
    expect(await message({ host: "tcp://127.0.0.1:1", tls })).toContain(
      "/nowhere/ca.pem cannot be read",
    );
  });
});

test("ssh is called with the user's options first, and never takes a host for an option", () => {
  const target = parseSshHost("ssh://deploy@traces.example.org:2222", ["-i", "key"]);
  expect(sshArguments(target)).toEqual([
    ...["-i", "key", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15"],
    ...["-l", "deploy", "-p", "2222", "--", "traces.example.org"],
  ]);
  expect(sshArguments(parseSshHost("ssh://host"))).not.toContain("-l");
});

test("`up` ends with every endpoint and the next commands", () => {
  const words = closingWords(config(), {
    grafana: { https: "127.0.0.1:3000" },
    collector: { otlpGrpc: "127.0.0.1:4317" },
  });
  expect(words).toMatch(/grafana +https +https:\/\/127\.0\.0\.1:3000\n/);
  expect(words).toMatch(/collector +otlpGrpc +127\.0\.0\.1:4317\n/);
  expect(words).toContain("npm run verify\n");
  expect(words).not.toContain("port-forward");
  expect(closingWords(parseConfig({}, { stack: "x", environment: {} }), {})).toContain(
    "npm run verify -- --stack x",
  );
});

test("`destroy` says what stays and how it would go", () => {
  expect(whatStays("dev", [])).toBe("No data volume is left.\n");
  expect(whatStays("prod", ["a", "b"])).toContain("npm run destroy -- --stack prod --delete-data");
  expect(whatStays("prod", ["a", "b"])).toContain("under a new CA");
});

describe("after an `up` that failed", () => {
  const container = (name: string, State: string, Status: string) => ({
    Id: name,
    Names: [`/${name}`],
    State,
    Status,
  });
  const frame = (text: string) =>
    Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)]);
  const docker = {
    listContainers: () =>
      Promise.resolve([
        container("tracekeep-dev-tempo", "running", "Up 3 minutes (unhealthy)"),
        container("tracekeep-dev-loki", "running", "Up 3 minutes (healthy)"),
        container("tracekeep-dev-loki-owner", "exited", "Exited (0) 3 minutes ago"),
        container("tracekeep-dev-loki-writer", "created", "Created"),
        container("tracekeep-dev-jaeger", "restarting", "Restarting (1) 2 seconds ago"),
      ]),
    getContainer: (id: string) => ({
      logs: () =>
        Promise.resolve(
          id.endsWith("tempo")
            ? Buffer.concat([frame("starting\n"), frame("no space left\n")])
            : Buffer.alloc(0),
        ),
    }),
  } as unknown as Docker;

  test("what does not run well is named with the end of its log", async () => {
    expect(await unwellContainers("dev", docker)).toBe(
      [
        "tracekeep-dev-tempo is not well (Up 3 minutes (unhealthy)); it wrote last:",
        "  starting",
        "  no space left",
        "tracekeep-dev-jaeger is not well (Restarting (1) 2 seconds ago); it wrote nothing.",
        "",
      ].join("\n"),
    );
  });

  test("a daemon that does not answer adds nothing", async () => {
    const silent = {
      listContainers: () => Promise.reject(new Error("ENOENT")),
    } as unknown as Docker;
    expect(await unwellContainers("dev", silent)).toBe("");
  });
});
