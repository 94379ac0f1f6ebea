import * as pulumi from "@pulumi/pulumi";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inStartOrder } from "../../components/stack/start-order";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import {
  applicationsOutput,
  operatorOutput,
  publishedEndpoints,
  verificationOutput,
} from "../../components/stack/outputs";
import { verificationTargetSchema } from "../../components/verification/target";
import { IMAGES } from "../../config/images";
import type { StackConfig } from "../../config/parse";
import { DIALLED_SERVICES } from "../../config/services";
import { dockerTarget } from "../../targets/docker";
import { configOf, plainParts, record, valueOf, type Recorded } from "../helpers/mocks";

const EVERYTHING = {
  storage: {
    tempo: {
      kind: "s3",
      bucket: "traces",
      endpoint: "s3.example.org:443",
      accessKeyId: "S3-ID-TEMPO",
      secretAccessKey: "S3-KEY-TEMPO",
    },
    loki: {
      kind: "s3",
      bucket: "logs",
      endpoint: "s3.example.org:443",
      accessKeyId: "S3-ID-LOKI",
      secretAccessKey: "S3-KEY-LOKI",
    },
  },
  alerts: {
    receivers: [{ name: "ops", url: "https://hooks.example.org/WEBHOOK-TOKEN" }],
    deadMansSwitch: { url: "https://alive.example.org/HEARTBEAT-TOKEN" },
  },
  grafana: {
    oidc: {
      clientId: "tracekeep",
      clientSecret: "OIDC-SECRET",
      authUrl: "https://login.example.org/auth",
      tokenUrl: "https://login.example.org/token",
      apiUrl: "https://login.example.org/user",
    },
    database: {
      host: "db.example.org:5432",
      name: "grafana",
      user: "grafana",
      password: "DATABASE-PASSWORD",
    },
  },
  intake: { plaintext: { enabled: true } },
  apps: [
    { name: "shop", image: "example.org/shop:1", qdrant: true, reads: ["tempo"] },
    { name: "till" },
  ],
};

const SECRETS = [
  "DATABASE-PASSWORD",
  "S3-ID-TEMPO",
  "S3-KEY-TEMPO",
  "S3-ID-LOKI",
  "S3-KEY-LOKI",
  "WEBHOOK-TOKEN",
  "HEARTBEAT-TOKEN",
  "OIDC-SECRET",
  "generated-grafanaAdminPassword",
  "generated-grafanaSecretKey",
  "generated-qdrantApiKey",
  "generated-qdrantReadOnlyKey",
  "EC PRIVATE KEY",
];

async function recordStack(options: unknown = {}, preview = false) {
  const config = configOf(options);
  let stack: ObservabilityStack | undefined;
  const resources = await record(
    () => {
      stack = new ObservabilityStack("tracekeep", { config, target: dockerTarget(config) });
    },
    { preview },
  );
  return { config, resources, stack: stack! };
}

const GUARDS = ["tempo-guard", "prometheus-guard"];

const isContainer = ({ type }: Recorded) => type === "docker:index/container:Container";
const runs = ({ inputs }: Recorded) => inputs.restart === "unless-stopped";

describe("the stack with its defaults", () => {
  let resources: Recorded[];
  let stack: ObservabilityStack;
  let config: StackConfig;
  beforeAll(async () => {
    ({ resources, stack, config } = await recordStack());
  });

  test("is made of the resources of the golden list", () => {
    const actual = `${resources
      .map(({ type, name }) => `${type} :: ${name}`)
      .sort()
      .join("\n")}\n`;
    const golden = join(__dirname, "golden", "resources.txt");
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(golden, actual);
    expect(actual).toBe(readFileSync(golden, "utf8"));
  });

  test("runs every container hardened and none as root", () => {
    const containers = resources.filter(isContainer);
    expect(
      containers
        .filter(runs)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...DIALLED_SERVICES, ...GUARDS].sort());
    for (const { inputs } of containers) {
      expect(inputs).toMatchObject({
        capabilities: { drops: ["ALL"] },
        securityOpts: ["no-new-privileges:true"],
        logOpts: { "max-size": "10m", "max-file": "3" },
        memorySwap: inputs.memory,
      });
      expect(inputs).not.toHaveProperty("privileged");
      expect(JSON.stringify(inputs.volumes)).not.toContain("docker.sock");
    }
    for (const { name, inputs } of containers.filter(runs)) {
      // A guard is its store's user: the directory is nobody else's to look into.
      const { uid, gid } = IMAGES[name.replace("-guard", "") as keyof typeof IMAGES].user;
      expect(uid).toBeGreaterThan(0);
      expect(inputs).toMatchObject({ readOnly: true, user: `${uid}:${gid}` });
      expect(inputs.destroyGraceSeconds).toBeGreaterThanOrEqual(10);
      // Told to end it would lose what comes while it does.
      expect([name, inputs.stopSignal]).toEqual([
        name,
        name === "prometheus" ? "SIGKILL" : undefined,
      ]);
      for (const { ip } of (inputs.ports ?? []) as { ip: string }[]) expect(ip).toBe("127.0.0.1");
    }
  });

  test("joins no service to the outside", () => {
    const networks = resources.filter(({ type }) => type === "docker:index/network:Network");
    expect(networks.map(({ name }) => name).sort()).toEqual(["backplane", "intake"]);
  });

  test("tells Prometheus alone when each certificate ends, beside its own", () => {
    const told = resources.filter((one) =>
      JSON.stringify(one.inputs.uploads ?? "").includes("kind: root"),
    );
    expect(told.map(({ name }) => name)).toEqual(["prometheus-identity-writer"]);
    const uploads = told[0].inputs.uploads as { file: string; content: string }[];
    const [{ content }] = uploads.filter(({ file }) => file.endsWith("/certificates.yml"));
    for (const name of Object.keys(stack.identities)) {
      expect(content).toContain(`certificate: ${name}\n`);
    }
  });

  test("generates secrets that cannot be guessed", () => {
    const passwords = resources.filter(({ type }) => type.endsWith(":RandomPassword"));
    expect(passwords.map(({ name }) => name)).toContain("grafanaAdminPassword");
    for (const { inputs } of passwords) expect(inputs.length).toBeGreaterThanOrEqual(24);
  });

  test("tells the verification all it must know, as a secret", async () => {
    const output = verificationOutput(config, stack);
    await expect(pulumi.isSecret(output)).resolves.toBe(true);
    const target = await valueOf(output);
    expect(verificationTargetSchema.parse(JSON.parse(JSON.stringify(target)))).toMatchObject({
      services: [...DIALLED_SERVICES],
      endpoints: { collector: { otlpGrpc: "127.0.0.1:4317" }, tempo: { http: "127.0.0.1:3200" } },
      qdrant: { apiKey: "generated-qdrantApiKey" },
      grafana: { user: "admin", password: "generated-grafanaAdminPassword" },
    });
    expect(publishedEndpoints(stack.endpoints).loki).toEqual({ http: "127.0.0.1:3100" });
    await expect(pulumi.isSecret(operatorOutput(stack))).resolves.toBe(true);
  });
});

