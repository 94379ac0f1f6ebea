import { VERIFICATION } from "../../components/pki/certificate-spec";
import { nextOf, type Generations } from "../../components/pki/generations";
import { CERTIFICATE_RELOAD } from "../../components/service";
import { openListeners } from "../../components/stack/connections";
import { inStartOrder, startsAfter } from "../../components/stack/start-order";
import { servingBefore, servingOthers, waitUntilServed } from "../../commands/rotate/probes";
import { parseConfig } from "../../config/parse";
import { SERVICES, type ServiceName } from "../../config/services";
import { say } from "../e2e/command";
import { eventually } from "../helpers/ports";
import { startStack, type Mutation, type ProcessStack } from "../helpers/process-stack";
import { attempt, clientIdentity, rootCertificate } from "../helpers/refusals";
import { specsOf } from "../helpers/replicas";
import { addressIn, get, identityIn } from "../helpers/requests";
import { missingOf, retryingSender, type SentTraces } from "../helpers/retrying-sender";
import { describeWith } from "../helpers/skip";

const services = [
  ...["prometheus", "alertmanager", "tempo", "loki", "jaeger", "qdrant", "collector"],
] as ServiceName[];

/**
 * What takes another CA for its clients while it runs; the others read it at their start. None takes
 * one for the servers that it dials but Prometheus and Alertmanager, so each is replaced.
 */
const TAKES_IN_PLACE = [
  ...["alertmanager http", "collector otlpGrpc", "collector otlpHttp"],
  // What passes a guard ends at its store.
  ...["prometheus guard", "prometheus http", "tempo guard", "tempo otlpGrpc"],
];

/** Certificates are looked for in a test's time. */
const impatient: Mutation = (workload) => ({
  ...workload,
  files: workload.files.map(({ path, content }) => ({
    path,
    content: content.replaceAll(`reload_interval: ${CERTIFICATE_RELOAD}`, "reload_interval: 1s"),
  })),
  secretFiles: workload.secretFiles.map((file) => ({
    ...file,
    render: (values) => file.render(values).replace(/cert_ttl: \d+/, "cert_ttl: 1"),
  })),
});

interface Client {
  cert: string;
  key: string;
}

