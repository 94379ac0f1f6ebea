import * as pulumi from "@pulumi/pulumi";
import { CertificateAuthority } from "../../components/pki/certificate-authority";
import { ownAuthorities } from "../../components/pki/own-authorities";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import { Identity } from "../../components/pki/identity";
import { Secret } from "../../config/secret";
import { dockerTarget, reachOn } from "../../targets/docker";
import { cpusText } from "../../targets/docker/container";
import { containerLayout } from "../../targets/container-layout";
import type { Endpoint, Materials } from "../../targets/target";
import type { IssuedCertificates, Workload } from "../../targets/workload";
import { configOf, isSecretInput, record, valueOf, type Recorded } from "../helpers/mocks";

const layout = containerLayout("tempo");

const workload: Workload = {
  name: "tempo",
  image: "example.org/tempo:1",
  user: { uid: 10001, gid: 10002 },
  args: ["-config.file=/etc/tracekeep/config/tempo.yaml"],
  env: { Z: "1", A: "2" },
  files: [{ path: "/etc/tracekeep/config/tempo.yaml", content: "target: all\n" }],
  secretFiles: [
    {
      path: "/etc/tracekeep/secrets/key",
      secrets: ["qdrantApiKey"],
      render: ([key]) => `key=${key}\n`,
    },
  ],
  identities: [{ certificate: "tempo", directory: layout.identity, reload: "watch" }],
  ports: [
    { name: "http", number: 3200, publish: { bind: "127.0.0.1", port: 3200 } },
    { name: "otlp", number: 4317, publish: { bind: "0.0.0.0", port: 317 } },
    { name: "grpc", number: 9095 },
  ],
  storage: { path: "/var/tempo", ownedByImage: true },
  writable: ["/tmp"],
  probe: { kind: "exec", command: ["/tempo", "-health"] },
  limits: { memory: 512 * 2 ** 20, memoryReservation: 128 * 2 ** 20, cpus: 1.5 },
  stopGrace: 45,
  zones: ["backplane", "egress"],
  connectsTo: [],
  dials: [],
  dialledBy: [],
};

/** What sets owners: root with one capability, no network, and done before the service starts. */
const ONE_SHOT = {
  image: "sha256:docker.io/prom/prometheus:v3.14.0",
  entrypoints: ["sh", "-ec"],
  user: "0:0",
  capabilities: { adds: ["CAP_CHOWN"], drops: ["ALL"] },
  securityOpts: ["no-new-privileges:true"],
  readOnly: true,
  networkMode: "none",
  restart: "no",
  attach: true,
  mustRun: false,
};

function materials(certificate = "LEAF", root = "ROOT"): Materials {
  return {
    trust: {
      root: pulumi.output(root),
      services: pulumi.output("SERVICES"),
      clients: pulumi.output("CLIENTS"),
    },
    identities: {
      tempo: { certificate: pulumi.output(certificate), key: pulumi.secret("PRIVATE") },
    },
    secrets: { qdrantApiKey: pulumi.secret("hunter2") } as unknown as Materials["secrets"],
  };
}

interface Deployment {
  options?: unknown;
  change?: Partial<Workload>;
  certificate?: string;
  root?: string;
  preview?: boolean;
}

/** What the deployment of one Workload registers. */
async function deployed({ options, change, certificate, root, preview }: Deployment = {}) {
  let endpoint: Endpoint | undefined;
  const resources = await record(
    () => {
      const deployer = dockerTarget(configOf(options)).deployer(materials(certificate, root), {});
      endpoint = deployer.deploy({ ...workload, ...change }, {});
    },
    { preview },
  );
  const find = (type: string, name: string): Recorded => {
    const found = resources.find((one) => one.type.endsWith(`:${type}`) && one.name === name);
    if (!found) throw new Error(`no ${type} "${name}"`);
    return found;
  };
  return {
    resources,
    container: (name: string) => find("Container", name).inputs,
    volume: (name: string) => find("Volume", name).inputs,
    find,
    endpoint: endpoint!,
  };
}

