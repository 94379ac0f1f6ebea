import { renderStack } from "../../commands/rendering";
import { parseConfig } from "../../config/parse";
import { SERVICES } from "../../config/services";
import type { Violation } from "../../policy/evaluate";
import { compare, reviewPage } from "../../review/page";
import { policiesSection } from "../../review/sections/policies";
import { ABSENT, sideOf, type Side } from "../../review/side";
import { planFiles } from "../../review/stack-plan";
import { expectGolden } from "../helpers/golden";

const PLANTED = "hunter2-planted";
const PINNED = (digit: string) => `example.org/tempo:3.0.3@sha256:${digit.repeat(64)}`;

const S3 = {
  kind: "s3",
  bucket: "traces",
  endpoint: "s3.example.org:443",
  accessKeyId: `${PLANTED}-id`,
  secretAccessKey: `${PLANTED}-key`,
};

/** What no rule minds, whatever this checkout's lock has. */
const LOCKED = `docker.io/jaegertracing/jaeger@sha256:${"a".repeat(64)}`;

const BASE = {
  images: { overrides: { tempo: PINNED("a"), jaeger: LOCKED } },
  apps: [{ name: "shop", image: "example.org/shop:1" }],
};
const ON_KUBERNETES = { ...BASE, target: "kubernetes", kubernetes: { context: "example" } };

async function side(options: object, stackFile = ""): Promise<Side> {
  const config = parseConfig(options, { stack: "dev", environment: {} });
  return sideOf(new Map([...renderStack(config), ...(await planFiles(config))]), stackFile);
}

const page = (before: Side, after: Side) =>
  reviewPage("What changes", [{ stack: "dev", before, after }]);

/** Files whose differences are shown whole; others would change with every other document. */
const WHOLE = /^(tempo\/|manifests\/tempo)/;

/** What of a page no revision of other documents changes. */
const brief = (text: string) =>
  text
    .replace(/-[0-9a-f]{12}\b/g, "-HASH")
    .replace(/(<summary>Broken by the base too): [^]*?\n<\/details>/, "$1</summary>(rules)")
    .replace(
      /(<summary>)(.*?)( \(\w+\))?(<\/summary>\n\n)```diff\n[^]*?\n```/g,
      (found, ...parts) => {
        const [open, file, state = "", close] = parts as string[];
        return WHOLE.test(file) ? found : `${open}${file}${state}${close}(differences)`;
      },
    );

let base: Side;
let cluster: Side;
beforeAll(async () => {
  base = await side(BASE);
  cluster = await side(ON_KUBERNETES);
}, 60_000);

type Case = [name: string, options: object];

describe("the page of a change on Docker", () => {
  test.each<Case>([
    ["an-option", { ...BASE, sampling: { ratio: 0.5 } }],
    ["an-image-digest", { ...BASE, images: { overrides: { tempo: PINNED("b"), jaeger: LOCKED } } }],
    ["a-port", { ...BASE, ports: { grafana: { https: 3443 } } }],
    ["a-retention", { ...BASE, retention: { traces: "48h" } }],
    ["a-removed-service", { ...BASE, jaeger: { enabled: false } }],
    ["a-new-ca", { ...BASE, certificates: { caLifetime: "1825d" } }],
    ["storage-to-s3", { ...BASE, storage: { tempo: S3 } }],
    ["another-host", { ...BASE, docker: { host: "ssh://ops@traces.example.org" } }],
    ["another-name", { ...BASE, namePrefix: "observability" }],
    ["a-broken-policy", { ...BASE, intake: { zipkin: { enabled: true } } }],
    ["a-new-application", { ...BASE, apps: [...BASE.apps, { name: "cart" }] }],
  ])("%s is as reviewed", async (name, options) => {
    expectGolden(`review/docker-${name}.md`, brief(page(base, await side(options))));
  });
});

describe("the page of a change on Kubernetes", () => {
  const kubernetes = (more: object) => ({ context: "example", ...more });
  test.each<Case>([
    ["an-option", { ...ON_KUBERNETES, sampling: { ratio: 0.5 } }],
    [
      "an-image-digest",
      { ...ON_KUBERNETES, images: { overrides: { tempo: PINNED("b"), jaeger: LOCKED } } },
    ],
    ["a-claim", { ...ON_KUBERNETES, kubernetes: kubernetes({ volumes: { tempo: "100Gi" } }) }],
    ["a-namespace", { ...ON_KUBERNETES, kubernetes: kubernetes({ namespace: "traces" }) }],
  ])("%s is as reviewed", async (name, options) => {
    expectGolden(`review/kubernetes-${name}.md`, brief(page(cluster, await side(options))));
  });
});

