import { readFile, writeFile } from "node:fs/promises";
import { SERVICES, type ServiceName } from "../../config/services";
import { checkConfig } from "../helpers/config-check";
import { configOf } from "../helpers/mocks";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";

/** Services whose programs check their files; of Grafana and Qdrant there is no such command. */
const CHECKED = ["tempo", "collector", "prometheus", "loki", "jaeger", "alertmanager"] as const;

/** A line that no version of any of them knows. */
const UNKNOWN = "tracekeep_no_such_option: true\n";

describeWith([...CHECKED, "promtool", "amtool"], "a service's own check of its files", () => {
  let stack: ProcessStack;

  beforeAll(async () => {
    // Nothing has to serve; the files and certificates are there.
    stack = await startStack({ config: configOf({}), services: CHECKED, waitReady: false });
    await Promise.all(CHECKED.map((service) => stack.kill(service)));
  }, 60_000);
  afterAll(() => stack?.stop());

  const workloadOf = (service: ServiceName) => {
    const workload = stack.workloads[service];
    if (!workload) throw new Error(`no ${service}`);
    return workload;
  };

  test.each(CHECKED)("%s: takes what the stack writes", async (service) => {
    const { code, output } = await checkConfig(workloadOf(service));
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
  });

  test.each(CHECKED)("%s: refuses an option that it does not know, by name", async (service) => {
    const workload = workloadOf(service);
    const words = workload.configCheck?.args.join(" ") ?? "";
    const file = workload.files.find(({ path }) => words.includes(path));
    if (!file) throw new Error(`${service} checks none of its files: ${words}`);
    const text = await readFile(file.path, "utf8");
    await writeFile(file.path, text + UNKNOWN);
    try {
      const { code, output } = await checkConfig(workload);
      expect(code).not.toBe(0);
      expect(output).toContain("tracekeep_no_such_option");
    } finally {
      await writeFile(file.path, text);
    }
  });

  test("every service has one, or is known to have none", () => {
    const without = SERVICES.filter((service) => !(CHECKED as readonly string[]).includes(service));
    // The gateway and the log agent are collectors.
    expect(without).toEqual(["grafana", "qdrant", "collector-gateway", "log-agent"]);
  });
});

describeWith(["collector", "collector-before"], "a version that lacks what is asked of it", () => {
  let stack: ProcessStack;

  beforeAll(async () => {
    stack = await startStack({
      config: configOf({}),
      services: ["collector"],
      waitReady: false,
    });
    await stack.kill("collector");
  }, 60_000);
  afterAll(() => stack?.stop());

  test("the collector's: 0.158 knows no clearing of links, and says so where 0.159 does not", async () => {
    const workload = stack.workloads.collector!;
    expect((await checkConfig(workload)).code).toBe(0);
    const before = await checkConfig(workload, "collector-before");
    expect(before.code).not.toBe(0);
    expect(before.output).toContain('no such feature gate "ottl.set.allowNil"');
  });
});