describe("a Workload on Docker", () => {
  test("runs hardened, limited and with rotated logs", async () => {
    const { container } = await deployed();
    expect(container("tempo")).toMatchObject({
      name: "tracekeep-dev-tempo",
      hostname: "tempo",
      readOnly: true,
      user: "10001:10002",
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      memory: 512,
      memorySwap: 512,
      memoryReservation: 128,
      cpus: "1.5",
      init: false,
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3", tag: "{{.Name}}" },
      restart: "unless-stopped",
      destroyGraceSeconds: 45,
      stopTimeout: 45,
      envs: ["A=2", "Z=1"],
      labels: [
        { label: "tracekeep.service", value: "tempo" },
        { label: "tracekeep.stack", value: "dev" },
      ],
      tmpfs: { "/tmp": "rw,nosuid,nodev,noexec,size=64m,mode=0700,uid=10001,gid=10002" },
    });
    expect(container("tempo")).not.toHaveProperty("entrypoints");
    expect(container("tempo")).not.toHaveProperty("privileged");
  });

  test("has new texts before the volume of the old ones goes, and so is stopped in its turn", async () => {
    const goesFirst: Record<string, boolean | undefined> = {};
    await record(() => {
      pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
        if (type.endsWith(":Volume")) {
          goesFirst[name] = (opts as pulumi.CustomResourceOptions).deleteBeforeReplace;
        }
        return undefined;
      });
      dockerTarget(configOf()).deployer(materials(), {}).deploy(workload, {});
    });
    // Left out, the provider would have one with a given name gone first.
    expect(goesFirst).toMatchObject({
      ...{ trust: false, "tempo-config": false, "tempo-secrets": false },
    });
  });

  test("is waited for where its image can run a probe", async () => {
    const probed = (await deployed()).container("tempo");
    expect(probed).toMatchObject({
      wait: true,
      healthcheck: { tests: ["CMD", "/tempo", "-health"] },
    });
    const blind = await deployed({ change: { probe: { kind: "none", reason: "no exec" } } });
    expect(blind.container("tempo")).not.toHaveProperty("wait");
    expect(blind.container("tempo")).not.toHaveProperty("healthcheck");
  });

  test.each([
    [1, "1.0"],
    [0.25, "0.25"],
    [1.5, "1.5"],
    [10, "10."],
  ])("writes %d cores as the provider reads them back", (cpus, text) => {
    expect(cpusText(cpus)).toBe(text);
  });

  test("publishes what asks for it, sorted, and says where it is reached", async () => {
    const { container, endpoint } = await deployed();
    expect(container("tempo").ports).toEqual([
      { internal: 4317, external: 317, ip: "0.0.0.0", protocol: "tcp" },
      { internal: 3200, external: 3200, ip: "127.0.0.1", protocol: "tcp" },
    ]);
    expect(endpoint.published).toEqual({ http: "127.0.0.1:3200", otlp: "127.0.0.1:317" });
    await expect(valueOf(endpoint.instance)).resolves.toBe("tempo-id");
    expect(reachOn("tcp://docker.example.org:2376")("0.0.0.0", 1)).toBe("docker.example.org:1");
  });

  test("has its files through volumes that never-started writers fill", async () => {
    const { container, resources } = await deployed();
    const writers = resources.filter(({ name }) => name.endsWith("-writer"));
    expect(writers.map(({ name }) => name).sort()).toEqual([
      "tempo-config-writer",
      "tempo-identity-writer",
      "tempo-secrets-writer",
      "trust-writer",
    ]);
    for (const { inputs } of writers) {
      expect(inputs).toMatchObject({
        start: false,
        mustRun: false,
        networkMode: "none",
        restart: "no",
        capabilities: { drops: ["ALL"] },
        memory: 64,
        memorySwap: 64,
      });
    }
    expect(container("tempo")).not.toHaveProperty("uploads");
    const mounts = container("tempo").volumes as Record<string, unknown>[];
    expect(mounts.map(({ containerPath, readOnly = false }) => [containerPath, readOnly])).toEqual([
      ["/etc/tracekeep/config", true],
      ["/etc/tracekeep/secrets", true],
      ["/etc/tracekeep/identity", true],
      ["/etc/tracekeep/trust", true],
      ["/var/tempo", false],
    ]);
    expect(container("trust-writer").uploads).toEqual([
      { file: "/etc/tracekeep/trust/root.crt", content: "ROOT", permissions: "0444" },
      { file: "/etc/tracekeep/trust/services.crt", content: "SERVICES", permissions: "0444" },
      { file: "/etc/tracekeep/trust/clients.crt", content: "CLIENTS", permissions: "0444" },
    ]);
  });

  test("has its files judged by its program first, in a container without network or data", async () => {
    const configCheck = { entrypoint: ["/tool"], args: ["check", "/etc/tracekeep/config"] };
    const { container, resources } = await deployed({ change: { configCheck } });
    const check = container("tempo-config-check");
    expect(check).toMatchObject({
      name: "tracekeep-dev-tempo-config-check",
      image: container("tempo").image,
      entrypoints: ["/tool"],
      command: ["check", "/etc/tracekeep/config"],
      envs: ["A=2", "Z=1"],
      user: "10001:10002",
      readOnly: true,
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      tmpfs: container("tempo").tmpfs,
      networkMode: "none",
      restart: "no",
      attach: true,
      mustRun: false,
      memory: 512,
      memorySwap: 512,
    });
    const data = { containerPath: "/var/tempo" };
    const mounts = container("tempo").volumes as Record<string, unknown>[];
    expect(check.volumes).toEqual(
      mounts.filter(({ containerPath }) => containerPath !== data.containerPath),
    );
    // What waits is made after what it waits for.
    const names = resources.map(({ name }) => name);
    expect(names.indexOf("tempo-config-check")).toBeLessThan(names.lastIndexOf("tempo"));
    expect((await deployed()).resources.map(({ name }) => name)).not.toContain(
      "tempo-config-check",
    );
  });

  test("keeps keys and secret files to their service's user", async () => {
    const { container, find } = await deployed();
    const certificate = { file: "/etc/tracekeep/identity/tls.crt", content: "LEAF" };
    const key = { file: "/etc/tracekeep/identity/tls.key", content: "PRIVATE" };
    const secret = { file: "/etc/tracekeep/secrets/key", content: "key=hunter2\n" };
    const permissions = "0444";
    expect(container("tempo-identity-writer").uploads).toEqual([
      { ...certificate, permissions },
      { ...key, permissions },
    ]);
    expect(container("tempo-secrets-writer").uploads).toEqual([{ ...secret, permissions }]);
    for (const [volume, { file }] of Object.entries({
      "tempo-identity": key,
      "tempo-secrets": secret,
    })) {
      expect(isSecretInput(find("Container", `${volume}-writer`).raw.uploads)).toBe(true);
      expect(container(`${volume}-owner`)).toMatchObject({
        ...ONE_SHOT,
        command: [`chown 0:0 ${file}; chmod 0400 ${file}; chown 10001:10002 ${file}`],
      });
      // Runs again with every new writer.
      expect(container(`${volume}-owner`).labels).toContainEqual({
        label: "tracekeep.trigger",
        value: `${volume}-writer-id`,
      });
    }
  });

  test("leaves them to its volume alone where that is asked for", async () => {
    const { container, resources } = await deployed({
      options: { docker: { keyFiles: "volume" } },
    });
    expect(resources.map(({ name }) => name)).not.toContain("tempo-identity-owner");
    expect(container("tempo-identity-writer").uploads).toContainEqual({
      file: "/etc/tracekeep/identity/tls.key",
      content: "PRIVATE",
      permissions: "0444",
    });
    const mounting = resources.filter(({ inputs }) =>
      JSON.stringify(inputs.volumes ?? "").includes("tempo-identity"),
    );
    expect(mounting.map(({ name }) => name).sort()).toEqual(["tempo", "tempo-identity-writer"]);
  });

  test("names volumes by content, but identity and data by their service", async () => {
    const names = async (deployment: Deployment) => {
      const { volume } = await deployed(deployment);
      return Object.fromEntries(
        ["tempo-config", "tempo-secrets", "trust", "tempo-identity", "tempo-data"].map((name) => [
          name,
          volume(name).name as string,
        ]),
      );
    };
    const before = await names({});
    expect(before["tempo-identity"]).toBe("tracekeep-dev-tempo-identity");
    expect(before["tempo-data"]).toBe("tracekeep-dev-tempo-data");
    for (const name of ["tempo-config", "tempo-secrets", "trust"]) {
      expect(before[name]).toMatch(new RegExp(`^tracekeep-dev-${name}-[0-9a-f]{12}$`));
    }
    const differing = async (deployment: Deployment) => {
      const after = await names(deployment);
      return Object.keys(before).filter((name) => before[name] !== after[name]);
    };
    const files = [{ path: workload.files[0].path, content: "target: other\n" }];
    await expect(differing({ change: { files } })).resolves.toEqual(["tempo-config"]);
    await expect(differing({ root: "ROOT 2" })).resolves.toEqual(["trust"]);
    await expect(differing({ certificate: "LEAF 2" })).resolves.toEqual([]);
    const secretFiles = [{ ...workload.secretFiles[0], render: () => "other" }];
    await expect(differing({ change: { secretFiles } })).resolves.toEqual(["tempo-secrets"]);
  });

  test("carries nothing of its certificate, unless only a restart takes a renewed one", async () => {
    const renewed = { certificate: "LEAF 2" };
    const [before, after] = [await deployed(), await deployed(renewed)];
    expect(after.container("tempo")).toEqual(before.container("tempo"));
    expect(after.container("tempo-identity-writer")).not.toEqual(
      before.container("tempo-identity-writer"),
    );
    const identities = [{ ...workload.identities[0], reload: "restart" as const }];
    const [old, restarted] = [
      await deployed({ change: { identities } }),
      await deployed({ change: { identities }, ...renewed }),
    ];
    expect(restarted.container("tempo").labels).not.toEqual(old.container("tempo").labels);
  });

  test("refreshes what tells of certificates beside its own, and nothing else", async () => {
    const path = `${layout.identity}/ends.yml`;
    const render = (issued: IssuedCertificates) => JSON.stringify(issued);
    const identities = [{ ...workload.identities[0], liveFiles: [{ path, render }] }];
    const [old, renewed] = [
      await deployed({ change: { identities } }),
      await deployed({ change: { identities }, certificate: "LEAF 2" }),
    ];
    expect(old.container("tempo-identity-writer").uploads).toContainEqual({
      file: path,
      content: JSON.stringify({ root: "ROOT", issuers: "CLIENTS", leaves: { tempo: "LEAF" } }),
      permissions: "0444",
    });
    expect(JSON.stringify(renewed.container("tempo-identity-writer").uploads)).toContain("LEAF 2");
    // The owner of the key is set again; who reads the file need not own it.
    expect(old.container("tempo-identity-owner").command).not.toEqual([
      expect.stringContaining(path),
    ]);
    expect(renewed.container("tempo")).toEqual(old.container("tempo"));
    expect(renewed.volume("tempo-identity")).toEqual(old.volume("tempo-identity"));
    const names = ({ resources }: typeof old) => resources.map(({ type, name }) => type + name);
    expect(names(renewed)).toEqual(names(old));
  });

  test("owns its data volume through its image, or through one run of chown", async () => {
    const shipped = await deployed();
    expect(shipped.resources.map(({ name }) => name)).not.toContain("tempo-data-owner");
    const { container } = await deployed({
      change: { storage: { path: "/badger", ownedByImage: false } },
    });
    expect(container("tempo-data-owner")).toMatchObject({
      ...ONE_SHOT,
      command: ["chown 10001:10002 /badger"],
      volumes: [{ volumeName: "tracekeep-dev-tempo-data", containerPath: "/badger" }],
    });
  });

  test("sees a directory of the host where it asks for it, at the same path and never to write", async () => {
    const without = await deployed();
    expect(without.container("tempo")).not.toHaveProperty("mounts");
    const { container } = await deployed({
      change: { hostDirectories: ["/srv/docker/containers"] },
    });
    expect(container("tempo").mounts).toEqual([
      {
        type: "bind",
        source: "/srv/docker/containers",
        target: "/srv/docker/containers",
        readOnly: true,
      },
    ]);
  });

  test("joins bridges of which only the egress leads out, and is routed through that one", async () => {
    const { resources, container } = await deployed();
    const networks = resources.filter(({ type }) => type.endsWith(":Network"));
    const masquerade = networks.map(({ inputs }) => [
      inputs.name,
      inputs.driver,
      inputs.internal ?? false,
      (inputs.options as Record<string, string>)["com.docker.network.bridge.enable_ip_masquerade"],
    ]);
    expect(masquerade).toEqual([
      ["tracekeep-dev-backplane", "bridge", false, "false"],
      ["tracekeep-dev-a-egress", "bridge", false, "true"],
    ]);
    expect(container("tempo").networksAdvanced).toEqual([
      { name: "tracekeep-dev-backplane", aliases: ["tempo"] },
      { name: "tracekeep-dev-a-egress", aliases: ["tempo"] },
    ]);
    const names = networks.map(({ inputs }) => inputs.name as string);
    expect([...names].sort()[0]).toBe("tracekeep-dev-a-egress");
  });

  test("takes its image by the id of what was pulled, or by name", async () => {
    const pulled = await deployed();
    expect(pulled.container("tempo").image).toBe("sha256:example.org/tempo:1");
    expect(pulled.find("RemoteImage", "example.org/tempo:1").inputs.keepLocally).toBe(true);
    const local = await deployed({ options: { images: { pull: false } } });
    expect(local.container("tempo").image).toBe("example.org/tempo:1");
    expect(local.resources.some(({ type }) => type.endsWith(":RemoteImage"))).toBe(false);
  });

  test("can be previewed while nothing is known", async () => {
    const { resources } = await deployed({ preview: true });
    expect(resources.map(({ name }) => name)).toContain("tempo");
  });
});

