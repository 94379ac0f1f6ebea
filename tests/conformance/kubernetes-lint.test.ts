import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { applicationWorkloads, serviceWorkloads } from "../../components/stack/workloads";
import { parseConfig } from "../../config/parse";
import { IMAGE_USERS } from "../../config/services";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { manifests } from "../../targets/kubernetes/manifests";
import { ApiServer } from "../helpers/api-server";
import type { Manifest } from "../helpers/cluster-objects";
import { writeSchemas } from "../helpers/cluster-schemas";
import { OUTSIDE } from "../helpers/outside-options";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";
import { CHECKED, SCORED, type Accepted } from "./kubernetes-findings";

const DIGEST = `sha256:${"0".repeat(64)}`;

/** A stack with everything that can be made on a cluster. */
const config = parseConfig(
  {
    target: "kubernetes",
    kubernetes: {
      context: "example",
      browsersFrom: ["ingress"],
      autoscale: { "collector-gateway": { most: 4 } },
      attributes: { namespaces: ["*"] },
      podMetrics: { namespaces: ["shops"] },
    },
    ...OUTSIDE,
    replicas: { collector: 2, qdrant: 3, alertmanager: 2 },
    containerLogs: { enabled: true },
    images: {
      overrides: Object.fromEntries(
        IMAGE_USERS.map((name) => [name, `registry.example.org/${name}:1@${DIGEST}`]),
      ),
    },
    apps: [
      { name: "shop", image: `registry.example.org/shop:1@${DIGEST}`, scrape: { port: 9000 } },
      ...OUTSIDE.apps.map((app) => ({ ...app, image: `registry.example.org/till:1@${DIGEST}` })),
    ],
  },
  { stack: "dev", environment: {} },
);
const target = { layout: kubernetesLayout };
const objects = [
  ...manifests(config, [
    ...serviceWorkloads(config, target),
    ...applicationWorkloads(config, target),
  ]).values(),
].map((text) => parse(text) as Manifest);

/** Something that a program finds, as `check Kind/name`. */
type Finding = readonly [check: string, object: string];

const unlike = (findings: readonly Finding[], accepted: readonly Accepted[]) =>
  findings
    .filter(
      ([check, object]) => !accepted.some((one) => one.check === check && one.at.test(object)),
    )
    .map((finding) => finding.join(" "));
const unused = (findings: readonly Finding[], accepted: readonly Accepted[]) =>
  accepted
    .filter((one) => !findings.some(([check, at]) => one.check === check && one.at.test(at)))
    .map(({ check, at }) => `${check} ${String(at)}`);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "tracekeep-lint-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Writes objects, a file each. */
function written(name: string, all: readonly Manifest[]): string {
  const into = join(directory, name);
  mkdirSync(into);
  all.forEach((one, index) => writeFileSync(join(into, `${index}.yaml`), stringify(one)));
  return into;
}
const filesIn = (at: string) => readdirSync(at).map((file) => join(at, file));

function run(program: Parameters<typeof programPath>[0], args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(programPath(program), args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, HOME: directory },
  });
  if (stdout === "") throw new Error(`${program} said nothing: ${stderr}`);
  return stdout;
}

/** The same objects, with the container of one made worse. */
const worse = (name: string, change: (pod: Pod, container: Container) => void): Manifest[] =>
  objects.map((one) => {
    const copy = structuredClone(one) as Manifest & { spec: { template?: { spec: Pod } } };
    if (copy.metadata.name !== name || copy.spec?.template === undefined) return one;
    change(copy.spec.template.spec, copy.spec.template.spec.containers[0]);
    return copy;
  });
interface Pod {
  [key: string]: unknown;
  containers: Container[];
}
interface Container {
  [key: string]: unknown;
  securityContext: Record<string, unknown>;
}
const privileged = worse("tempo", (_, container) => {
  container.securityContext.privileged = true;
});

