import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CERTIFICATE_RELOAD } from "../../components/service";
import { SERVICES } from "../../config/services";
import { parseDuration } from "../../config/units";
import { eventually } from "../helpers/ports";
import { missingOf, retryingSender } from "../helpers/retrying-sender";
import { describeUnless, noteSkipped } from "../helpers/skip";
import { askTempo, environmentOf, findTrace, sendTrace, type Variables } from "./application";
import { entriesIn } from "./archive";
import { expectCode, say, type Ran } from "./command";
import { lackingImage } from "./images";
import { lackingDocker, lackingForUp, PUBLISHED_IMAGES } from "./needs";
import { testsOnStack } from "./on-stack";
import { Outside } from "./outside";
import { hasTrace, seriesAt, servedSerial } from "./operator";
import { containersDirectory, freePorts, imageOptions, TestStack } from "./stack";
import { secretsOf, urnsOf } from "./state";
import { brokenIn, changesIn } from "./summary";

const itRuns = () => void test("it runs", () => undefined);

const MINUTE = 60_000;
const VERIFIED = /verified: stack e2e-\w+, \d+ hops ok/;

describeUnless([...lackingDocker(), ...lackingForUp()], "a stack on Docker", () => {
  const outsideLacks = Outside.lacking();
  const outside = outsideLacks.length === 0 ? new Outside() : undefined;
  for (const reason of outsideLacks) noteSkipped(`egress of containers: ${reason}`);

  // Each is off in these stacks, and shows as a skipped test that the summary names.
  for (const service of PUBLISHED_IMAGES ? [] : SERVICES) {
    const reason = lackingImage(service);
    if (reason !== undefined) describeUnless([reason], `${service} in a real deployment`, itRuns);
  }

  let stack: TestStack;
  let ports: Record<string, Record<string, number>>;
  /** What `up` changed of the tree that it must not. */
  const treeStatus = () =>
    spawnSync("git", ["status", "--porcelain", "--", "Pulumi*"], { encoding: "utf8" }).stdout;
  const treeBefore = treeStatus();

  /** Whether the first `up` went well; without it nothing else says anything. */
  const { onStack, cameUp } = testsOnStack(3 * MINUTE);
  // Skipped without root or `ip`: a host outside is a network namespace, and the summary names it.
  const onStackOutside = outside ? onStack : test.skip;

  let variables: Variables;
  let earlierTrace: string;
  let generated: Record<string, string>;

  beforeAll(async () => {
    ports = await freePorts();
    await outside?.start();
    stack = new TestStack({
      ports,
      ...imageOptions(),
      apps: [
        {
          name: "shop",
          reads: ["tempo"],
          qdrant: PUBLISHED_IMAGES || lackingImage("qdrant") === undefined,
        },
      ],
      containerLogs: { enabled: true, directory: containersDirectory() },
      ...(outside && {
        scrapeTargets: [
          { name: "outside", targets: [`${Outside.host}:${Outside.port}`], interval: "5s" },
        ],
      }),
    });
  }, 10 * MINUTE);

  afterAll(async () => {
    outside?.stop();
    await stack?.remove();
  }, 2 * MINUTE);

  const expectNoSecret = ({ output }: Ran) => {
    const { all } = secretsOf(stack);
    expect(all.length).toBeGreaterThan(20);
    for (const secret of all) expect(output.includes(secret)).toBe(false);
    expect(output).not.toMatch(/PRIVATE KEY/);
  };

  test(
    "`up` on an empty daemon ends verified with real traffic, and shows no secret",
    async () => {
      const ran = expectCode(await stack.run("up"), 0);
      cameUp();
      say(
        `first trace read by id after ${ran.at(/ok [\d.]+s trace by id in Tempo/)?.toFixed(1)} s`,
      );
      say(`full check after ${ran.at(VERIFIED)?.toFixed(1)} s, \`up\` ${ran.seconds.toFixed(1)} s`);
      expect(ran.output).toMatch(VERIFIED);
      expect(brokenIn(ran.output)).toEqual([]);
      for (const hop of ["trace by id in Tempo", "log by trace id in Loki", "tempo http refuses"]) {
        expect(ran.output).toMatch(new RegExp(`ok [\\d.]+s ${hop}`));
      }
      expectNoSecret(ran);
      // Nor do the files of its state hold one in clear.
      const state = stack.state();
      for (const secret of secretsOf(stack).all) expect(state.includes(secret)).toBe(false);
      ({ generated } = secretsOf(stack));
    },
    5 * MINUTE,
  );

  onStack("a fresh volume belongs to the user of its service, who has written to it", async () => {
    const running = await stack.running();
    const stores = { collector: "/var/lib/otelcol", jaeger: "/badger", tempo: "/var/tempo" };
    for (const [service, path] of Object.entries(stores)) {
      if (!(service in running)) continue;
      const container = stack.docker.getContainer(running[service]);
      const entries = await entriesIn(container, path, ({ isFile, uid }) => isFile && uid > 0);
      expect([service, entries[0].uid]).toEqual([service, 10001]);
      expect(entries.some(({ isFile, uid }) => isFile && uid === 10001)).toBe(true);
    }
  });

  onStack("every process is hardened, and none is told a secret", async () => {
    const { all } = secretsOf(stack);
    const running = Object.entries(await stack.running());
    expect(running.length).toBeGreaterThanOrEqual(4);
    for (const [service, id] of running) {
      const { Config, HostConfig, Mounts } = await stack.docker.getContainer(id).inspect();
      expect({ service, ...HostConfig }).toMatchObject({
        service,
        Privileged: false,
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: [expect.stringMatching(/^no-new-privileges/)],
        MemorySwap: HostConfig.Memory,
        LogConfig: {
          Type: "json-file",
          Config: { "max-file": "3", "max-size": "10m", tag: "{{.Name}}" },
        },
        RestartPolicy: { Name: "unless-stopped" },
      });
      expect((HostConfig.CapAdd as string[] | null) ?? []).toEqual([]);
      expect(HostConfig.Memory).toBeGreaterThan(2 ** 25);
      expect(HostConfig.NanoCpus).toBeGreaterThan(0);
      // Nobody but the log agent is root and sees anything of the host's file system.
      const isAgent = service === "log-agent";
      expect(Config.User).toMatch(isAgent ? /^0:0$/ : /^[1-9]\d*:\d+$/);
      expect(Mounts.filter(({ Type }) => Type !== "volume")).toEqual(
        isAgent
          ? [expect.objectContaining({ Source: containersDirectory(), Mode: "", RW: false })]
          : [],
      );
      // Of the host's addresses only the loopback.
      // Null where nothing is published.
      const published = HostConfig.PortBindings as Record<string, object[]> | null;
      const bindings = Object.values(published ?? {}).flat();
      for (const binding of bindings) expect(binding).toMatchObject({ HostIp: "127.0.0.1" });
    }
    for (const { Id } of await stack.containers()) {
      const text = JSON.stringify(await stack.docker.getContainer(Id).inspect());
      for (const secret of all) expect(text.includes(secret)).toBe(false);
    }
  });

  onStack("private files are their service's alone: 0400, owned by its user", async () => {
    for (const id of Object.values(await stack.running())) {
      const container = stack.docker.getContainer(id);
      const { Config, Mounts } = await container.inspect();
      const [uid, gid] = Config.User.split(":").map(Number);
      // A guard passes on what it does not read, and has none.
      const key = Mounts.some(({ Destination }) => Destination === "/etc/tracekeep/identity")
        ? await entriesIn(container, "/etc/tracekeep/identity/tls.key")
        : [];
      const secrets = Mounts.some(({ Destination }) => Destination === "/etc/tracekeep/secrets")
        ? (await entriesIn(container, "/etc/tracekeep/secrets")).filter(({ isFile }) => isFile)
        : [];
      for (const file of [...key, ...secrets]) {
        expect(file).toMatchObject({ isFile: true, mode: 0o400, uid, gid });
      }
      // No other running container mounts the volume that they are in.
      const own = Mounts.filter(({ Destination }) => /identity|secrets/.test(Destination));
      for (const { Name } of own) {
        const others = await stack.docker.listContainers({ filters: { volume: [Name ?? ""] } });
        expect(others.map(({ Id }) => Id)).toEqual([id]);
      }
    }
  });

  onStackOutside(
    "only a service with egress reaches a host outside of the stack's networks",
    async () => {
      const running = await stack.running();
      const helper = (await stack.docker.getContainer(running.prometheus).inspect()).Config.Image;
      const reaches = (service: string) =>
        spawnSync("docker", [
          ...["--host", "unix:///var/run/docker.sock", "run", "--rm"],
          ...["--network", `container:${running[service]}`, "--entrypoint", "/bin/busybox", helper],
          // Its input ends at once, and so does it, well if it was connected.
          ...["nc", "-w", "3", Outside.host, String(Outside.port)],
        ]).status === 0;
      expect(reaches("prometheus")).toBe(true);
      for (const service of ["tempo", "loki", "collector", "log-agent"]) {
        expect([service, reaches(service)]).toEqual([service, false]);
      }
    },
    MINUTE,
  );

  onStack("`env` gives an application all that it needs to send a trace, and no more", async () => {
    variables = await environmentOf(stack, "shop");
    earlierTrace = await sendTrace(variables);
    await findTrace(variables, earlierTrace);
    await expect(askTempo(variables, "/api/echo", "OTEL_EXPORTER_OTLP_CLIENT")).rejects.toThrow();
    for (const [name, path] of Object.entries(variables)) {
      if (/(CERTIFICATE|KEY|_FILE)$/.test(name)) expect(statSync(path).mode & 0o777).toBe(0o600);
    }
  });

  onStack("`env --operator` writes files that its user alone may read", async () => {
    const ran = expectCode(await stack.run("env", ["--operator"]), 0);
    expectNoSecret(ran);
    const directory = join(stack.home, stack.name, "operator");
    expect(readdirSync(directory)).toContain("operator.p12");
    for (const file of readdirSync(directory)) {
      expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    }
  });

  onStack(
    "Loki has what each service logs, under its name, and nothing of other containers",
    async () => {
      const running = await stack.running();
      const { Image } = (await stack.docker.getContainer(running.prometheus).inspect()).Config;
      const foreign = `${stack.name}-foreign`;
      execFileSync("docker", [
        ...["--host", "unix:///var/run/docker.sock", "run", "--rm", "--name", foreign],
        ...["--network", "none", "--log-driver", "json-file"],
        ...["--entrypoint", "/bin/busybox", Image],
        ...["sh", "-c", "echo foreign line; sleep 3"],
      ]);
      const hasLines = (lines: string) =>
        seriesAt(stack, ports, "loki", `sum(count_over_time(${lines}[1h]))`, new Date());
      const logged = (service: string) =>
        hasLines(
          `{service_name="${service}"} | container_name="tracekeep-${stack.name}-${service}"`,
        );
      for (const service of ["tempo", "loki", "collector"]) {
        expect([service, await logged(service)]).toEqual([service, 1]);
      }
      expect(await logged("log-agent")).toBe(0);
      // Loki's own lines repeat what it is asked.
      expect(await hasLines('{service_name=~".+", service_name!="loki"} |= "foreign line"')).toBe(
        0,
      );
    },
  );

  onStack("a second `up` changes nothing and verifies all the same", async () => {
    const before = await stack.running();
    const ran = expectCode(await stack.run("up"), 0);
    expect(changesIn(ran.output)).toEqual([]);
    expect(ran.output).toMatch(VERIFIED);
    expect(await stack.running()).toEqual(before);
    expectNoSecret(ran);
    expect(treeStatus()).toBe(treeBefore);
  });

  onStack("`preview` sees no change", async () => {
    const ran = expectCode(await stack.run("preview", [], ["--expect-no-changes"]), 0);
    say(`preview without changes: ${ran.seconds.toFixed(1)} s`);
    expect(changesIn(ran.output)).toEqual([]);
  });

  onStack("a stopped service: `up` names its hop, and no other", async () => {
    const { tempo } = await stack.running();
    await stack.docker.getContainer(tempo).stop();
    const ran = expectCode(await stack.run("up"), 1);
    expect(brokenIn(ran.output)).toEqual(["tempo answers"]);
    expect(ran.output).toMatch(/cause: tempo is not running/);
    await stack.docker.getContainer(tempo).start();
  });

  onStack("started again, `up --refresh` changes nothing and verifies", async () => {
    const before = await stack.running();
    expect(Object.keys(before)).toContain("tempo");
    const ran = expectCode(await stack.run("up", [], ["--refresh"]), 0);
    expect(changesIn(ran.output)).toEqual([]);
    expect(ran.output).toMatch(VERIFIED);
    expect(await stack.running()).toEqual(before);
  });

  onStack("every leaf renewed under load: nobody refused, no process replaced", async () => {
    const before = await stack.running();
    const issued = urnsOf(stack, "tls:index/locallySignedCert:LocallySignedCert");
    const leaves = Object.keys(issued).filter((name) => !/-g\d+$/.test(name));
    const own = ["shop", "shop-reader", "operator", "verification"];
    // What passes a guard ends at its store.
    const services = Object.keys(before).filter((name) => !name.endsWith("-guard"));
    expect(leaves).toEqual(expect.arrayContaining([...services, ...own]));
    const listeners = Object.keys(before).flatMap((service) =>
      Object.entries(ports[service] ?? {}).map(([name, port]) => ({ service, name, port })),
    );
    const serials = async () => {
      const asked = listeners.map(
        async ({ service, name, port }) =>
          [`${service} ${name}`, await servedSerial(stack, service, port)] as const,
      );
      return Object.fromEntries(await Promise.all(asked));
    };
    const old = await serials();
    const [root, certificate, key] = ["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"].map(
      (name) => readFileSync(variables[`OTEL_EXPORTER_OTLP_${name}`], "utf8"),
    );
    const intake = { host: "127.0.0.1", port: ports.collector.otlpHttp, serverName: "collector" };
    const sender = retryingSender(
      () => ({ address: { ...intake, root }, identity: { certificate, key } }),
      { perSecond: 5 },
    );
    try {
      const renewed = leaves.flatMap((name) => ["--replace", issued[name]]);
      const ran = expectCode(await stack.run("up", [], renewed), 0);
      expect(ran.output).toMatch(VERIFIED);
      expect(await stack.running()).toEqual(before);
      const since = performance.now();
      await eventually(
        async () => {
          const now = await serials();
          expect(Object.keys(now).filter((name) => now[name] === old[name])).toEqual([]);
        },
        { timeout: parseDuration(CERTIFICATE_RELOAD)! * 1000 + 5000, interval: 1000 },
      );
      const seconds = (performance.now() - since) / 1000;
      say(
        `${Object.keys(old).length} ports serve renewed certificates ${seconds.toFixed(1)} s later`,
      );
    } finally {
      await sender.stop();
    }
    const { acknowledged, refused, given, longestGap } = await sender.stop();
    expect([refused, given]).toEqual([0, []]);
    let missing = acknowledged;
    await eventually(
      async () => {
        missing = await missingOf(missing, (id) => hasTrace(stack, ports.tempo.http, id));
        expect(missing).toEqual([]);
      },
      { timeout: 120_000 },
    ).finally(() =>
      say(
        `${acknowledged.length} traces acknowledged meanwhile, ${missing.length} lost, none refused, ` +
          `longest gap ${longestGap.toFixed(1)} s`,
      ),
    );
  });

  onStack("changed options replace the services whose documents change, data kept", async () => {
    const before = await stack.running();
    const written = new Date();
    const scraped = () => seriesAt(stack, ports, "prometheus", 'up{job="loki"}', written);
    expect(await scraped()).toBe(1);
    stack.configure({ alerts: { latency: "2s" }, retention: { traces: "72h" } });
    expectCode(await stack.run("up"), 0);
    const after = await stack.running();
    const replaced = Object.keys(before).filter((name) => after[name] !== before[name]);
    expect(replaced).toEqual(["prometheus", "tempo"]);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    await findTrace(variables, earlierTrace);
    expect(await scraped()).toBe(1);
  });

  let destroyedAt: Date;
  const logged = () =>
    seriesAt(
      stack,
      ports,
      "loki",
      'sum(count_over_time({service_name=~"tracekeep-verify.+"}[1h]))',
      destroyedAt,
    );

  onStack("`destroy` leaves the data volumes and nothing else", async () => {
    destroyedAt = new Date();
    expect(await logged()).toBe(1);
    const data = (await stack.volumes()).map(({ Name }) => Name).filter((n) => n.endsWith("-data"));
    expect(data.length).toBeGreaterThanOrEqual(4);
    const ran = expectCode(await stack.run("destroy"), 0);
    expect(await stack.things()).toEqual(data.sort());
    for (const name of data) expect(ran.output).toContain(`volume ${name}`);
    expect(treeStatus()).toBe(treeBefore);
  });

  onStack("`up` on kept volumes verifies, with the earlier data and secrets", async () => {
    const ran = expectCode(await stack.run("up"), 0);
    expect(ran.output).toMatch(VERIFIED);
    expect(secretsOf(stack).generated).toEqual(generated);
    variables = await environmentOf(stack, "shop");
    await findTrace(variables, earlierTrace);
    // The certificates are not of the data: there is a new CA.
    expectCode(await stack.run("env", ["--operator"]), 0);
    expect(await logged()).toBe(1);
  });

  onStack("`destroy --delete-data --yes` leaves nothing", async () => {
    expectCode(await stack.run("destroy", ["--delete-data", "--yes"]), 0);
    expect(await stack.things()).toEqual([]);
    const prefix = `tracekeep-${stack.name}`;
    const left = ["ps -aq", "volume ls -q", "network ls -q"].map((list) =>
      execFileSync("docker", [
        ...["--host", "unix:///var/run/docker.sock"],
        ...list.split(" "),
        ...["--filter", `name=${prefix}`],
      ]).toString(),
    );
    expect(left).toEqual(["", "", ""]);
    expect(existsSync(stack.home)).toBe(true);
  });
});
