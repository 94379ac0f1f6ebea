import { LISTENERS, type Listener } from "../../components/stack/listeners";
import { serviceWorkloads } from "../../components/stack/workloads";
import { IMAGES } from "../../config/images";
import type { ServiceName } from "../../config/services";
import { evaluate } from "../../policy/evaluate";
import type { Subject } from "../../policy/rule";
import * as exceptions from "../../policy/exceptions";
import { policies } from "../../policy/pack";
import { AREAS, RULES } from "../../policy/rules";
import { dockerTarget } from "../../targets/docker";
import { CASES } from "./cases";
import { subjectsOf } from "./cases/case";
import { configOf } from "./recorded";
import { dockerService, statefulSet } from "./subjects";

describe("the pack", () => {
  test("has rules of names of their own, each one sentence", () => {
    const names = RULES.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(30);
    expect(names).toEqual([...new Set(names)]);
    for (const { name, description } of RULES) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect({ name, sentence: /^[A-Z](?:[^.!?]|\.\d)*\.$/.test(description) }).toEqual({
        name,
        sentence: true,
      });
    }
    expect(Object.values(AREAS).flat()).toHaveLength(RULES.length);
  });

  test("has a default and a description for every setting", () => {
    for (const { options = {} } of RULES) {
      for (const schema of Object.values(options)) {
        expect(schema).toEqual({
          ...schema,
          default: expect.anything() as unknown,
          description: expect.stringMatching(/[.`]$/) as unknown,
        });
      }
    }
  });

  test("only advises a developer, and stops everybody else", () => {
    const levels = (environment?: string) =>
      Object.fromEntries(
        policies(environment).map(({ name, enforcementLevel }) => [name, enforcementLevel]),
      );
    const every = (level: string) => Object.fromEntries(RULES.map(({ name }) => [name, level]));
    const ofProduction = RULES.filter(({ scope }) => scope === "production");
    const off = Object.fromEntries(ofProduction.map(({ name }) => [name, "disabled"]));
    expect(levels("prod")).toEqual(every("mandatory"));
    expect(levels("staging")).toEqual(every("mandatory"));
    expect(levels()).toEqual(every("mandatory"));
    expect(levels("dev")).toEqual({ ...every("advisory"), ...off });
    expect(ofProduction.map(({ name }) => name).sort()).toEqual([
      "alert-receiver",
      "data-protected",
      "debug-exporter",
      "sampling",
      "storage-not-local",
      "verification",
    ]);
  });

  test("gives settings to the engine, and without one goes by their defaults", () => {
    const named = new Map(policies("prod").map((policy) => [policy.name, policy]));
    expect(named.get("stop-grace")?.configSchema?.properties.seconds).toMatchObject({
      type: "integer",
      default: 10,
    });
    expect(named.get("privileged")).not.toHaveProperty("configSchema");
  });

  test("looks at the targets that each rule names, and at no other", () => {
    const targetOf = (type: string) =>
      type.startsWith("docker:") ? "docker" : type.startsWith("kubernetes:") ? "kubernetes" : [];
    const wrong = CASES.flatMap(({ rule, failing }) => {
      const subjects = Object.values(failing).flatMap(subjectsOf);
      const judged = [...new Set(subjects.flatMap(({ type }) => targetOf(type)))].sort().join();
      const named = (rule.targets ?? ["docker", "kubernetes"]).join();
      // Certificates, passwords and commands are the same on every target.
      return judged === "" || judged === named ? [] : [`${rule.name}: ${judged}`];
    });
    expect(wrong).toEqual([]);
  });
});

describe("the pack without an engine", () => {
  const unlocked = { ...dockerService, props: { ...dockerService.props, image: "tempo:1" } };

  test("says what it finds, where, and how grave that is", () => {
    const [violation, ...others] = evaluate([unlocked, statefulSet], {
      rules: RULES.filter(({ name }) => name === "image-digest"),
    });
    expect(others).toEqual([]);
    expect(violation).toEqual({
      rule: "image-digest",
      level: "mandatory",
      description: expect.stringMatching(/^An image is named/) as unknown,
      message: "container tempo",
      urn: dockerService.urn,
    });
    expect(evaluate([unlocked], { environment: "dev" })[0]).toMatchObject({ level: "advisory" });
  });

  test("says of which resource everything is, for the CLI shows nothing else", () => {
    const [root, other] = [
      { ...dockerService, type: "pulumi:pulumi:Stack", urn: "urn:root" },
      { ...dockerService, type: "tracekeep:index:Tempo", urn: "urn:other" },
    ];
    const rules = RULES.filter(({ name }) => ["verification", "alert-receiver"].includes(name));
    const of = (subjects: Subject[]) => evaluate(subjects, { rules }).map(({ urn }) => urn);
    expect(of([other, root])).toEqual(["urn:root", "urn:root"]);
    expect(of([other])).toEqual(["urn:other", "urn:other"]);
    const nowhere = CASES.flatMap(({ rule, failing }) =>
      Object.values(failing)
        .map(subjectsOf)
        .filter((subjects) => subjects.length > 0)
        .flatMap((subjects) => evaluate(subjects, { rules: [rule] }))
        .filter(({ urn }) => urn === undefined),
    );
    expect(nowhere).toEqual([]);
  });

  test("leaves out what does not count in an environment", () => {
    const rules = RULES.filter(({ name }) => name === "verification");
    expect(evaluate([], { environment: "dev", rules })).toEqual([]);
    expect(evaluate([], { environment: "prod", rules })).toMatchObject([{ message: "the stack" }]);
  });

  test("takes settings", () => {
    const settings = { "image-digest": { locked: ["tempo:1"] } };
    expect(evaluate([unlocked], { settings, rules: RULES.slice(0, 2) })).toEqual([]);
  });
});

describe("the exceptions", () => {
  test("are the rows of the connection table that ask for no client certificate", () => {
    const rows = Object.entries(LISTENERS).flatMap(([service, listeners]) =>
      Object.entries<Listener>(listeners).flatMap(([name, { reach, security }]) =>
        reach === "network" && security === "tls" ? [`${service}.${name}`] : [],
      ),
    );
    expect(rows).toEqual(exceptions.WITHOUT_CLIENT_CERTIFICATE);
  });

  const config = configOf({ containerLogs: { enabled: true } }, "dev");
  const workloads = serviceWorkloads(config, dockerTarget(config));
  const names = (which: (one: (typeof workloads)[number]) => boolean) =>
    workloads
      .filter(which)
      .map(({ name }) => name)
      .sort();

  test("are the services without a listener for the kubelet", () => {
    const deaf = names(
      ({ name, probe }) => probe.kind === "none" && !("health" in LISTENERS[name as ServiceName]),
    );
    expect(deaf).toEqual(exceptions.NOT_ASKED_BY_KUBELET);
  });

  test("are those that the services have", () => {
    expect(names(({ user }) => user.uid === 0)).toEqual(exceptions.RUN_AS_ROOT);
    expect(names(({ hostDirectories = [] }) => hostDirectories.length > 0)).toEqual(
      exceptions.READ_HOST_DIRECTORIES,
    );
    const running = new Set(workloads.map(({ name }) => name));
    expect(names(({ probe }) => probe.kind === "none")).toEqual(
      exceptions.NOT_ASKED_BY_DOCKER.filter((name) => running.has(name)).sort(),
    );
    expect(Object.keys(IMAGES)).toEqual(expect.arrayContaining([...running]));
  });
});