describeWith(services, "A rotation of the CA under load", () => {
  let stack: ProcessStack;
  let sender: ReturnType<typeof retryingSender>;
  let generations: Generations = { generation: 1 };
  let rootBefore: string;
  /** Certificates of each generation, by the name of their owner. */
  const clients: Record<number, Record<string, Client>> = {};
  const names = ["operator", VERIFICATION];
  const keep = () =>
    Object.fromEntries(names.map((name) => [name, clientIdentity(stack.pki, name)]));

  const become = async () => {
    generations = nextOf(generations);
    await stack.pki.become(generations);
  };
  /** As Pulumi does it: each when those that it starts after are ready again. */
  const replaceAll = async () => {
    const replaced = new Map<string, Promise<void>>();
    for (const workload of inStartOrder(services.map((service) => stack.workloads[service]!))) {
      const before = startsAfter(workload).map((name) => replaced.get(name) ?? Promise.resolve());
      const first = Promise.all(before);
      const { name } = workload;
      replaced.set(
        name,
        first.then(() => stack.restart(name as ServiceName)),
      );
    }
    await Promise.all(replaced.values());
  };
  const mtls = services.flatMap((service) =>
    Object.entries(openListeners(parseConfig({}, { stack: "dev", environment: {} }), service))
      .filter(([, { security }]) => security === "mtls")
      .map(([name, listener]) => ({ service, name, listener })),
  );
  /** Listeners with mTLS that serve a client of a generation. */
  const serving = async (generation: number, root = rootCertificate(stack.pki)) => {
    const served: string[] = [];
    for (const { service, name, listener } of mtls) {
      const owner = listener.accepts.includes("applications") ? VERIFICATION : "operator";
      const tls = { ca: root, servername: service, ...clients[generation][owner] };
      const result = await attempt(stack.port(service, name), listener, tls);
      if (result.served) served.push(`${service} ${name}`);
    }
    return served.sort();
  };
  const all = mtls.map(({ service, name }) => `${service} ${name}`).sort();

  beforeAll(async () => {
    const off = SERVICES.filter((name) => !services.includes(name) && name === "grafana");
    const options = Object.fromEntries(off.map((name) => [name, { enabled: false }]));
    stack = await startStack({
      config: parseConfig(options, { stack: "dev", environment: {} }),
      services,
      mutate: impatient,
    });
    clients[1] = keep();
    rootBefore = rootCertificate(stack.pki);
    // A certificate of the CA that follows, before anybody knows it.
    await stack.pki.become({ generation: 2 });
    for (const name of names) await stack.pki.reissue(name);
    clients[2] = keep();
    await stack.pki.become(generations);
    for (const name of names) await stack.pki.reissue(name);
    sender = retryingSender(() => ({
      address: addressIn(stack, "collector", "otlpHttp"),
      identity: identityIn(stack, VERIFICATION),
    }));
  }, 120_000);
  afterAll(async () => {
    await sender?.stop();
    await stack?.stop();
  }, 90_000);

  test("has seven services with listeners that check certificates", () => {
    expect(new Set(mtls.map(({ service }) => service)).size).toBe(services.length);
  });

  test("serves the old before it, and nobody else", async () => {
    expect(await serving(1)).toEqual(all);
    expect(await serving(2)).toEqual([]);
  }, 60_000);

  test("has both trusted behind step 1, by some without a restart", async () => {
    await become();
    expect(generations).toEqual({ generation: 1, alsoTrusted: 2 });
    await eventually(async () => expect(await serving(2)).toEqual(TAKES_IN_PLACE), {
      timeout: 20_000,
      interval: 1000,
    });
    await replaceAll();
    expect(await serving(1)).toEqual(all);
    expect(await serving(2)).toEqual(all);
    // Who knows the old root alone is still served: nothing is signed with the new one.
    expect(await serving(1, rootBefore)).toEqual(all);
  }, 120_000);

  test("has every certificate of the new CA behind step 2, without a restart", async () => {
    const pids = () => services.map((service) => stack.process(service).pid);
    const before = pids();
    await become();
    const target = () => stack.target();
    for (const { name } of specsOf(stack.config)) await stack.renew(name);
    await waitUntilServed(target(), 2000, { within: 60_000, interval: 500 });
    expect(await servingOthers(target())).toEqual([]);
    expect(pids()).toEqual(before);
    expect(await serving(1)).toEqual(all);
    expect(await serving(2)).toEqual(all);
    expect(await serving(2, rootBefore)).toEqual([]);
    const [certificate, key] = [clients[1].operator.cert, clients[1].operator.key];
    const still = await servingBefore(target(), { certificate, key });
    expect(still.length).toBeGreaterThan(services.length);
  }, 120_000);

  test("has the old refused by every listener behind step 3, and the new served", async () => {
    await become();
    expect(generations).toEqual({ generation: 2 });
    await replaceAll();
    expect(await serving(2)).toEqual(all);
    expect(await serving(1)).toEqual([]);
    const [certificate, key] = [clients[1].operator.cert, clients[1].operator.key];
    expect(await servingBefore(stack.target(), { certificate, key })).toEqual([]);
  }, 120_000);

  test("loses nothing that was acknowledged, and nothing of a sender that retries", async () => {
    const sent: SentTraces = await sender.stop();
    const { acknowledged, given, refused, longestGap } = sent;
    say(
      `${acknowledged.length} traces acknowledged, ${refused} attempts refused and repeated, ` +
        `longest gap ${longestGap.toFixed(1)} s`,
    );
    expect(acknowledged.length).toBeGreaterThan(200);
    expect(given).toEqual([]);
    let missing = acknowledged;
    await eventually(
      async () => {
        missing = await missingOf(
          missing,
          async (id) => (await get(stack, "tempo", `/api/v2/traces/${id}`)).status === 200,
        );
        expect(missing).toEqual([]);
      },
      { timeout: 60_000, interval: 1000 },
    ).finally(() => say(`${missing.length} of them lost`));
  }, 120_000);
});
