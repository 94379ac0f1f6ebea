import { parse } from "yaml";
import { DIRECTORIES } from "../../targets/container-layout";
import type { Part, RuleTarget, Subject } from "../rule";
import { attempt } from "../unknown";
import { DOCKER_CONTAINER, labelOf, type DockerProps } from "./docker-container";
import { kindOf, metadataOf, NAME_LABEL } from "./kubernetes";

/** A file that a container gets. What is asked of it is read then: a preview may not know it yet. */
export interface Document extends Part {
  readonly target: RuleTarget;
  /** Whose it is, as the target labels it. */
  readonly service: string | undefined;
  /** Path below the directory that it is mounted at: `tempo.yaml`, `rules/tempo.yml`. */
  readonly file: string;
  readonly text: string;
  /** Whether it stands where secrets may stand. */
  readonly secret: boolean;
}

const fromBase64 = (text: string) => Buffer.from(text, "base64").toString("utf8");

/** Where secrets may stand: the files there belong to their service's user alone. */
const SECRET_DIRECTORIES = [DIRECTORIES.secrets, DIRECTORIES.identity];

/** Path of an upload below the directory of its kind: `tempo.yaml`. */
const pathOf = ({ file }: { file: string }) => file.replace(/^\/etc\/tracekeep\/[^/]+\//, "");

/** Files that a container takes when it is created. */
function uploadsOf({ type, name, props }: Subject): Document[] {
  if (type !== DOCKER_CONTAINER) return [];
  const container = props as DockerProps;
  const { uploads = [] } = container;
  return Array.from({ length: uploads.length }, (_, index) => ({
    where: `${attempt(() => pathOf(uploads[index])) ?? `file ${index + 1}`} of container ${name}`,
    target: "docker",
    get service() {
      return labelOf(container, "tracekeep.service");
    },
    get file() {
      return pathOf(uploads[index]);
    },
    get text() {
      const { content, contentBase64 = "" } = uploads[index];
      return content ?? fromBase64(contentBase64);
    },
    get secret() {
      return SECRET_DIRECTORIES.some((directory) => uploads[index].file.startsWith(directory));
    },
  }));
}

/** Files of a ConfigMap or a Secret, in whose keys `__` stands for a slash. */
function objectFilesOf(subject: Subject): Document[] {
  const kind = kindOf(subject);
  if (kind !== "ConfigMap" && kind !== "Secret") return [];
  const secret = kind === "Secret";
  const props = subject.props as Record<string, Record<string, string> | undefined>;
  const files = (map: "data" | "stringData", decode: (text: string) => string): Document[] =>
    Object.keys(props[map] ?? {}).map((key) => ({
      where: `${key} of ${kind} ${subject.name}`,
      target: "kubernetes",
      get service() {
        return metadataOf(subject).labels?.[NAME_LABEL];
      },
      file: key.replaceAll("__", "/"),
      get text() {
        return decode(props[map]?.[key] ?? "");
      },
      secret,
    }));
  return [
    ...files("data", secret ? fromBase64 : (text) => text),
    ...files("stringData", (text) => text),
  ];
}

/** The files that a resource brings. */
export const documentsOf = (subject: Subject): Document[] => [
  ...uploadsOf(subject),
  ...objectFilesOf(subject),
];

export type Node = Readonly<Record<string, unknown>>;

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands at a path of a document; undefined where there is no such thing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (isNode(node) ? node[key] : undefined), value);
}

/** The same, where it is a group: else an empty one. */
export function group(value: unknown, ...path: readonly string[]): Node {
  const found = at(value, ...path);
  return isNode(found) ? found : {};
}

/** The same, where it is a list: else an empty one. */
export function list(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The same, as a text: that of a text or a number, else an empty one. */
export const textOf = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

const parsed = new Map<string, unknown>();

/** What is no YAML. */
export const UNREADABLE = Symbol("unreadable");

/**
 * What a YAML file says; undefined for any other file, `UNREADABLE` where it is broken. Every rule
 * asks again, so each text is parsed once.
 */
export function contentOf(document: Pick<Document, "file" | "text">): unknown {
  if (!/\.ya?ml$/.test(document.file)) return undefined;
  const { text } = document;
  if (!parsed.has(text)) {
    try {
      parsed.set(text, parse(text, { logLevel: "error" }));
    } catch {
      parsed.set(text, UNREADABLE);
    }
  }
  return parsed.get(text);
}

/** One value of a document, and its path of keys and places. */
export interface Leaf {
  key: string;
  path: string;
  value: unknown;
}

/** Every value of a document that holds no others. Entries of a list have the list's key. */
export function leavesOf(value: unknown, key = "", path = ""): Leaf[] {
  if (Array.isArray(value)) {
    return value.flatMap((one, index) => leavesOf(one, key, `${path}[${index}]`));
  }
  if (isNode(value)) {
    return Object.entries(value).flatMap(([name, one]) =>
      leavesOf(one, name, path === "" ? name : `${path}.${name}`),
    );
  }
  return [{ key, path, value }];
}
