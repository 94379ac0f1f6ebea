import type { StackConfig } from "../../config/parse";
import { openListeners, enabledServices } from "../../components/stack/connections";
import { GUARDED } from "../../components/stack/listeners";
import { NODES_NAMESPACE } from "../../policy/exceptions";
import { evaluate } from "../../policy/evaluate";
import { RULES } from "../../policy/rules";
import { listenersOf } from "../../policy/views/listeners";
import { IMAGE_USERS } from "../../config/services";
import type { PlannedSubject } from "../../review/engine";
import { configOf, fileOptions, recordedStack } from "./recorded";
import { DIGEST } from "./subjects";

type Options = Record<string, unknown>;

/** Images as they are once they are locked. */
const LOCKED = Object.fromEntries(
  IMAGE_USERS.map((user) => [user, `docker.io/example/${user}:1@${DIGEST}`]),
);

/** A stack's file, with what its comments say that one must add: locked images, a receiver of alerts. */
function completed(stack: string, changes: Options = {}): Options {
  const options = fileOptions(stack);
  const receivers = [{ name: "on-call", url: "https://hooks.example.org/hunter2" }];
  return {
    ...options,
    images: { ...(options.images as Options), overrides: LOCKED },
    alerts: { ...(options.alerts as Options), receivers },
    ...changes,
  };
}

const APPS = {
  apps: [
    {
      name: "shop",
      image: `docker.io/example/shop@${DIGEST}`,
      qdrant: true,
      reads: ["tempo"],
      scrape: { port: 9000 },
    },
    { name: "till" },
  ],
};

const PROD = fileOptions("prod").kubernetes as { volumes: Options };
/** Claims with room for traces and logs that are kept there. */
const ROOMY = { ...PROD, volumes: { ...PROD.volumes, tempo: "100Gi", loki: "500Gi" } };

const WAYS_IN = {
  hostNames: { grafana: ["grafana.example.org"], collector: ["otlp.example.org"] },
  kubernetes: {
    ...PROD,
    routes: {
      grafana: { https: { fromNamespaces: ["ingress"], ingress: { tls: { secret: "pages" } } } },
      collector: {
        otlpGrpc: {
          fromNamespaces: ["ingress"],
          gateway: { name: "public", namespace: "gateways" },
        },
      },
    },
  },
};

const DATABASE = {
  grafana: {
    enabled: true,
    database: {
      host: "db.example.org:5432",
      name: "grafana",
      user: "grafana",
      password: "hunter2-database",
    },
  },
};

/** More than one of everything that there can be more of. */
const TIERS = {
  replicas: { collector: 2, qdrant: 3, alertmanager: 3 },
  kubernetes: {
    ...PROD,
    autoscale: { "collector-gateway": { most: 5 } },
  },
};

/** The stacks of the project, on both targets, and with more on than their files have. */
const STACKS: Record<string, [file: string, changes: Options]> = {
  dev: ["dev", {}],
  "dev on Kubernetes": ["dev", { target: "kubernetes", kubernetes: { context: "example" } }],
  "dev with applications and its containers' logs": [
    "dev",
    { ...APPS, containerLogs: { enabled: true } },
  ],
  host: ["host", {}],
  "host with applications": ["host", APPS],
  prod: ["prod", {}],
  "prod with applications": ["prod", APPS],
  "prod with ways in from outside": ["prod", WAYS_IN],
  "prod with its pods' logs": ["prod", { ...APPS, containerLogs: { enabled: true } }],
  "prod in two tiers": ["prod", { ...APPS, ...TIERS }],
  "prod with a database of Grafana's": ["prod", { ...DATABASE, replicas: { grafana: 2 } }],
  "prod's options on Docker": ["prod", { target: "docker", kubernetes: {}, replicas: {} }],
};

const recorded: Record<string, { config: StackConfig; subjects: PlannedSubject[] }> = {};

beforeAll(async () => {
  for (const [name, [file, changes]] of Object.entries(STACKS)) {
    const config = configOf(completed(file, changes), file);
    recorded[name] = { config, subjects: await recordedStack(config) };
  }
}, 120_000);

