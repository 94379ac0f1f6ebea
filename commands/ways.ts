import type { StackConfig } from "../config/parse";
import type { DialledService } from "../config/services";
import { hostOf } from "./hosts";
import type { StackOutputs } from "./stack-outputs";

/** Addresses of what a stack publishes, as this machine dials it. */
export class Ways {
  readonly #first = new Set<string>();

  constructor(
    private readonly config: StackConfig,
    private readonly endpoints: StackOutputs["endpoints"],
  ) {}

  /** `host:port` of a listener, if it is published. */
  to(service: DialledService, listener: string): string | undefined {
    const published = this.endpoints[service]?.[listener];
    if (published === undefined) return undefined;
    const { address, first } = hostOf(this.config).way(this.config, service, published);
    if (first !== undefined) this.#first.add(first);
    return address;
  }

  /** What has to run meanwhile, for what was asked for. */
  get first(): string[] {
    return [...this.#first];
  }
}
