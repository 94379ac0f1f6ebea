import * as fs from "node:fs";
import * as path from "node:path";
import { listenersOf } from "../../components/stack/listeners";
import { SERVICES } from "../../config/services";

const PROJECT = path.join(__dirname, "../..");
const read = (file: string) => fs.readFileSync(path.join(PROJECT, file), "utf8");

const documents = [
  "README.md",
  "CONTRIBUTING.md",
  ...fs
    .readdirSync(path.join(PROJECT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => path.join("docs", file)),
];

test("docs/security.md names every listener that is not mutual TLS, and no other", () => {
  const exceptions = SERVICES.flatMap((service) =>
    Object.entries(listenersOf(service))
      .filter(([, { security }]) => security !== "mtls")
      .map(([listener]) => `${service}.${listener}`),
  );
  const [, section] = /## Exceptions\n([^]*?)\n## /.exec(read("docs/security.md")) ?? [];
  const named = [...section.matchAll(/`([a-z-]+\.\w+)`/g)].map(([, name]) => name);
  const services: readonly string[] = SERVICES;
  const listeners = named.filter((name) => services.includes(name.split(".")[0]));
  expect(listeners.sort()).toEqual(exceptions.sort());
});

test("every npm script that the documents name is there", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = documents.flatMap((file) =>
    [...read(file).matchAll(/npm run ([a-z][a-z:0-9-]*)/g)].map(([, script]) => script),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});

test("every link to a file leads to one, and to a heading that it has", () => {
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replaceAll(" ", "-");
  // Code is no text: what looks like a link in it is a pattern.
  const text = (file: string) => read(file).replace(/^```[\s\S]*?^```|`[^`\n]*`/gm, "");
  const broken = documents.flatMap((file) =>
    [...text(file).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].flatMap(
      ([, target, heading]) => {
        const linked = target === "" ? file : path.join(path.dirname(file), target);
        if (!fs.existsSync(path.join(PROJECT, linked))) return [`${file} -> ${target}`];
        if (heading === undefined) return [];
        const anchors = [...read(linked).matchAll(/^#+ (.*)$/gm)].map(([, text]) => anchor(text));
        return anchors.includes(heading) ? [] : [`${file} -> ${target}#${heading}`];
      },
    ),
  );
  expect(broken).toEqual([]);
});
