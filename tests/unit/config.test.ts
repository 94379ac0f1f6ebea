import * as fs from "node:fs";
import * as path from "node:path";
import { OPERATOR, readerName, VERIFICATION } from "../../components/pki/certificate-spec";
import { rawOptions, secretsInClear } from "../../commands/stack-config";
import { publishedPorts } from "../../config/checks";
import { secretOptions } from "../../config/options";
import { ConfigurationError, parseConfig, type Problem } from "../../config/parse";
import { Secret } from "../../config/secret";
import { UNREADABLE } from "../../config/types";
import type { BadConfig } from "./bad-config";
import { CLASHES, UNKNOWN_KEYS, WRONG_FORMS } from "./bad-config";

const AWS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key" };
const parse = (raw: Record<string, unknown>, environment = {}) =>
  parseConfig(raw, { stack: "dev", environment });

function failure(raw: Record<string, unknown>): ConfigurationError {
  try {
    parse(raw);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error(`nothing wrong was found in ${JSON.stringify(raw)}`);
}

const problems = (raw: Record<string, unknown>): readonly Problem[] => failure(raw).problems;

const titled = (table: BadConfig[]) =>
  table.map(
    ([options, where, message]) =>
      [`${JSON.stringify(options)} -> ${where}`, options, where, message] as const,
  );

describe.each([
  ["unknown keys", UNKNOWN_KEYS],
  ["wrong forms", WRONG_FORMS],
  ["clashes", CLASHES],
])("%s", (_, table) => {
  test.each(titled(table))("%s", (_title, options, where, message) => {
    const there = problems(options).filter((problem) => problem.path === where);
    expect(there.map((problem) => problem.message)).toEqual([
      typeof message === "string"
        ? expect.stringContaining(message)
        : expect.stringMatching(message),
    ]);
  });

  test.each(titled(table))("only that is reported: %s", (_title, options, where) => {
    // A missing or mistyped neighbour may be named too, but nothing outside its group.
    const [top] = where.split(/[.[]/);
    for (const problem of problems(options)) expect(problem.path.split(/[.[]/)[0]).toBe(top);
  });
});

describe("a report", () => {
  const raw = {
    samplign: {},
    sampling: { ratio: 2 },
    ports: { grafana: { https: 9090, htps: 1 } },
    apps: [{ name: "NO" }, { name: "twice" }, { name: "twice" }],
    retention: { traces: "x", logs: "30h" },
    certificates: { lifetime: "1h", renewBefore: "2h" },
  };

  test("names everything at once; a typo hides no clash", () => {
    expect(problems(raw).map((problem) => problem.path)).toEqual([
      "ports.grafana.htps",
      "retention.traces",
      "sampling.ratio",
      "apps[0].name",
      "samplign",
      "ports.grafana.https",
      "certificates.lifetime",
      "retention.logs",
      // Where it stands in the file, though the entry before it was unusable.
      "apps[2].name",
    ]);
  });

  test("counts a list inside a group as it stands in the file", () => {
    const url = "https://hooks.example.org";
    const names = ["NO", "twice", "twice"];
    const found = problems({ alerts: { receivers: names.map((name) => ({ name, url })) } });
    expect(found.map((problem) => problem.path)).toEqual([
      "alerts.receivers[0].name",
      "alerts.receivers[2].name",
    ]);
    expect(found[1].message).toContain("stands at alerts.receivers[1] already");
  });

  test("is one text with the stack, the paths and where to read on", () => {
    const { message } = failure(raw);
    expect(message).toContain(
      'The configuration of stack "dev" has 9 problems; nothing was changed.',
    );
    expect(message).toContain('\n  tracekeep:samplign: no such option; did you mean "sampling"?');
    expect(message).toContain("All options: docs/options.md. The file: Pulumi.dev.yaml.");
  });

  test("says nothing twice of an option, nor what follows from a mistake already named", () => {
    const found = problems({ certificates: { lifetime: "soon", renewBefore: "100d" } });
    expect(found.map((problem) => problem.path)).toEqual(["certificates.lifetime"]);
  });

  test("names what is deeper than any option, and what is wrong beside it", () => {
    let apps: unknown = [];
    for (let level = 0; level < 100_000; level++) apps = [apps];
    expect(problems({ apps, target: "x" })).toEqual([
      { path: "apps", message: "expected at most 64 groups and lists in one another" },
      expect.objectContaining({ path: "target" }),
    ]);
  });

  test("has no shared object with the caller's options", () => {
    const before = JSON.stringify(raw);
    failure(raw);
    expect(JSON.stringify(raw)).toBe(before);
  });
});

describe("a group without a value", () => {
  test.each([
    { ports: null },
    { ports: { grafana: null } },
    { grafana: { enabled: null } },
    { apps: null },
  ])("%j has its defaults", (raw) => {
    expect(parse(raw)).toEqual(parse({}));
  });
});

describe("secrets", () => {
  const PLANTED = "hunter2-planted";

  /** Puts a value where an option is; in a list, into its first entry. */
  function at(option: string, value: unknown): Record<string, unknown> {
    return option
      .split(".")
      .reduceRight<unknown>(
        (inner, part) =>
          part.endsWith("[]") ? { [part.slice(0, -2)]: [inner] } : { [part]: inner },
        value,
      ) as Record<string, unknown>;
  }

  test("are these options", () => {
    expect(secretOptions()).toEqual([
      "kubernetes.routes.grafana.https.ingress.tls.privateKey",
      "storage.tempo.accessKeyId",
      "storage.tempo.secretAccessKey",
      "storage.loki.accessKeyId",
      "storage.loki.secretAccessKey",
      "grafana.oidc.clientSecret",
      "grafana.database.password",
      "alerts.receivers[].url",
      "alerts.deadMansSwitch.url",
      "certificates.ca.privateKey",
      "certificates.nextCa.privateKey",
    ]);
  });

  test.each(
    secretOptions().flatMap((option) =>
      [
        [PLANTED],
        { nested: PLANTED },
        `http://${PLANTED}@example.org`,
        `-----BEGIN PRIVATE KEY-----\n${PLANTED}`,
      ].map((value) => [option, value] as const),
    ),
  )("of %s are never echoed: %j", (option, value) => {
    const raw = at(option, value);
    // A second mistake, so that even a value of a right form comes with a report.
    expect(failure({ ...raw, target: "x" }).message).not.toContain(PLANTED);
  });

  test.each([
    { alerts: { interval: { url: `https://${PLANTED}` } } },
    { certificates: { ca: { certificate: `-----BEGIN EC PRIVATE KEY-----\n${PLANTED}` } } },
    { certificates: { ca: `-----BEGIN EC PRIVATE KEY-----\n${PLANTED}` } },
    { storage: { tempo: { secretAccesKey: PLANTED } } },
    { storage: { tempo: { bucket: [PLANTED] } } },
    { grafana: { oidc: { authUrl: `http://user:${PLANTED}@example.org` } } },
    { apps: [{ name: "a", env: { TOKEN: [PLANTED] } }] },
  ])("in a wrong place are not echoed: %j", (raw) => {
    expect(failure(raw).message).not.toContain(PLANTED);
  });

  test("stay secrets through parsing, and show as such", () => {
    const url = `https://${PLANTED}.example.org`;
    const config = parse({ alerts: { receivers: [{ name: "ops", url }] } });
    expect(JSON.stringify(config)).not.toContain(PLANTED);
    expect(config.alerts.receivers[0].url.reveal()).toBe(url);
  });

  test("that cannot be read here are taken for right", () => {
    const { alerts } = parse({ alerts: { deadMansSwitch: { url: new Secret(UNREADABLE) } } });
    expect(alerts.deadMansSwitch?.url.reveal()).toBe(UNREADABLE);
  });

  test("an encrypted value is refused where the option is no secret", () => {
    expect(problems({ grafana: { adminUser: new Secret(UNREADABLE) } })).toEqual([
      {
        path: "grafana.adminUser",
        message:
          "expected a text that is not empty, got an encrypted value, which only secrets may be",
      },
    ]);
  });

  test("S3 credentials may come from the environment", () => {
    const s3 = { kind: "s3", bucket: "b", endpoint: "s3.example.org:443" };
    expect(parse({ storage: { tempo: s3 } }, AWS).storage.tempo.bucket).toBe("b");
  });
});

describe("names", () => {
  test("of stacks are labels on Kubernetes", () => {
    const named = (stack: string) => () =>
      parseConfig(
        { target: "kubernetes", kubernetes: { context: "c" } },
        { stack, environment: {} },
      );
    expect(named("Team_A.dev")).not.toThrow();
    for (const name of ["x".repeat(64), "dev.", "_dev"]) {
      expect(named(name)).toThrow(`at both ends, got "${name}"`);
    }
  });

  test("follow from the stack's", () => {
    const named = (stack: string) => parseConfig({}, { stack, environment: {} });
    expect(named("dev")).toMatchObject({ environment: "dev", namePrefix: "tracekeep-dev" });
    const { environment, namePrefix } = named(`Team_A.${"x".repeat(17)}__end__${"y".repeat(40)}`);
    for (const name of [environment, namePrefix]) {
      expect(name.length).toBeLessThanOrEqual(40);
      expect(name).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
    }
  });

  test("that the stack takes for itself are refused to applications", () => {
    for (const name of [OPERATOR, VERIFICATION]) {
      expect(problems({ apps: [{ name }] })[0].path).toBe("apps[0].name");
    }
    const taken = [{ name: "a", reads: ["tempo"] }, { name: readerName("a") }];
    expect(problems({ apps: taken })[0].path).toBe("apps[1].name");
  });
});

describe("portOffset", () => {
  const options = {
    ports: { grafana: { https: 8443 }, loki: { bind: "0.0.0.0" } },
    intake: { plaintext: { enabled: true }, zipkin: { enabled: true } },
  };

  test("moves every published port, stated or not, and nothing else", () => {
    const before = parse(options);
    const after = parse({ ...options, portOffset: 100 });
    const numbers = (config: typeof before) =>
      publishedPorts(config).map(({ path: where, bind, port }) => ({ where, bind, port }));
    expect(numbers(after)).toEqual(
      numbers(before).map((one) => ({ ...one, port: one.port + 100 })),
    );
    expect(numbers(before)).toHaveLength(12);
    const rest = { ports: undefined, intake: undefined, portOffset: undefined };
    expect({ ...after, ...rest }).toEqual({ ...before, ...rest });
  });

  test("may move them up to the last port there is", () => {
    expect(parse({ portOffset: 65_535 - 16_686 }).ports.jaeger.http).toBe(65_535);
  });
});

describe("a stack file", () => {
  test("gives its options, ciphertexts as placeholders, other projects' left out", () => {
    const text = [
      "encryptionsalt: v1:x",
      "config:",
      "  aws:region: x",
      "  tracekeep:alerts:",
      "    receivers:",
      "      - { name: ops, url: { secure: v1:abc } }",
      "  volumes: { protect: true }",
    ].join("\n");
    const raw = rawOptions(text, "f");
    expect(Object.keys(raw)).toEqual(["alerts", "volumes"]);
    const config = parse(raw);
    expect(config.alerts.receivers[0].url.reveal()).toBe(UNREADABLE);
    expect(config.volumes.protect).toBe(true);
  });

  test("that is no YAML is named, with the line", () => {
    expect(() => rawOptions("config:\n  a: [", "Pulumi.x.yaml")).toThrow(
      /^Pulumi\.x\.yaml is no YAML that can be read:[\s\S]+line 2/,
    );
    expect(() => rawOptions("config: text", "Pulumi.x.yaml")).toThrow("expected a map of options");
    expect(rawOptions("", "f")).toEqual({});
  });

  test.each(["- target: docker", "target"])("that is no map is named: %s", (text) => {
    expect(() => rawOptions(text, "Pulumi.x.yaml")).toThrow("Pulumi.x.yaml: expected a map, with");
  });

  test("with an anchor within itself is named", () => {
    const text = "config:\n  ports: &a { grafana: *a }";
    expect(() => rawOptions(text, "Pulumi.x.yaml")).toThrow(
      "Pulumi.x.yaml: groups or lists stand in one another too often, or in themselves.",
    );
  });

  test("with a secret in clear is noticed", () => {
    expect(secretsInClear({ storage: { tempo: { accessKeyId: "x" } }, alerts: {} })).toEqual([
      "storage.tempo.accessKeyId",
    ]);
    const receivers = [{ url: new Secret(UNREADABLE) }, { url: "https://hooks.example.org" }, null];
    expect(secretsInClear({ alerts: { receivers } })).toEqual(["alerts.receivers[1].url"]);
  });

  /** Groups that say nothing of a stack on that target; the name prefix follows from the stack's name. */
  const WITHOUT_MEANING = {
    docker: ["kubernetes", "replicas"],
    kubernetes: ["docker", "ports", "containerLogs", "space"],
  };
  const optionsOf = (stack: string) => {
    const file = path.join(__dirname, `../../Pulumi.${stack}.yaml`);
    return rawOptions(fs.readFileSync(file, "utf8"), file);
  };

  test.each([
    ["dev", "docker"],
    ["host", "docker"],
    ["prod", "kubernetes"],
  ] as const)("Pulumi.%s.yaml is right, for %s, and says something of every group", (stack, on) => {
    const raw = optionsOf(stack);
    const config = parseConfig(raw, { stack, environment: AWS });
    const left = ["stack", "namePrefix", "portOffset", "imagesLock", ...WITHOUT_MEANING[on]];
    const groups = Object.keys(config).filter((key) => !left.includes(key));
    expect(Object.keys(raw).sort()).toEqual(groups.sort());
    expect(config.target).toBe(on);
  });

  test.each(["host", "prod"])("of %s has what production is for", (stack) => {
    expect(parseConfig(optionsOf(stack), { stack, environment: AWS })).toMatchObject({
      environment: "prod",
      images: { requireLock: true },
      sampling: { ratio: 0.1, keepErrors: true },
      storage: { tempo: { kind: "s3" }, loki: { kind: "s3" } },
      volumes: { protect: true },
      verification: { enabled: true },
      intake: { plaintext: { enabled: false } },
    });
  });
});
