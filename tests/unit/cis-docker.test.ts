import * as docker from "@pulumi/docker";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import { dockerTarget } from "../../targets/docker";
import { CIS_DOCKER, type Container } from "../helpers/cis-docker";
import { expectSection } from "../helpers/generated-section";
import { configOf, record } from "../helpers/mocks";

const TESTS = join(__dirname, "..");
const items = Object.entries(CIS_DOCKER);

describe("section 5 of the CIS Docker Benchmark", () => {
  let containers: Container[];
  beforeAll(async () => {
    const config = configOf({
      containerLogs: { enabled: true },
      intake: {
        plaintext: { enabled: true },
        jaeger: { enabled: true },
        zipkin: { enabled: true },
      },
      apps: [{ name: "shop", image: "example.org/shop:1", qdrant: true, reads: ["tempo"] }],
    });
    const target = dockerTarget(config);
    const resources = await record(() => {
      new ObservabilityStack("tracekeep", { config, target });
    });
    containers = resources
      .filter(({ type }) => type === "docker:index/container:Container")
      .map(({ inputs }) => inputs as Container)
      // Files and their owners are put into volumes by containers that do not stay.
      .filter(({ restart, start }) => restart !== "no" && start !== false);
  });

  test("is there from 5.1 to 5.32", () => {
    expect(Object.keys(CIS_DOCKER)).toEqual(
      Array.from({ length: 32 }, (_, index) => `5.${index + 1}`),
    );
    expect(containers.length).toBeGreaterThanOrEqual(10);
  });

  const shown = items.filter(([, { verdict }]) => !verdict.startsWith("not "));
  test.each(shown)("%s is shown by a test", (_, { holds, test: elsewhere }) => {
    expect(holds ?? elsewhere).toBeDefined();
    if (elsewhere === undefined) return;
    const [file, name] = elsewhere;
    expect(readFileSync(join(TESTS, file), "utf8")).toContain(`"${name}"`);
  });

  test.each(items.filter(([, { holds }]) => holds !== undefined))(
    "%s holds for every container, and would not with another setting",
    (_, { holds = () => false, against }) => {
      expect(containers.filter((one) => !holds(one)).map(({ name }) => name)).toEqual([]);
      const others = containers.filter((one) => holds({ ...one, ...against }));
      expect(others.map(({ name }) => name)).toEqual([]);
    },
  );

  test("5.29 is not reachable for as long as the provider knows no such setting", () => {
    // Its constructor names every input.
    const inputs = docker.Container.toString();
    expect(inputs).toContain("cgroupParent");
    expect(inputs).not.toMatch(/pids_?limit/i);
  });

  test("is in docs/cis-docker.md", () => {
    const row = (cells: string[]) => `| ${cells.join(" | ")} |`;
    const table = items.map(([id, { asks, verdict, note, holds, test: elsewhere }]) => {
      const tests = [
        ...(holds ? ["`unit/cis-docker.test.ts`"] : []),
        ...(elsewhere ? [`\`${elsewhere[0]}\`: ${elsewhere[1]}`] : []),
      ];
      return row([id, asks, `**${verdict}**: ${note}`, tests.join("; ") || "–"]);
    });
    const head = [row(["", "asks for", "here", "test"]), "|---|---|---|---|"];
    expectSection("cis-docker.md", "cis-docker", [...head, ...table].join("\n"));
  });
});
