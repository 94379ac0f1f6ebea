import { randomUUID } from "node:crypto";
import type { Subject } from "../../policy/rule";

const isComponent = ({ type }: Subject) =>
  type === "pulumi:pulumi:Stack" || type.startsWith("tracekeep:");
const isProvider = ({ type }: Subject) => type.startsWith("pulumi:providers:");

/** A state as `pulumi stack import` takes it, in which these resources stand. */
export function deploymentOf(subjects: readonly Subject[], stack = "host") {
  const providers = new Map<string, { urn: string; id: string }>();
  const provider = (name: string) => {
    const known = providers.get(name) ?? {
      urn: `urn:pulumi:${stack}::tracekeep::pulumi:providers:${name}::default`,
      id: randomUUID(),
    };
    providers.set(name, known);
    return known;
  };
  const resources = subjects
    .filter((subject) => !isProvider(subject))
    .map((subject) => {
      const { type, urn, props, opts } = subject;
      if (isComponent(subject)) return { urn, custom: false, type };
      const { urn: of, id } = provider(type.split(":")[0]);
      return {
        urn,
        custom: true,
        id: randomUUID(),
        type,
        inputs: props,
        outputs: props,
        provider: `${of}::${id}`,
        protect: opts.protect,
        additionalSecretOutputs: opts.additionalSecretOutputs,
        ignoreChanges: opts.ignoreChanges,
      };
    });
  const ofProviders = [...providers].map(([name, { urn, id }]) => ({
    urn,
    custom: true,
    id,
    type: `pulumi:providers:${name}`,
  }));
  const time = new Date().toISOString();
  return {
    version: 3,
    deployment: {
      manifest: { time, magic: "", version: "" },
      resources: [...ofProviders, ...resources],
    },
  };
}
