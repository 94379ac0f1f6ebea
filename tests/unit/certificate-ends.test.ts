import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import { certificateEndsDocument } from "../../components/prometheus/certificate-ends";
import { prometheusWorkload } from "../../components/prometheus/config";
import { contextOf, documentOf } from "../helpers/golden";
import { configOf } from "../helpers/mocks";
import { issuePki, type Pki } from "../helpers/pki";
import { PRIVATE_CA } from "../helpers/private-ca";

interface Rule {
  record: string;
  expr: string;
  labels: { certificate: string; kind: string };
}

const rulesOf = (document: string) =>
  (parse(document) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);

describe("the ends of certificates", () => {
  const specs = certificateSpecs(configOf({ apps: [{ name: "shop", reads: ["tempo"] }] }));
  let directory: string;
  let pki: Pki;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tracekeep-ends-"));
    pki = await issuePki(directory, specs);
  });
  afterAll(() => rm(directory, { recursive: true }));

  test("are a series for each leaf, issuer and root", async () => {
    const rules = rulesOf(certificateEndsDocument(await pki.issued()));
    expect(rules.map(({ labels: { certificate, kind } }) => `${kind} ${certificate}`)).toEqual([
      "root tracekeep root",
      "issuer tracekeep services",
      "issuer tracekeep applications",
      ...specs.map(({ name }) => `leaf ${name}`),
    ]);
    for (const { record, expr } of rules) {
      expect(record).toBe("tracekeep:certificate_not_after:timestamp_seconds");
      const [, seconds] = /^vector\((\d+)\)$/.exec(expr) ?? [];
      expect(Number(seconds)).toBeCloseTo(Date.now() / 1000 + 86_400, -2);
    }
  });

  test("follow a renewal of one leaf, and of that one alone", async () => {
    const ends = async () =>
      rulesOf(certificateEndsDocument(await pki.issued())).map(({ expr }) => expr);
    const before = await ends();
    await pki.reissue("shop", { lifetime: 3600 });
    const after = await ends();
    const changed = after.flatMap((expr, index) => (expr === before[index] ? [] : [index]));
    const shop = 3 + specs.findIndex(({ name }) => name === "shop");
    expect(changed).toEqual([shop]);
    const [, seconds] = /\((\d+)\)/.exec(after[shop]) ?? [];
    expect(Number(seconds)).toBeCloseTo(Date.now() / 1000 + 3600, -2);
  });

  test("are one series where two certificates of a CA have one name", () => {
    const document = certificateEndsDocument({
      root: PRIVATE_CA + PRIVATE_CA,
      issuers: "",
      leaves: {},
    });
    expect(rulesOf(document)).toHaveLength(1);
  });

  test("hold no key, whatever stands in a bundle", async () => {
    expect(certificateEndsDocument(await pki.issued())).not.toMatch(/BEGIN|PRIVATE/);
  });

  test("are a file that Prometheus reads and looks after, and none of its documents", () => {
    const workload = prometheusWorkload(contextOf("prometheus"));
    const [{ liveFiles = [] }] = workload.identities;
    const { rule_files } = parse(documentOf(workload, "prometheus.yml")) as {
      rule_files: string[];
    };
    expect(liveFiles).toHaveLength(1);
    expect(rule_files).toContain(liveFiles[0].path);
    expect(workload.args).toContain("--config.auto-reload");
    expect(workload.files.map(({ path }) => path)).not.toContain(liveFiles[0].path);
  });
});
