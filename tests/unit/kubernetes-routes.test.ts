import { stringify } from "yaml";
import { kubernetesWay } from "../../commands/hosts/kubernetes-applications";
import { publicUrl } from "../../components/public-url";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import { parseConfig } from "../../config/parse";
import { UNREADABLE } from "../../config/types";
import { kubernetesTarget } from "../../targets/kubernetes";
import { expectGolden } from "../helpers/golden";
import {
  manifestsOnCluster,
  onCluster,
  workloadsOnCluster,
  type Manifest,
} from "../helpers/kubernetes-manifests";
import { plainParts, record } from "../helpers/mocks";
import { BY_BALANCER, BY_GATEWAY, BY_INGRESS } from "../helpers/outside-options";
import { policyEdges } from "../helpers/policy-edges";
import { selfSigned } from "../helpers/self-signed";

/** What a stack has by its ways in, and would not have without them. */
function added(options: object): Manifest[] {
  const known = manifestsOnCluster().map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  return manifestsOnCluster(options).filter(
    ({ kind, metadata }) =>
      !known.includes(`${kind}/${metadata.name}`) && !/-config-[0-9a-f]{12}$/.test(metadata.name),
  );
}

const intoCluster = (options: object) => {
  const edges = (some: object) => policyEdges(manifestsOnCluster(some), "ingress");
  const before = edges({});
  return [...edges(options)].filter((edge) => !before.has(edge)).sort();
};

test.each([
  ["ingress", BY_INGRESS],
  ["gateway", BY_GATEWAY],
  ["load-balancer", BY_BALANCER],
])("the ways in by %s are as reviewed", (name, options) => {
  const text = added(options).map((one) => stringify(one, { lineWidth: 0 }));
  expectGolden(`kubernetes-by-${name}.txt`, text.join("---\n"));
});

test("none is there unless it is asked for", () => {
  const kinds = new Set(manifestsOnCluster().map(({ kind }) => kind));
  for (const kind of ["Ingress", "HTTPRoute", "TLSRoute", "BackendTLSPolicy"]) {
    expect(kinds).not.toContain(kind);
  }
  const types = manifestsOnCluster({ hostNames: BY_INGRESS.hostNames })
    .filter(({ kind }) => kind === "Service")
    .map(({ spec }) => spec.type);
  expect(new Set(types)).toEqual(new Set(["ClusterIP", undefined]));
});

test("policies let in who passes on, at the listener that the route leads to, and nobody else", () => {
  expect(intoCluster(BY_INGRESS)).toEqual([
    "namespace ingress -> collector:4317",
    "namespace ingress -> collector:4318",
    "namespace ingress -> grafana:3000",
  ]);
  expect(intoCluster(BY_GATEWAY)).toEqual([
    "198.51.100.0/24 -> collector:4318",
    "namespace gateways -> collector:4317",
    "namespace gateways -> grafana:3000",
  ]);
  expect(intoCluster(BY_BALANCER)).toEqual([
    "192.0.2.0/24 -> collector:4317",
    "192.0.2.0/24 -> collector:4318",
    "2001:db8::/32 -> collector:4317",
    "2001:db8::/32 -> collector:4318",
    "203.0.113.0/24 -> grafana:3000",
  ]);
});

test("the intake's TLS ends at the intake alone", () => {
  for (const options of [BY_INGRESS, BY_GATEWAY]) {
    const toIntake = added(options).filter(({ metadata }) =>
      metadata.name.startsWith("collector-otlp"),
    );
    expect(toIntake.length).toBe(2);
    for (const { kind, spec, metadata } of toIntake) {
      expect(["Ingress", "TLSRoute"]).toContain(kind);
      expect(spec).not.toHaveProperty("tls");
      if (kind === "Ingress") expect(JSON.stringify(metadata.annotations)).toContain("passthrough");
    }
  }
});

