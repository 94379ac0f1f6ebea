import { policies } from "../../policy/pack";
import type { Subject } from "../../policy/rule";
import { checkingUnknown } from "../../policy/unknown";
import { CASES } from "./cases";
import { subjectsOf } from "./cases/case";
import { changed, CONTAINER, copyOf, dockerService } from "./subjects";
import { reported } from "./judge";

jest.mock("../../config/images-lock-file", () => jest.requireActual<object>("./lock"));

/** The engine's mark of a text that a preview cannot know. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Paths of everything in a value, groups and lists included. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [
    ...(path.length > 0 ? [path] : []),
    ...Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key])),
  ];
}

function withUnknown(subject: Subject, path: readonly string[]): Subject {
  const copy = copyOf(subject);
  const holder = path
    .slice(0, -1)
    .reduce<Record<string, unknown>>(
      (node, key) => node[key] as Record<string, unknown>,
      copy.props,
    );
  holder[path[path.length - 1]] = UNKNOWN;
  return copy;
}

/** These resources with each single value of theirs unknown in turn. */
function* eachUnknown(subjects: readonly Subject[]): Generator<[path: string, Subject[]]> {
  for (const [index, subject] of subjects.entries()) {
    for (const path of pathsOf(subject.props)) {
      yield [
        `${subject.name}.${path.join(".")}`,
        subjects.map((one, at) => (at === index ? withUnknown(one, path) : one)),
      ];
    }
  }
}

test("what is unknown throws when it is read", () => {
  const unknown = withUnknown(dockerService, ["logOpts", "max-size"]);
  const { logOpts } = checkingUnknown(unknown.props) as { logOpts: Record<string, string> };
  expect(() => logOpts["max-size"]).toThrow("can't be known during preview");
});

test.each(CASES.map((one) => [one.rule.name, one] as const))(
  "%s finds nothing for the one reason that it cannot know",
  (_, { rule, passing, failing }) => {
    const [policy] = policies("prod", [rule]);
    const wrong: string[] = [];
    for (const resources of passing) {
      for (const [path, subjects] of eachUnknown(subjectsOf(resources))) {
        if (reported(policy, subjects).length > 0) wrong.push(path);
      }
    }
    expect(wrong).toEqual([]);
    // What is wrong may be what is unknown: nothing is asked but that it ends well.
    for (const resources of Object.values(failing)) {
      for (const [, subjects] of eachUnknown(subjectsOf(resources))) reported(policy, subjects);
    }
  },
);

/** What a real preview of a stack that is not there yet does not know. */
function asPreviewed(subject: Subject): Subject {
  if (subject.type === CONTAINER) {
    const { labels = [], uploads = [], volumes = [] } = subject.props as Record<string, unknown[]>;
    return [
      ["image", UNKNOWN],
      ["labels", [{ label: "tracekeep.trigger", value: UNKNOWN }, ...labels]],
      ["uploads", [{ file: "/etc/tracekeep/identity/tls.key", content: UNKNOWN }, ...uploads]],
      ["volumes", [{ volumeName: UNKNOWN, containerPath: "/etc/tracekeep/trust" }, ...volumes]],
      ["networksAdvanced", [{ name: UNKNOWN, aliases: ["tempo"] }]],
    ].reduce((one, [path, value]) => changed(one, path as string, value), subject);
  }
  if (!subject.type.startsWith("kubernetes:")) return subject;
  const { metadata, spec, stringData } = subject.props as {
    metadata?: object;
    spec?: { template?: { spec: { volumes?: unknown[] } } };
    stringData?: object;
  };
  // Names of namespaces are options.
  const hashed = metadata && !subject.type.endsWith(":Namespace");
  const named = hashed ? changed(subject, "metadata.name", UNKNOWN) : subject;
  const filled = stringData ? changed(named, "stringData.other", UNKNOWN) : named;
  if (spec?.template?.spec.volumes === undefined) return filled;
  return changed(filled, "spec.template.spec.volumes", [
    { name: "trust", configMap: { name: UNKNOWN } },
    ...spec.template.spec.volumes,
  ]);
}

test.each(
  CASES.filter(({ rule }) => !rule.name.startsWith("image-")).map(
    (one) => [one.rule.name, one] as const,
  ),
)("%s sees in a preview what can be known", (_, { rule, failing }) => {
  const [policy] = policies("prod", [rule]);
  const missed = Object.entries(failing).filter(
    ([, resources]) => reported(policy, subjectsOf(resources).map(asPreviewed)).length === 0,
  );
  expect(missed.map(([what]) => what)).toEqual([]);
});

/** Words that a message may hold though a property does, too: names, not values. */
const NAMES = new Set(["label", "name", "file"]);

function valuesOf(value: unknown, key = ""): string[] {
  if (typeof value === "string") return NAMES.has(key) ? [] : [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([inner, one]) =>
    valuesOf(one, Array.isArray(value) ? key : inner),
  );
}

test.each(CASES.map((one) => [one.rule.name, one] as const))(
  "%s prints no property's value",
  (_, { rule, failing }) => {
    const [policy] = policies("prod", [rule]);
    for (const resources of Object.values(failing)) {
      const subjects = subjectsOf(resources);
      const values = subjects
        .flatMap(({ props }) => valuesOf(props))
        // Names of the stack's own services stand in everything.
        .filter((value) => value.length > 5 && !subjects.some(({ name }) => name.includes(value)));
      for (const message of reported(policy, subjects)) {
        expect(message).not.toMatch(/hunter2/);
        expect(values.filter((value) => message.includes(value))).toEqual([]);
      }
    }
  },
);