describeWith(["kube-score"], "What kube-score says of the manifests", () => {
  interface Scored {
    type_meta: { kind: string };
    object_meta: { name: string };
    checks: { check: { id: string }; grade: number; skipped: boolean }[];
  }
  const CRITICAL = 1;
  const findings = (at: string): Finding[] => {
    const scored = JSON.parse(
      run("kube-score", ["score", "--output-format", "json", ...filesIn(at)]),
    ) as Scored[];
    expect(scored.length).toBeGreaterThan(20);
    return scored.flatMap(({ type_meta: { kind }, object_meta: { name }, checks }) =>
      checks
        .filter(({ grade, skipped }) => grade <= CRITICAL && !skipped)
        .map(({ check }): Finding => [check.id, `${kind}/${name}`]),
    );
  };

  test("nothing is critical but what is named with a reason", () => {
    const found = findings(written("scored", objects));
    expect(unlike(found, SCORED)).toEqual([]);
    expect(unused(found, SCORED)).toEqual([]);
  });

  test("a privileged container is critical", () => {
    const found = findings(written("scored-worse", privileged));
    expect(unlike(found, SCORED)).toEqual([
      "container-security-context-privileged StatefulSet/tempo",
    ]);
  });
});

describeWith(["checkov"], "What checkov says of the manifests", () => {
  interface Checked {
    summary: { passed: number; parsing_errors: number };
    results: { failed_checks: { check_id: string; resource: string }[] };
  }
  const findings = (at: string): Finding[] => {
    const args = ["-d", at, "--framework", "kubernetes", "--compact", "--quiet", "-o", "json"];
    const { summary, results } = JSON.parse(
      run("checkov", [...args, "--skip-download"]),
    ) as Checked;
    expect(summary.passed).toBeGreaterThan(500);
    expect(summary.parsing_errors).toBe(0);
    return results.failed_checks.map(({ check_id, resource }): Finding => {
      const [kind, , name] = resource.split(".");
      return [check_id, `${kind}/${name}`];
    });
  };

  test("it finds nothing but what is named with a reason", () => {
    const found = findings(written("checked", objects));
    expect(unlike(found, CHECKED)).toEqual([]);
    expect(unused(found, CHECKED)).toEqual([]);
  }, 120_000);

  test("it finds a privileged container", () => {
    const found = findings(written("checked-worse", privileged));
    expect(unlike(found, CHECKED)).toEqual(["CKV_K8S_16 StatefulSet/tempo"]);
  }, 120_000);
});

describeWith(
  ["kubeconform", "etcd", "kube-apiserver"],
  "What kubeconform says of the manifests",
  () => {
    let schemas: string;
    beforeAll(async () => {
      const server = await ApiServer.start();
      try {
        schemas = await writeSchemas(server, join(directory, "schemas"));
      } finally {
        await server.stop();
      }
    }, 180_000);

    interface Conform {
      resources: { kind: string; name: string; status: string; msg: string }[];
    }
    const findings = (at: string) => {
      const args = ["-strict", "-output", "json", "-verbose", "-schema-location", schemas];
      const { resources } = JSON.parse(run("kubeconform", [...args, at])) as Conform;
      expect(resources.length).toBe(objects.length);
      return resources
        .filter(({ status }) => status !== "statusValid")
        .map(({ kind, name, msg }) => `${kind}/${name}: ${msg}`);
    };

    test("every one is what its kind's schema says", () => {
      expect(findings(written("conforming", objects))).toEqual([]);
    });

    test("an unknown field is found, and a value of another type", () => {
      const wrong = worse("tempo", (pod, container) => {
        pod.hostNetwrok = true;
        container.image = 1;
      });
      const [found, ...others] = findings(written("unlike", wrong));
      expect(found).toMatch(/^StatefulSet\/tempo: .*hostNetwrok/s);
      expect(found).toMatch(/image.*got number, want string/s);
      expect(others).toEqual([]);
    });
  },
);
