import * as pulumi from "@pulumi/pulumi";
import type { Subject } from "../policy/rule";

/** What the engine is told of a resource besides its inputs. */
export interface Registration extends Pick<Subject, "urn" | "opts"> {
  /** Whether what it stands for outlives it (`retainOnDelete`). */
  retained: boolean;
}

/** The registrations of a program against a pretended engine. */
export class Registrations {
  readonly #asked = new Map<string, Registration>();
  /** The types of a resource and of those around it, outermost first, as a URN has them. */
  readonly #chains = new Map<pulumi.Resource, string>();

  constructor(private readonly stack: string) {}

  /** Notes what the program that runs now registers from here on. */
  note(): void {
    pulumi.runtime.registerStackTransformation(({ resource, type, name, opts }) => {
      const above = opts.parent && this.#chains.get(opts.parent);
      const chain = above === undefined ? type : `${above}$${type}`;
      this.#chains.set(resource, chain);
      const custom = opts as pulumi.CustomResourceOptions;
      this.#asked.set(`${type} ${name}`, {
        urn: `urn:pulumi:${this.stack}::tracekeep::${chain}::${name}`,
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
  }

  /** That of a resource; undefined for the stack itself. */
  of(type: string, name: string): Registration | undefined {
    return this.#asked.get(`${type} ${name}`);
  }
}