describe("the page", () => {
  test("says of the same stack that nothing changes", async () => {
    expect(page(base, await side(BASE))).toBe("# What changes\n\n## Stack dev\n\nNo change.\n");
  });

  test("says of a secret that it changed, and nothing else of it", async () => {
    const file = (cipher: string) =>
      `config:\n  tracekeep:storage:\n    tempo:\n      secretAccessKey:\n        secure: ${cipher}\n`;
    const options = { ...BASE, storage: { tempo: S3 } };
    const other = { ...BASE, storage: { tempo: { ...S3, secretAccessKey: `${PLANTED}-other` } } };
    const text = page(await side(options, file("v1:one")), await side(other, file("v1:two")));
    expect(text).toContain("- `storage.tempo.secretAccessKey`: changed, or encrypted anew");
    // What Tempo mounts has another name, so Tempo is replaced.
    expect(text).toContain("1. `tempo` is replaced");
    for (const secret of [PLANTED, "v1:one", "v1:two"]) expect(text).not.toContain(secret);
  });

  test.each([
    [
      "a stack that comes",
      () => page(ABSENT, base),
      "volume `tracekeep-dev-tempo-data` is created",
    ],
    ["a stack that goes", () => page(base, ABSENT), "is used no more; it stays"],
  ])("tells of %s", (_, make, text) => {
    expect(make()).toContain(text[0] === "v" ? `- **V${text.slice(1)}` : text);
  });

  test("says which policies a change breaks in production, and which it mends", async () => {
    const locked = SERVICES.map((service) => [service, `${service}@sha256:${"a".repeat(64)}`]);
    const production = (more: object) =>
      side({
        environment: "prod",
        images: { overrides: Object.fromEntries(locked) },
        volumes: { protect: true },
        verification: { enabled: false },
        alerts: { receivers: [{ name: "ops", url: `https://hooks.example.org/${PLANTED}` }] },
        ...more,
      });
    const before = await production({ debugExporter: { enabled: true }, sampling: { ratio: 0.1 } });
    const after = await production({ ports: { tempo: { bind: "0.0.0.0" } } });
    const [, policies] = /### Policies\n\n([^]*?)\n### /.exec(page(before, after)) ?? [];
    expectGolden("review/policies-in-production.md", policies);
  });

  test("does not take what a base does not tell for what it keeps", async () => {
    const { violations, ...older } = base;
    expect(violations).not.toEqual([]);
    const text = page(older, await side({ ...BASE, sampling: { ratio: 0.5 } }));
    expect(text).toContain("The base does not tell, so everything stands here as new.\n\nNew:");
    const newer = await side({ ...BASE, sampling: { ratio: 0.5 } });
    expect(page(base, { ...newer, violations: undefined })).toContain(
      "Not known: the revision does not tell.",
    );
    expect(page({ ...base, violations: [] }, { ...newer, violations: [] })).toContain(
      "### Policies\n\nEvery rule is kept.\n",
    );
  });

  test("calls new what is graver, or of another resource, than at the base", () => {
    const found = { rule: "privileged", description: "No.", message: "a container" } as const;
    const [mild, grave, other] = [
      { ...found, level: "advisory", urn: "urn:a" },
      { ...found, level: "mandatory", urn: "urn:a" },
      { ...found, level: "advisory", urn: "urn:b" },
    ] as const;
    const policies = (was: Violation, is: Violation) =>
      policiesSection(
        compare({ ...base, violations: [was] }, { ...base, violations: [is] }),
      ).lines.join("\n");
    expect(policies(mild, mild)).not.toContain("New:");
    expect(policies(mild, grave)).toContain("New:\n\n- `privileged` (**mandatory**)");
    expect(policies(mild, other)).toContain("New:\n\n- `privileged` (advisory)");
  });

  test("names a broken rule about a secret without the secret", async () => {
    const broken = { ...BASE.apps[0], env: { API_TOKEN: PLANTED } };
    const text = page(base, await side({ ...BASE, apps: [broken] }));
    expect(text).toContain(
      "- `secret-variables` (advisory): No environment variable is a secret: whoever may inspect a container reads it. Broken by `container shop: API_TOKEN`",
    );
    expect(text).not.toContain(PLANTED);
  });

  test("holds no secret anywhere", async () => {
    const options = {
      ...BASE,
      storage: { tempo: S3, loki: { ...S3, bucket: "logs" } },
      alerts: { receivers: [{ name: "ops", url: `https://hooks.example.org/${PLANTED}` }] },
      certificates: { caLifetime: "1825d" },
    };
    const text = page(base, await side(options));
    expect(text).toContain("- **The CA changes**");
    expect(text).not.toContain(PLANTED);
    expect(text).not.toContain("PRIVATE KEY");
  });

  test("fits into a comment, and names what it leaves out", async () => {
    const text = page(ABSENT, await side(BASE));
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/Too long to show here: .*grafana\/config/);
  });
});
