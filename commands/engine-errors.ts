import * as fs from "node:fs";
import { z } from "zod";

const eventSchema = z.object({
  diagnosticEvent: z
    .object({ severity: z.string(), message: z.string(), urn: z.string().optional() })
    .optional(),
});

/** Something that the engine or a provider complained of. */
export interface EngineError {
  message: string;
  /** The resource that it is about; undefined for the run as a whole. */
  urn?: string;
}

/** Marks of colour, which the display would replace. */
const COLOURS = /<\{%[^%]*%\}>/g;

function eventOf(line: string) {
  try {
    return eventSchema.parse(JSON.parse(line));
  } catch {
    // The last line of a run that was killed is not whole.
    return {};
  }
}

/** The errors in a file of the engine's events, in their order; none if there is no such file. */
export function engineErrors(file: string): EngineError[] {
  if (!fs.existsSync(file)) return [];
  return fs
    .readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      const { diagnosticEvent } = eventOf(line);
      if (diagnosticEvent?.severity !== "error") return [];
      const { message, urn } = diagnosticEvent;
      return [{ message: message.replace(COLOURS, "").trim(), ...(urn && { urn }) }];
    });
}
