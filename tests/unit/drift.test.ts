import { engineFindings, whatIs } from "../../commands/drift/engine";
import { findingLines } from "../../commands/drift/finding";

const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const urn = (type: string, name: string) =>
  `urn:pulumi:dev::tracekeep::tracekeep:index:Tempo$${type}::${name}`;
const CONTAINER = urn("docker:index/container:Container", "tempo");

const printed = (...steps: object[]) => JSON.stringify({ steps, changeSummary: {} });
const update = (was: object, is: object, diffReasons: string[], of = CONTAINER) => ({
  op: "update",
  urn: of,
  oldState: { inputs: was },
  newState: { inputs: is },
  diffReasons,
});
const lines = (...steps: object[]) => findingLines(engineFindings(printed(...steps)));

describe("what the engine finds changed", () => {
  test("is nothing where everything is as it was", () => {
    expect(lines({ op: "same", urn: CONTAINER }, { op: "refresh", urn: CONTAINER })).toEqual([]);
  });

  test("is named, with what it was and is", () => {
    expect(
      lines(
        { op: "delete", urn: urn("docker:index/volume:Volume", "tempo-data") },
        update({ memory: 128 }, { memory: 300 }, ["memory"]),
      ),
    ).toEqual(["  container tempo: memory was 128, is 300", "  volume tempo-data: is gone"]);
  });

  test("is one thing where a container stands still, which publishes nothing then", () => {
    const was = { mustRun: true, ports: [{ external: 3200 }] };
    expect(lines(update(was, { mustRun: false, ports: [] }, ["mustRun", "ports"]))).toEqual([
      "  container tempo: is stopped",
    ]);
  });

  test("is told by the key that differs, once, without the engine's own notes", () => {
    const configMap = urn("kubernetes:core/v1:ConfigMap", "tempo-config");
    const data = (level: string) => ({ data: { __defaults: [], "a.yaml": level, "b.yaml": "b" } });
    expect(
      lines(update(data("info"), data("debug"), ['data["a.yaml"]', "data"], configMap)),
    ).toEqual(['  configMap tempo-config: data.a.yaml was "info", is "debug"']);
  });

  test("is cut where it is long, and hidden where it is secret", () => {
    const secret = (cipher: string) => ({ data: { key: { ...SECRET, ciphertext: cipher } } });
    const found = lines(
      update(secret("v1:one"), secret("v1:two"), ["data"]),
      update({ text: "a" }, { text: "b".repeat(500) }, ["text"]),
    );
    expect(found[0]).toBe("  container tempo: data.key, a secret, is another");
    expect(found[1]).toHaveLength('  container tempo: text was "a", is '.length + 121);
    expect(found.join()).not.toMatch(/v1:|1b4706/);
  });

  test("is told by the provider's paths too, of secrets that look alike as well", () => {
    const secret = urn("kubernetes:core/v1:Secret", "loki-identity-secret");
    const step = (data: unknown, paths: object) => ({
      op: "update",
      urn: secret,
      oldState: { inputs: { data, immutable: true } },
      newState: { inputs: { data, immutable: false } },
      detailedDiff: paths,
    });
    expect(
      lines(step("[secret]", { 'data["tls.crt"]': { kind: "update" }, immutable: {} })),
    ).toEqual([
      "  secret loki-identity-secret: data, a secret, is another",
      "  secret loki-identity-secret: immutable was true, is false",
    ]);
    expect(lines(step("[secret]", {}))).toEqual([]);
  });

  test("is nothing where only what the engine keeps for itself differs", () => {
    expect(lines(update({ a: { __defaults: [] } }, { a: { __defaults: ["b"] } }, ["a"]))).toEqual(
      [],
    );
  });
});

test.each([
  [CONTAINER, "container tempo"],
  [urn("kubernetes:apps/v1:StatefulSet", "tempo"), "statefulSet tempo"],
])("%s is %s", (of, what) => {
  expect(whatIs(of)).toBe(what);
});
