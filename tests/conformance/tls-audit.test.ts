import type { AddressInfo } from "node:net";
import { createServer as createPlainServer } from "node:http";
import { createServer, type Server } from "node:https";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isEnabled, openListeners } from "../../components/stack/connections";
import { LISTENERS, listenersOf } from "../../components/stack/listeners";
import { parseConfig, type StackConfig } from "../../config/parse";
import { dialledName, SERVICES } from "../../config/services";
import { toldAddresses } from "../helpers/gateway-addresses";
import { expectSection } from "../helpers/generated-section";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";
import { matrix, NOT_OBSERVED } from "../helpers/tls-matrix";
import {
  dialersOf,
  expected,
  observe,
  type Dialers,
  type Observation,
} from "../helpers/tls-observation";

/** What no program of the tests opens: Grafana is none, and their collector has not all receivers. */
const NOT_HERE = [
  ...["collector.jaegerGrpc", "collector.jaegerThriftHttp", "collector.zipkin"],
  "grafana.https",
];

const all = SERVICES.flatMap((service) =>
  Object.entries(listenersOf(service)).map(([name, listener]) => ({
    id: `${service}.${name}`,
    ...{ service, name, listener },
  })),
);
const here = all.filter(({ id }) => !NOT_HERE.includes(id));

/** Replicas with what passes between them, and one host with everything else. */
const configs = {
  replicas: parseConfig(
    {
      target: "kubernetes",
      kubernetes: { context: "example" },
      replicas: { qdrant: 2, alertmanager: 2, collector: 2 },
    },
    { stack: "dev", environment: {} },
  ),
  host: parseConfig(
    { containerLogs: { enabled: true }, intake: { plaintext: { enabled: true } } },
    { stack: "dev", environment: {} },
  ),
};

const isOpen = (config: StackConfig, { service, name }: (typeof all)[number]) =>
  isEnabled(config, service) && name in openListeners(config, service);
const onHost = here.filter((one) => isOpen(configs.host, one));
const withReplicas = here.filter((one) => !onHost.includes(one));
const servicesOf = (listeners: typeof here) =>
  SERVICES.filter((name) => listeners.some(({ service }) => service === name));

describeWith(servicesOf(here), "Every listener of the connection table", () => {
  const observed: Record<string, Observation | typeof NOT_OBSERVED> = Object.fromEntries(
    all.map(({ id }) => [id, NOT_OBSERVED]),
  );

  describe.each([
    ["replicas", withReplicas],
    ["host", onHost],
  ] as const)("of the %s", (which, listeners) => {
    let stack: ProcessStack;
    let dialers: Dialers;
    beforeAll(async () => {
      const services = servicesOf(listeners);
      stack = await startStack({ config: configs[which], services, mutate: toldAddresses });
      dialers = await dialersOf(stack.pki, stack.foreign);
    }, 90_000);
    afterAll(() => stack?.stop(), 60_000);

    test.each(listeners.map((one) => [one.id, one] as const))(
      "%s is what its row says",
      async (id, { service, name, listener }) => {
        expect(openListeners(configs[which], service)).toHaveProperty(name);
        const names = { own: dialledName(service), other: service === "tempo" ? "loki" : "tempo" };
        observed[id] = await observe(stack.port(service, name), listener, names, dialers);
        expect(observed[id]).toEqual(expected(listener));
      },
      60_000,
    );
  });

  test("is in docs/security.md as it was observed", () => {
    const missing = all.filter(({ id }) => observed[id] === NOT_OBSERVED).map(({ id }) => id);
    expect(missing).toEqual(NOT_HERE);
    expectSection("security.md", "tls-matrix", matrix(observed));
  });

  test("without TLS is closed until an option opens it, or is inside its container alone", () => {
    const byDefault = parseConfig({}, { stack: "dev", environment: {} });
    for (const { id, service, name, listener } of all) {
      if (listener.security !== "plaintext" || listener.reach === "loopback") continue;
      expect([id, Object.keys(openListeners(byDefault, service))]).toEqual([
        id,
        expect.not.arrayContaining([name]),
      ]);
    }
  });

  describe("that is lax would be seen", () => {
    let stack: ProcessStack;
    let server: Server | undefined;
    let dialers: Dialers;
    beforeAll(async () => {
      // Certificates alone.
      stack = await startStack({ config: configs.host, services: [] });
      dialers = await dialersOf(stack.pki, stack.foreign);
    });
    afterAll(() => stack?.stop());
    afterEach(() => server?.close());

    const listening = async (one: Server) => {
      server = one;
      await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
      return (one.address() as AddressInfo).port;
    };
    const ofTempo = (file: string) => readFileSync(join(stack.pki.identity("tempo"), file), "utf8");
    /** Lax about the issuer: OpenSSL ends no chain before its root. */
    const lax = () => ({
      ...{ cert: ofTempo("tls.crt"), key: ofTempo("tls.key"), requestCert: true },
      ca: dialers.root,
    });
    const seen = async (options: object) => {
      const port = await listening(createServer({ ...lax(), ...options }, (_, to) => to.end()));
      const names = { own: "tempo", other: "loki" };
      return observe(port, { protocol: "http" }, names, dialers);
    };

    test.each<[string, () => object, Partial<Observation>]>([
      ["about the issuer", () => ({}), {}],
      [
        "in TLS 1.1",
        () => ({ minVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
        { versions: ["1.1", "1.2", "1.3"] },
      ],
      [
        "about who has a certificate",
        () => ({ rejectUnauthorized: false }),
        { none: "served", foreign: "served", expired: "served" },
      ],
      ["about the CA", () => ({ ca: [dialers.root, dialers.foreignRoot] }), { foreign: "served" }],
    ])("%s", async (_, options, differs) => {
      expect(await seen(options())).toEqual({
        ...expected(LISTENERS.tempo.http),
        ...{ applications: "served", otherIssuer: "served" },
        ...differs,
      });
    });

    test("in its own certificate: of another CA, or in another's name", async () => {
      const identity = (directory: string) => ({
        cert: readFileSync(join(directory, "tls.crt"), "utf8"),
        key: readFileSync(join(directory, "tls.key"), "utf8"),
      });
      const foreign = await seen(identity(stack.foreign.identity("tempo")));
      expect(foreign).toMatchObject({ chain: false, services: "refused" });
      server?.close();
      const other = await seen(identity(stack.pki.identity("loki")));
      expect(other).toMatchObject({ name: false, services: "refused" });
    });

    test("in plaintext", async () => {
      const port = await listening(createPlainServer((_, to) => to.end()) as unknown as Server);
      const names = { own: "tempo", other: "loki" };
      const plain = await observe(port, { protocol: "http" }, names, dialers);
      expect(plain).toEqual(expected(LISTENERS.tempo.health));
    });
  });
});
