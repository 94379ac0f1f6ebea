import * as fs from "node:fs";
import * as path from "node:path";
import { alertsReference } from "../../commands/alerts-reference";
import { DASHBOARDS } from "../../components/grafana/dashboards/catalogue";
import { runbookOf } from "../../components/prometheus/rule-group";
import { stackRules } from "../../components/stack/rules";
import { listOptions } from "../../config/options";
import { configOf } from "../helpers/mocks";
import { RULE_CASES } from "../helpers/rule-cases";
import { ALERTS, RULE_GROUPS, ruleId } from "../helpers/rules";

const DOCS = path.join(__dirname, "../../docs");
const RUNBOOKS = path.join(DOCS, "runbooks");
const names = [...new Set(ALERTS.map(({ alert }) => alert))].sort();
const page = (alert: string) => fs.readFileSync(path.join(RUNBOOKS, `${alert}.md`), "utf8");

describe("an alert", () => {
  test.each(ALERTS.map((rule) => [ruleId(rule), rule] as const))(
    "%s says how bad it is, what happened and when it fires",
    (_, { alert, labels, annotations, when }) => {
      expect(alert).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(["critical", "warning", "none"]).toContain(labels.severity);
      expect(labels.severity === "none").toBe(alert === "Watchdog");
      expect(annotations.summary).toMatch(/\S/);
      expect(annotations.summary).not.toMatch(/[.\n]$/);
      expect(annotations.description).toMatch(/\.$/);
      expect(when).toMatch(/[^.]$/);
    },
  );

  test("has a value or a label in its words, unless there is none to tell", () => {
    const without = ALERTS.filter(
      ({ annotations }) => !/\{\{.*\}\}/.test(annotations.summary + annotations.description),
    );
    expect(without.map(({ alert }) => alert).sort()).toEqual([
      "CertificateEndsUnknown",
      "PrometheusReloadFails",
      "PushedMetricsAbsent",
      "PushedMetricsAbsent",
      "PushedMetricsAbsent",
      "PushedMetricsAbsent",
      "QdrantRecoveryMode",
      "Watchdog",
    ]);
  });

  test("names options that there are", () => {
    const options = listOptions().map(({ path: name }) => name);
    const named = ALERTS.flatMap((rule) => rule.options ?? []);
    expect(named.filter((option) => !options.includes(option))).toEqual([]);
    // Every threshold has its alert.
    const thresholds = listOptions()
      .filter(({ path: name, kind }) => name.startsWith("alerts.") && kind === "value")
      .map(({ path: name }) => name)
      .filter((name) => !/^alerts\.(interval|runbookUrl|receivers|deadMansSwitch)/.test(name));
    expect(thresholds.filter((option) => !named.includes(option))).toEqual([]);
  });

  test("has a case in which it fires, and one in which it does not", () => {
    expect(Object.keys(RULE_CASES).sort()).toEqual(ALERTS.map(ruleId).sort());
    for (const [id, { fires, silent }] of Object.entries(RULE_CASES)) {
      expect({ id, fires: fires.length > 0 }).toEqual({ id, fires: true });
      // It always fires.
      expect({ id, silent: silent.length > 0 }).toEqual({ id, silent: id !== "Watchdog" });
    }
  });

  test("leads to its runbook, in the project or where the pages are published", () => {
    expect(runbookOf("DiskFills")).toBe("docs/runbooks/DiskFills.md");
    const { config } = { config: configOf({ alerts: { runbookUrl: "https://ops.example.org/" } }) };
    expect(runbookOf("DiskFills", config.alerts.runbookUrl)).toBe(
      "https://ops.example.org/DiskFills.md",
    );
  });
});

describe("a runbook", () => {
  test("is there for each alert, and for nothing else", () => {
    expect(fs.readdirSync(RUNBOOKS).sort()).toEqual(names.map((name) => `${name}.md`));
  });

  test.each(names)("%s says what it means and what to do", (alert) => {
    const text = page(alert);
    expect(text.split("\n")[0]).toBe(`# ${alert}`);
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(["Meaning", "Impact", "What to look at", "What to do"]);
    const [, , , look, steps] = text.split(/^## .*$/m);
    expect(look).toMatch(/^- \S/m);
    expect(steps).toMatch(/^1\. \S/m);
    for (const part of text.split(/^## .*$/m).slice(1)) expect(part).toMatch(/\S/);
  });

  test("speaks of alerts, dashboards and options that there are", () => {
    const titles = Object.values(DASHBOARDS).map(({ title }) => title as string);
    const options = listOptions().map(({ path: name }) => name);
    const tops = options.map((name) => name.split(/[.[]/)[0]);
    for (const alert of names) {
      const text = page(alert).replace(/\s+/g, " ");
      const dashboards = [...text.matchAll(/[Dd]ashboard \*([^*]+)\*/g)].map(([, title]) => title);
      expect(dashboards.filter((title) => !titles.includes(title))).toEqual([]);
      const words = [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
      const alerts = words.filter((word) => /^([A-Z][a-z]+){2,}$/.test(word));
      const known = [...names, "Unauthenticated", "PermissionDenied"];
      expect(alerts.filter((name) => !known.includes(name))).toEqual([]);
      const named = words.filter((word) => /^[a-z]\w*(\[\])?(\.[\w<>]+(\[\])?)+$/.test(word));
      const wrong = named
        .filter((word) => tops.includes(word.split(/[.[]/)[0]))
        .filter((word) => !options.includes(word.replace("<service>", "tempo")));
      expect(wrong).toEqual([]);
    }
  });
});

test("what needs a service that is off is not rendered", () => {
  const off = { enabled: false };
  const config = configOf({ qdrant: off, jaeger: off, grafana: off, alertmanager: off });
  const rules = JSON.stringify(stackRules(config).flatMap(([, groups]) => groups));
  for (const gone of ["Qdrant", "Jaeger", "Grafana", "AlertDelivery", "PrometheusNotifications"]) {
    expect(rules).not.toContain(`"alert":"${gone}`);
  }
  expect(rules).not.toMatch(/qdrant|job="jaeger"|CollectorDropsCopies/);
  const vendor = { name: "vendor", endpoint: "otlp.example.org:4317" };
  const copied = configOf({ jaeger: off, extraReceivers: [vendor] });
  expect(JSON.stringify(stackRules(copied))).toContain("CollectorDropsCopies");
});

test("every group says whose metrics its alerts read", () => {
  for (const { name, source } of RULE_GROUPS) expect({ name, source }).toHaveProperty("source");
  expect(RULE_GROUPS.filter(({ source }) => source === "")).toEqual([]);
});

test("docs/alerts.md is what `npm run docs` writes", () => {
  expect(fs.readFileSync(path.join(DOCS, "alerts.md"), "utf8")).toBe(alertsReference());
});