describe("the stack with everything on", () => {
  test("shows no secret in any plain input", async () => {
    const { resources } = await recordStack(EVERYTHING);
    const everything = JSON.stringify(resources.map(({ inputs }) => inputs));
    const plain = JSON.stringify(resources.map(({ raw }) => plainParts(raw)));
    for (const secret of SECRETS) {
      expect(everything).toContain(secret);
      expect(plain).not.toContain(secret);
    }
    // An Output that was put into a text.
    expect(everything).not.toContain("Calling [toString]");
  });

  test("runs applications with an image and gives the others what they need", async () => {
    const { resources, stack, config } = await recordStack(EVERYTHING);
    const shop = resources.find((one) => isContainer(one) && one.name === "shop")!;
    expect(shop.inputs).toMatchObject({ image: "sha256:example.org/shop:1", readOnly: true });
    expect(shop.inputs.envs).toEqual(
      expect.arrayContaining([
        "OTEL_EXPORTER_OTLP_ENDPOINT=https://collector:4317",
        "OTEL_SERVICE_NAME=shop",
        "QDRANT_API_KEY_FILE=/etc/tracekeep/secrets/qdrant-api-key",
      ]),
    );
    expect(resources.some((one) => isContainer(one) && one.name === "till")).toBe(false);
    const output = applicationsOutput(config, stack);
    await expect(pulumi.isSecret(output)).resolves.toBe(true);
    const applications = await valueOf(output);
    expect(Object.keys(applications)).toEqual(["shop", "till"]);
    expect(applications.shop.certificate).toContain("shop");
    expect(applications.shop.certificate).toContain("applications-g1");
    expect(applications.shop.reader?.certificate).toContain("services-g1");
    expect(applications.shop.qdrantApiKey).toBe("generated-qdrantApiKey");
    expect(applications.till).not.toHaveProperty("reader");
  });

  test("can be previewed while nothing is known", async () => {
    const { resources } = await recordStack(EVERYTHING, true);
    expect(resources.filter(isContainer).filter(runs)).toHaveLength(
      DIALLED_SERVICES.length + GUARDS.length + 1,
    );
  });
});

describe("the stack with its containers' logs", () => {
  const options = { containerLogs: { enabled: true } };
  let resources: Recorded[];
  beforeAll(async () => {
    ({ resources } = await recordStack(options));
  });

  test("has one container that is root, without any of its capabilities", () => {
    const running = resources.filter(isContainer).filter(runs);
    const roots = running.filter(({ inputs }) => String(inputs.user).startsWith("0:"));
    expect(roots.map(({ name }) => name)).toEqual(["log-agent"]);
    expect(roots[0].inputs).toMatchObject({
      readOnly: true,
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      ports: [],
      networksAdvanced: [{ name: "tracekeep-dev-backplane" }],
    });
  });

  test("shows a directory of the host to that one alone, and no socket to anybody", () => {
    const seeing = resources.filter(
      ({ inputs }) => inputs.mounts !== undefined || JSON.stringify(inputs).includes("hostPath"),
    );
    expect(seeing.map(({ name }) => name)).toEqual(["log-agent"]);
    expect(seeing[0].inputs.mounts).toEqual([
      {
        type: "bind",
        source: "/var/lib/docker/containers",
        target: "/var/lib/docker/containers",
        readOnly: true,
      },
    ]);
    expect(JSON.stringify(resources.map(({ inputs }) => inputs))).not.toContain("docker.sock:");
  });
});

test("services start after what they dial, and Prometheus waits for nobody", () => {
  const order = inStartOrder([
    { name: "shop", connectsTo: ["collector"] },
    { name: "collector", connectsTo: ["tempo", "prometheus"] },
    { name: "prometheus", connectsTo: ["tempo", "collector"] },
    { name: "tempo", connectsTo: [] },
  ]).map(({ name }) => name);
  expect(order).toEqual(["prometheus", "tempo", "collector", "shop"]);
  expect(() =>
    inStartOrder([
      { name: "a", connectsTo: ["b"] },
      { name: "b", connectsTo: ["a"] },
    ]),
  ).toThrow("a, b wait for each other to start");
});
