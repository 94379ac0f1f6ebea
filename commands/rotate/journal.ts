import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { home } from "../paths";
import { writePrivate } from "../private-files";

const pair = z.object({ certificate: z.string(), key: z.string() });

const journalSchema = z.object({
  ca: z
    .object({
      /** The generation that is alone at the end. */
      to: z.number(),
      /** The last step that was verified. */
      done: z.number(),
      compromised: z.boolean(),
      /** The operator's certificate of before: what must be refused at the end. */
      before: pair.optional(),
    })
    .optional(),
  /** Values of before, by the secret's name. */
  secrets: z.record(z.string(), z.string()).optional(),
});

export type Journal = z.output<typeof journalSchema>;

/**
 * What a rotation must remember that neither the stack file nor the state says, from its begin to its
 * end: `.tracekeep/<stack>/rotation.json`, readable by its user alone. Without it a rotation goes on
 * all the same, and proves less.
 */
export class JournalFile {
  readonly #directory: string;

  constructor(stack: string) {
    this.#directory = path.join(home(), stack);
  }

  read(): Journal {
    try {
      const text = fs.readFileSync(path.join(this.#directory, "rotation.json"), "utf8");
      return journalSchema.catch({}).parse(JSON.parse(text));
    } catch {
      return {};
    }
  }

  /** Changes what it says of one kind of rotation; `undefined` forgets it. */
  write(change: Partial<Journal>): void {
    const journal = JSON.stringify({ ...this.read(), ...change });
    if (journal === "{}") fs.rmSync(path.join(this.#directory, "rotation.json"), { force: true });
    else writePrivate(this.#directory, { "rotation.json": `${journal}\n` });
  }
}