test("links and certificates know the public names", () => {
  expect(publicUrl(onCluster(BY_INGRESS), "grafana")).toBe("https://grafana.example.org/");
  expect(publicUrl(onCluster(BY_GATEWAY), "grafana")).toBe("https://traces.example.org:8443/");
  expect(publicUrl(onCluster(BY_BALANCER), "grafana")).toBe("https://grafana.example.org/");
  expect(publicUrl(onCluster(), "grafana")).toBe("https://localhost:3000/");
  const grafana = workloadsOnCluster(BY_INGRESS).find(({ name }) => name === "grafana");
  expect(grafana?.env.GF_SERVER_ROOT_URL).toBe("https://grafana.example.org/");
  const spec = certificateSpecs(onCluster(BY_INGRESS)).find(({ name }) => name === "collector");
  expect(spec?.dnsNames).toEqual(
    expect.arrayContaining(["otlp.example.org", "otlp-http.example.org"]),
  );
});

test("applications outside and browsers are told the way in, others to forward a port", () => {
  const wayTo = (options: object, service: "collector" | "grafana" | "tempo", port: number) =>
    kubernetesWay(onCluster(options), service, `${service}.tracekeep-dev.svc:${port}`);
  expect(wayTo(BY_INGRESS, "collector", 4317)).toEqual({ address: "otlp.example.org:443" });
  expect(wayTo(BY_INGRESS, "collector", 4318)).toEqual({ address: "otlp-http.example.org:443" });
  expect(wayTo(BY_GATEWAY, "grafana", 3000)).toEqual({ address: "traces.example.org:8443" });
  expect(wayTo(BY_BALANCER, "collector", 4317)).toEqual({ address: "otlp.example.org:4317" });
  expect(wayTo(BY_INGRESS, "tempo", 3200).first).toContain("port-forward");
});

test.each([BY_INGRESS, BY_GATEWAY, BY_BALANCER])(
  "the program makes each object under a name of its own",
  async (options) => {
    const config = onCluster(options);
    const resources = (
      await record(() => {
        new ObservabilityStack("tracekeep", { config, target: kubernetesTarget(config) });
      })
    ).filter(({ type }) => type.startsWith("kubernetes:"));
    const names = resources.map(({ type, name }) => `${type}::${name}`);
    expect(names).toEqual([...new Set(names)]);
    const made = resources.map(({ inputs }) => inputs as unknown as Manifest);
    const objectOf = ({ kind, metadata }: Manifest) => `${kind}/${metadata.name}`;
    for (const object of added(options)) expect(made.map(objectOf)).toContain(objectOf(object));
  },
);

describe("a certificate of one's own", () => {
  const withTls = (tls: object, host = "grafana.example.org") => ({
    hostNames: { grafana: [host] },
    kubernetes: {
      routes: { grafana: { https: { fromNamespaces: ["ingress"], ingress: { tls } } } },
    },
  });

  test("is a Secret that the Ingress names; its key is a secret, and in no rendering", async () => {
    const options = withTls(await selfSigned("grafana.example.org"));
    const [secret] = added(options).filter(({ type }) => type === "kubernetes.io/tls");
    expect(secret.stringData?.["tls.key"]).toBe("[secret: grafanaRouteKey]");
    const [ingress] = added(options).filter(({ kind }) => kind === "Ingress");
    expect(ingress.spec.tls).toEqual([
      { hosts: ["grafana.example.org"], secretName: secret.metadata.name },
    ]);
    const config = onCluster(options);
    const resources = await record(() => {
      new ObservabilityStack("tracekeep", { config, target: kubernetesTarget(config) });
    });
    const made = resources.find(({ name }) => name === `${secret.metadata.name}-secret`);
    expect(made?.inputs.stringData).toMatchObject({
      "tls.key": expect.stringContaining("PRIVATE KEY") as string,
    });
    expect(JSON.stringify(plainParts(made?.raw))).not.toContain("PRIVATE KEY");
  });

  test("has to be of the host, with its own key", async () => {
    const own = await selfSigned("grafana.example.org");
    const other = await selfSigned("other.example.org");
    const at = "kubernetes.routes.grafana.https.ingress.tls";
    const refused = (tls: object, message: string) =>
      expect(() => onCluster(withTls(tls))).toThrow(message);
    expect(() => onCluster(withTls(own))).not.toThrow();
    expect(() => onCluster(withTls({ ...own, privateKey: UNREADABLE }))).not.toThrow();
    refused(other, `${at}.certificate: expected a certificate of "grafana.example.org"`);
    refused({ ...own, privateKey: other.privateKey }, `${at}.privateKey: expected the key of`);
    refused({ certificate: own.certificate }, `${at}: expected certificate and privateKey beside`);
    refused({ ...own, secret: "mine" }, `${at}: expected either secret or certificate`);
    refused({}, `${at}: expected either secret or certificate`);
  });
});

