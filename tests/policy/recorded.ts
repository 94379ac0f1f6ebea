import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import { parseConfig, type StackConfig } from "../../config/parse";
import type { Subject } from "../../policy/rule";
import { dockerTarget } from "../../targets/docker";
import { kubernetesTarget } from "../../targets/kubernetes";
import { record } from "../helpers/mocks";

type Options = Record<string, unknown>;

const TARGETS = { docker: dockerTarget, kubernetes: kubernetesTarget };

/** Options of a stack's file. */
export function fileOptions(stack: string): Options {
  const file = join(__dirname, `../../Pulumi.${stack}.yaml`);
  const { config } = parse(readFileSync(file, "utf8")) as { config: Options };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/^tracekeep:/, ""), value]),
  );
}

export function configOf(options: Options, stack: string): StackConfig {
  const environment = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key" };
  return parseConfig(options, { stack, environment });
}

/** The types of a resource and of those around it, outermost first, as a URN has them. */
class Chains {
  readonly #chains = new Map<pulumi.Resource, string>();

  of(resource: pulumi.Resource, type: string, parent: pulumi.Resource | undefined): string {
    const above = parent && this.#chains.get(parent);
    const chain = above === undefined ? type : `${above}$${type}`;
    this.#chains.set(resource, chain);
    return chain;
  }
}

/** A resource as a policy pack gets it, and what the engine keeps to itself. */
export interface RecordedSubject extends Subject {
  /** Whether it outlives its resource (`retainOnDelete`). */
  retained: boolean;
}

/** What the engine would hand to a policy pack of a stack with this configuration. */
export async function recordedStack(config: StackConfig): Promise<RecordedSubject[]> {
  const chains = new Chains();
  const asked = new Map<string, Omit<RecordedSubject, "type" | "name" | "props">>();
  const recorded = await record(
    () => {
      pulumi.runtime.registerStackTransformation(({ resource, type, name, opts }) => {
        const chain = chains.of(resource, type, opts.parent);
        const custom = opts as pulumi.CustomResourceOptions;
        asked.set(`${type} ${name}`, {
          urn: `urn:pulumi:${config.stack}::tracekeep::${chain}::${name}`,
          retained: custom.retainOnDelete ?? false,
          opts: {
            protect: opts.protect ?? false,
            ignoreChanges: opts.ignoreChanges ?? [],
            aliases: [],
            customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
            additionalSecretOutputs: custom.additionalSecretOutputs ?? [],
          },
        });
        return undefined;
      });
      new ObservabilityStack("tracekeep", { config, target: TARGETS[config.target](config) });
    },
    { stack: config.stack },
  );
  return recorded.flatMap(({ type, name, inputs }) => {
    const options = asked.get(`${type} ${name}`);
    return options === undefined ? [] : [{ type, name, props: inputs, ...options }];
  });
}
