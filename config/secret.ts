import { inspect } from "node:util";

/**
 * A secret of the configuration. It shows as `[secret]` wherever it is printed, serialised or
 * interpolated; only `reveal()` gives the text, at the one place that hands it to the engine.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