describe("certificates", () => {
  interface Issue {
    options?: object;
    args?: Partial<ConstructorParameters<typeof CertificateAuthority>[1]>;
  }
  async function issued({ options = {}, args = {} }: Issue = {}) {
    const config = configOf(options);
    let authority: CertificateAuthority | undefined;
    const resources = await record(() => {
      authority = new CertificateAuthority("ca", {
        prefix: "tk",
        lifetime: 87_600 * 3600,
        leafLifetime: 2160 * 3600,
        generations: { generation: 1 },
        ...args,
      });
      for (const spec of certificateSpecs(config)) {
        new Identity(spec.name, {
          spec,
          authority,
          lifetime: 2160 * 3600,
          renewBefore: 720 * 3600,
        });
      }
    });
    const inputsOf = (type: string, name: string) =>
      resources.find((one) => one.type.endsWith(`:${type}`) && one.name === name)?.inputs;
    return { resources, inputsOf, authority: authority! };
  }

  test("come from one root and two issuers under it", async () => {
    const { inputsOf } = await issued();
    expect(inputsOf("SelfSignedCert", "root-g1")).toMatchObject({
      subject: { commonName: "tracekeep tk root g1" },
      isCaCertificate: true,
      maxPathLength: 1,
      allowedUses: ["cert_signing", "crl_signing"],
      validityPeriodHours: 87_600,
    });
    for (const issuer of ["services", "applications"]) {
      expect(inputsOf("CertRequest", `${issuer}-g1`)).toMatchObject({
        subject: { commonName: `tracekeep tk ${issuer} g1` },
      });
      const certificate = inputsOf("LocallySignedCert", `${issuer}-g1`);
      expect(certificate).toMatchObject({
        caCertPem: expect.stringContaining("root-g1") as string,
        isCaCertificate: true,
        allowedUses: ["cert_signing", "crl_signing"],
      });
      // A leaf signed just before must not outlive its issuer.
      expect(certificate!.earlyRenewalHours).toBeGreaterThan(2160);
      // The provider drops a 0, and a 1 would allow a CA below.
      expect(certificate).not.toHaveProperty("maxPathLength");
    }
  });

  test("of services serve and dial, those of applications and people only dial", async () => {
    const { inputsOf } = await issued({ options: { apps: [{ name: "shop", reads: ["tempo"] }] } });
    const both = ["digital_signature", "server_auth", "client_auth"];
    const dial = ["digital_signature", "client_auth"];
    const issuers: Record<string, [issuer: string, uses: string[]]> = {
      tempo: ["services-g1", both],
      shop: ["applications-g1", dial],
      "shop-reader": ["services-g1", dial],
      operator: ["services-g1", dial],
      verification: ["applications-g1", dial],
    };
    for (const [name, [issuer, uses]] of Object.entries(issuers)) {
      const leaf = inputsOf("LocallySignedCert", name);
      expect(leaf).toMatchObject({
        allowedUses: uses,
        validityPeriodHours: 2160,
        earlyRenewalHours: 720,
        caCertPem: expect.stringContaining(issuer) as string,
      });
      expect(leaf).not.toHaveProperty("isCaCertificate");
    }
    expect(inputsOf("CertRequest", "tempo")).toMatchObject({
      subject: { commonName: "tempo" },
      dnsNames: ["localhost", "tempo"],
      ipAddresses: ["127.0.0.1"],
    });
  });

  test("have P-256 keys that are secret wherever they go", async () => {
    const { resources } = await issued();
    const keys = resources.filter(({ type }) => type.endsWith(":PrivateKey"));
    expect(keys.length).toBeGreaterThan(10);
    for (const { inputs } of keys) {
      expect(inputs).toMatchObject({ algorithm: "ECDSA", ecdsaCurve: "P256" });
    }
    for (const { raw } of resources) {
      for (const input of ["privateKeyPem", "caPrivateKeyPem"].filter((one) => one in raw)) {
        expect(isSecretInput(raw[input])).toBe(true);
      }
    }
  });

  test("are trusted in every generation and signed by one", async () => {
    const { authority } = await issued({
      args: { generations: { generation: 2, alsoTrusted: 1 } },
    });
    const names = async (pem: pulumi.Output<string>) =>
      (await valueOf(pem)).split("\n").filter((line) => /^[a-z]+-g\d$/.test(line));
    await expect(names(authority.trust.root)).resolves.toEqual(["root-g1", "root-g2"]);
    await expect(names(authority.trust.services)).resolves.toEqual(["services-g1", "services-g2"]);
    await expect(names(authority.trust.clients)).resolves.toEqual([
      "services-g1",
      "applications-g1",
      "services-g2",
      "applications-g2",
    ]);
    await expect(names(authority.signer("services").certificate)).resolves.toEqual(["services-g2"]);
  });

  test("come from the user's own CA where there is one", async () => {
    const own = { certificate: "OWN CA", privateKey: new Secret("OWN KEY") };
    const { resources, inputsOf, authority } = await issued({ args: { own: { 1: own } } });
    expect(resources.some(({ type }) => type.endsWith(":SelfSignedCert"))).toBe(false);
    expect(inputsOf("LocallySignedCert", "services-g1")).toMatchObject({
      caCertPem: "OWN CA",
      caPrivateKeyPem: "OWN KEY",
    });
    await expect(valueOf(authority.trust.root)).resolves.toBe("OWN CA\n");
    const issuer = resources.find(
      ({ type, name }) => type.endsWith(":LocallySignedCert") && name === "services-g1",
    );
    expect(isSecretInput(issuer!.raw.caPrivateKeyPem)).toBe(true);
  });

  test("come from the user's next CA behind a rotation, and both are trusted in it", async () => {
    const of = (name: string) => ({ certificate: name, privateKey: new Secret(`${name} KEY`) });
    const generations = { generation: 2, alsoTrusted: 1 };
    const own = ownAuthorities({
      ...configOf().certificates,
      ...{ ...generations, ca: of("OLD CA"), nextCa: of("NEXT CA") },
    });
    const { inputsOf, authority } = await issued({ args: { generations, own } });
    expect(inputsOf("LocallySignedCert", "services-g1")).toMatchObject({ caCertPem: "OLD CA" });
    expect(inputsOf("LocallySignedCert", "services-g2")).toMatchObject({ caCertPem: "NEXT CA" });
    await expect(valueOf(authority.trust.root)).resolves.toBe("OLD CA\nNEXT CA\n");
    // Its turn has not come, or the command has put it in the other's place.
    expect(ownAuthorities({ ...configOf().certificates, nextCa: of("NEXT CA") })).toEqual({});
  });
});