const from = { fromNamespaces: ["ingress"] };
const hostNames = { grafana: ["grafana.example.org"], collector: ["otlp.example.org"] };
const routes = (of: object) => ({ hostNames, kubernetes: { routes: of } });
const passing = { annotations: { "haproxy-ingress.github.io/ssl-passthrough": "true" } };

test.each([
  [
    "two ways at once",
    routes({
      grafana: { https: { ...from, ingress: {}, gateway: { name: "a", namespace: "b" } } },
    }),
    "routes.grafana.https: expected either ingress or gateway",
  ],
  ["no way", routes({ grafana: { https: from } }), "https: expected either ingress or gateway"],
  [
    "nobody who passes on",
    routes({ grafana: { https: { ingress: {} } } }),
    "https.fromNamespaces: expected the namespace of",
  ],
  [
    "a name that no certificate carries",
    routes({ grafana: { https: { ...from, ingress: {}, host: "other.example.org" } } }),
    'https.host: expected one of hostNames.grafana, which enter the certificate; got "other.example.org"',
  ],
  [
    "no name",
    { kubernetes: { routes: { grafana: { https: { ...from, ingress: {} } } } } },
    "https.host: expected one of hostNames.grafana, which enter the certificate; got nothing",
  ],
  [
    "an address",
    {
      hostNames: { grafana: ["192.0.2.1"] },
      kubernetes: { routes: { grafana: { https: { ...from, ingress: {} } } } },
    },
    'https.host: expected a name, not an address: "192.0.2.1"',
  ],
  [
    "an intake whose TLS the Ingress would end",
    routes({ collector: { otlpGrpc: { ...from, ingress: {} } } }),
    "otlpGrpc.ingress.annotations: expected the annotation with which your controller passes TLS through",
  ],
  [
    "two protocols by one name",
    routes({
      collector: {
        otlpGrpc: { ...from, ingress: passing },
        otlpHttp: { ...from, ingress: passing },
      },
    }),
    "otlpHttp.host: expected another name than that of kubernetes.routes.collector.otlpGrpc",
  ],
  [
    "a certificate for what is passed through",
    routes({ collector: { otlpGrpc: { ...from, ingress: { ...passing, tls: { secret: "a" } } } } }),
    "otlpGrpc.ingress.tls: no such option",
  ],
  [
    "Grafana, which is off",
    { ...routes({ grafana: { https: { ...from, ingress: {} } } }), grafana: { enabled: false } },
    "routes.grafana.https: expected grafana.enabled: true beside it",
  ],
  [
    "a load balancer beside a route",
    {
      hostNames,
      kubernetes: {
        routes: { grafana: { https: { ...from, ingress: {} } } },
        loadBalancers: { grafana: { sourceRanges: ["0.0.0.0/0"] } },
      },
    },
    "loadBalancers.grafana: expected one way in, but kubernetes.routes.grafana.https is another",
  ],
  [
    "a load balancer for nobody",
    { hostNames, kubernetes: { loadBalancers: { collector: {} } } },
    "loadBalancers.collector.sourceRanges: expected at least one range",
  ],
  [
    "a load balancer without a name",
    { kubernetes: { loadBalancers: { collector: { sourceRanges: ["0.0.0.0/0"] } } } },
    "loadBalancers.collector: expected hostNames.collector beside it",
  ],
  [
    "a namespace that cannot be one",
    routes({ grafana: { https: { fromNamespaces: ["Ingress"], ingress: {} } } }),
    "https.fromNamespaces[0]: expected the name of a namespace",
  ],
])("%s: refused", (_, options, message) => {
  expect(() => onCluster(options)).toThrow(message);
});

test("on Docker there is no such way", () => {
  for (const options of [BY_INGRESS, BY_GATEWAY, BY_BALANCER]) {
    expect(() => parseConfig(options, { stack: "dev", environment: {} })).toThrow(
      "has a meaning only with target: kubernetes",
    );
  }
});