const violations = (name: string) => {
  const { config, subjects } = recorded[name];
  return evaluate(subjects, { environment: config.environment });
};

test.each(Object.keys(STACKS))("%s holds to every rule", (name) => {
  expect(recorded[name].subjects.length).toBeGreaterThan(80);
  expect(violations(name)).toEqual([]);
});

test("every rule has something to judge in one of them", () => {
  const all = Object.values(recorded).flatMap(({ subjects }) => subjects);
  const idle = RULES.filter(
    (rule) => rule.kind === "resource" && all.every((subject) => rule.parts(subject).length === 0),
  );
  expect(idle.map(({ name }) => name)).toEqual(["least-rights"]);
});

test.each(Object.keys(STACKS))("every listener of %s is read, and no other", (name) => {
  const { config, subjects } = recorded[name];
  const read = subjects.flatMap((subject) => listenersOf(subject));
  expect(read.filter(({ row }) => row === undefined)).toEqual([]);
  const open = enabledServices(config).flatMap((service) =>
    Object.keys(openListeners(config, service))
      // A guard passes on what it does not read: its store's listener is the one that speaks TLS.
      .filter((listener) => listener !== GUARDED)
      .map((listener) => `${service}.${listener}`),
  );
  expect([...new Set(read.map(({ row }) => row!.name))].sort()).toEqual(open.sort());
});

test.each(Object.keys(STACKS))("what holds data of %s outlives its resource", (name) => {
  const { subjects } = recorded[name];
  const kept = subjects.filter(
    (one) =>
      (one.type.endsWith(":Volume") && one.name.endsWith("-data")) ||
      (one.type.endsWith(":Namespace") && one.name !== NODES_NAMESPACE),
  );
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.filter(({ retained }) => !retained).map(({ name }) => name)).toEqual([]);
});

describe("a stack that is not finished", () => {
  const broken = async (file: string, changes: Options) => {
    const config = configOf(completed(file, changes), file);
    const found = evaluate(await recordedStack(config), { environment: config.environment });
    return [...new Set(found.map(({ rule, level }) => `${rule}: ${level}`))].sort();
  };

  test("is stopped in production, by the rule's name", async () => {
    await expect(broken("host", { images: { pull: true }, alerts: {} })).resolves.toEqual([
      "alert-receiver: mandatory",
      "image-digest: mandatory",
    ]);
    await expect(broken("prod", { sampling: { ratio: 1 }, kubernetes: ROOMY })).resolves.toEqual([
      "sampling: mandatory",
    ]);
  });

  test("is stopped on a cluster for what is kept there alone", async () => {
    const local = { tempo: { kind: "local" }, loki: { kind: "local" } };
    await expect(broken("prod", { storage: local, kubernetes: ROOMY })).resolves.toEqual([
      "storage-not-local: mandatory",
    ]);
  });

  test("is stopped for what a developer is only told", async () => {
    const options = {
      intake: { plaintext: { enabled: true } },
      volumes: { protect: false },
      debugExporter: { enabled: true },
      verification: { enabled: false },
      ports: { tempo: { bind: "0.0.0.0" } },
    };
    await expect(broken("dev", options)).resolves.toEqual([
      "plaintext-intake: advisory",
      "published-ports: advisory",
    ]);
    await expect(broken("host", options)).resolves.toEqual([
      "data-protected: mandatory",
      "debug-exporter: mandatory",
      "plaintext-intake: mandatory",
      "published-ports: mandatory",
      "verification: mandatory",
    ]);
  });

  test("is stopped for a mirror until the pack allows it", async () => {
    const config = configOf(
      { ...completed("host"), images: { registry: "registry.example.org/mirror" } },
      "host",
    );
    const subjects = await recordedStack(config);
    const rules = RULES.filter(({ name }) => name === "image-registry");
    expect(evaluate(subjects, { rules })).not.toEqual([]);
    const settings = { "image-registry": { registries: ["registry.example.org"] } };
    expect(evaluate(subjects, { rules, settings })).toEqual([]);
  });
});
