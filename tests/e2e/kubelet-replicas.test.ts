import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import type { Cluster } from "../helpers/cluster";
import type { Manifest } from "../helpers/cluster-objects";
import { podsIn } from "../helpers/cluster-rollouts";
import type { RealNode } from "../helpers/node";
import { descendants, signalAll } from "../helpers/processes";
import { describeUnless } from "../helpers/skip";
import { environmentOf } from "./application";
import { expectCode, npmRun, say, type Ran } from "./command";
import { lackingForNode } from "./needs";
import { NodeCluster } from "./node-cluster";
import { testsOnStack } from "./on-stack";
import { imageOptions } from "./stack";
import type { SteadyFigures, SteadyInput } from "./steady-load";

const MINUTE = 60_000;

/** A rotation takes its time, too: it is left out where nobody asks for it. */
const LONG = process.env.TRACEKEEP_E2E_LONG === "1";

interface Service extends Manifest {
  spec: { clusterIP: string };
}

describeUnless(lackingForNode(), "two replicas of either tier, of pods that run", () => {
  const own = new NodeCluster();
  const { stack, place } = own;
  let node: RealNode;
  let cluster: Cluster;

  beforeAll(async () => {
    const images = imageOptions() as { images: { overrides: Record<string, string> } };
    const { overrides } = images.images;
    overrides["collector-gateway"] = overrides.collector;
    ({ node, cluster } = await own.start(Object.values(overrides)));
    stack.configure({
      ...images,
      ...Object.fromEntries(
        ["grafana", "jaeger", "qdrant", "alertmanager"].map((name) => [name, { enabled: false }]),
      ),
      // Two processors have room for all of it.
      capacity: { spansPerSecond: 100, logLinesPerSecond: 100 },
      replicas: { collector: 2 },
      kubernetes: { kubeconfig: cluster.api.kubeconfig, context: cluster.api.context },
      apps: [{ name: "shop", reads: ["tempo"] }],
    });
  }, 5 * MINUTE);

  afterAll(() => own.stop(), MINUTE);

  const { onStack, cameUp } = testsOnStack(8 * MINUTE);

  /** Uids of the pods of the two tiers. */
  const collectors = async (): Promise<string[]> =>
    (await podsIn(cluster, place))
      .filter(({ metadata }) => metadata.labels["app.kubernetes.io/name"].startsWith("collector"))
      .map(({ metadata }) => metadata.uid);

  /** An application on the node, which dials the Service as pods do. */
  async function startSender(): Promise<() => Promise<SteadyFigures>> {
    const at = async (name: string) =>
      (await cluster.get<Service>(`/api/v1/namespaces/${place}/services/${name}`)).spec.clusterIP;
    const variables = await environmentOf(stack, "shop");
    const file = (name: string) => readFileSync(variables[name], "utf8");
    const root = file("OTEL_EXPORTER_OTLP_CERTIFICATE");
    const cert = file("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE");
    const key = file("OTEL_EXPORTER_OTLP_CLIENT_KEY");
    const host = await at("collector");
    const target = { host, serverName: "collector", ca: root, cert, key };
    const input: SteadyInput = {
      grpc: { ...target, port: 4317 },
      http: { ...target, port: 4318 },
      tempo: { host: await at("tempo"), port: 3200, serverName: "tempo", root },
      identity: {
        certificate: file("READER_CERTIFICATE_FILE"),
        key: file("READER_KEY_FILE"),
      },
    };
    const script = ["--import", "tsx", join(__dirname, "steady-load.ts")];
    const [program, ...args] = node.machine.inNetwork(process.execPath, script);
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.end(JSON.stringify(input));
    const figures = json(child.stdout) as Promise<SteadyFigures>;
    return () => {
      signalAll(descendants(child.pid!), "SIGTERM");
      return figures;
    };
  }

  test(
    "come up, and a trace goes through both",
    async () => {
      const ran = expectCode(await stack.run("up"), 0);
      cameUp();
      const [verified] = /^verified: .*$/m.exec(ran.output) ?? [];
      say(`first \`up\` until verified: ${ran.seconds.toFixed(1)} s; ${verified}`);
      expect(verified).toBeDefined();
      expect(await collectors()).toHaveLength(4);
    },
    8 * MINUTE,
  );

  /** Runs a command while an application sends; nobody is refused, and nothing is lost. */
  async function undisturbed(what: string, work: () => Promise<Ran>): Promise<Ran> {
    const end = await startSender();
    const ran = await work();
    const { acknowledged, repeated, failed, lost, slowest } = await end();
    expectCode(ran, 0);
    say(
      `${what}: ${ran.seconds.toFixed(1)} s; ${acknowledged} traces acknowledged, ${lost} lost, ` +
        `${repeated.length} sent again, slowest ${slowest} ms`,
    );
    expect({ failed, repeated, lost }).toEqual({ failed: [], repeated: [], lost: 0 });
    expect(acknowledged).toBeGreaterThan(4 * ran.seconds);
    return ran;
  }

  onStack("no sender is refused while all of them are replaced, and nothing is lost", async () => {
    const before = await collectors();
    stack.configure({ tuning: { collector: { maxRequestSize: "3Mi" } } });
    await undisturbed("`up`", () => stack.run("up", [], ["--skip-preview"]));
    const after = await collectors();
    expect(after).toHaveLength(4);
    expect(after.filter((uid) => before.includes(uid))).toEqual([]);
  });

  // Every pod is replaced twice: minutes, so only in the long form.
  (LONG ? onStack : test.skip)(
    "nor is one in any step of a rotation of the CA",
    async () => {
      for (const step of [1, 2, 3]) {
        const ran = await undisturbed(`step ${step}`, () =>
          npmRun("rotate", ["ca", "--stack", stack.name], { TRACEKEEP_HOME: stack.home }),
        );
        expect(ran.output).toContain(`Step ${step} of 3`);
      }
    },
    30 * MINUTE,
  );
});
