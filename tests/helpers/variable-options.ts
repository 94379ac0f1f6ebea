import { ask } from "./data-source-api";
import type { Dashboard, Variable } from "./grafana-dashboard";
import { interpolate, type Chosen, type ChosenVariables } from "./grafana-variables";
import type { ProcessStack } from "./process-stack";

/** Values that somebody picks or types, by the variable's name; the others stay as the page opens. */
export type Choices = Readonly<Record<string, string>>;

const LABEL_VALUES = /^label_values\((?:(.+),)?\s*([\w.]+)\)$/;

function queryOf({ name, query }: Variable): { selector: string; label: string } {
  const { label: asked, stream, query: nested } = typeof query === "object" ? query : {};
  if (asked !== undefined) return { selector: stream ?? "", label: asked };
  const text = (typeof query === "string" ? query : nested) ?? "";
  const [, selector = "", label] = LABEL_VALUES.exec(text.trim()) ?? [];
  if (label === undefined) throw new Error(`variable ${name} asks "${text}", unknown here`);
  return { selector: selector.trim(), label };
}

function filtered({ name, regex }: Variable, values: string[]): string[] {
  if (!regex) return values;
  const [, pattern] = /^\/(.*)\/\w*$/.exec(regex) ?? [];
  if (pattern === undefined) throw new Error(`variable ${name} has the regex ${regex}`);
  return values.flatMap((value) => {
    const found = new RegExp(pattern).exec(value);
    return found ? [found[1] ?? found[0]] : [];
  });
}

/** Values of a label in the last `range` seconds, as the variable's drop-down shows them. */
async function optionsOf(
  stack: ProcessStack,
  variable: Variable,
  before: ChosenVariables,
  range: number,
): Promise<string[]> {
  const { selector, label } = queryOf(variable);
  const source = variable.datasource?.uid ?? "";
  const match = interpolate(selector, source, before, {});
  const end = Math.ceil(Date.now() / 1000);
  const start = end - range;
  const values = async (): Promise<string[]> => {
    if (source === "loki") {
      const { data = [] } = await ask<{ data?: string[] }>(
        stack,
        "loki",
        `/loki/api/v1/label/${label}/values`,
        {
          start: `${start}000000000`,
          end: `${end}000000000`,
          ...(match && { query: match }),
        },
      );
      return data;
    }
    if (source !== "prometheus") throw new Error(`variable ${variable.name} asks "${source}"`);
    const { data } = await ask<{ data: string[] }>(
      stack,
      "prometheus",
      `/api/v1/label/${label}/values`,
      { start, end, ...(match && { "match[]": match }) },
    );
    return data;
  };
  return filtered(variable, (await values()).sort());
}

const ALL = "$__all";

async function choose(
  stack: ProcessStack,
  variable: Variable,
  before: ChosenVariables,
  choices: Choices,
  range: number,
): Promise<Chosen> {
  const { name, type, current, includeAll, allValue } = variable;
  const stated = choices[name];
  const first = [current?.value ?? []].flat()[0];
  switch (type) {
    case "textbox":
    case "constant": {
      const value = stated ?? first ?? (typeof variable.query === "string" ? variable.query : "");
      return { variable, value };
    }
    case "custom":
    case "interval": {
      const values = (variable.options ?? []).flatMap(({ value }) => value);
      const value = stated ?? first ?? values[0];
      if (!values.includes(value)) throw new Error(`${name} has no option "${value}"`);
      return { variable, value };
    }
    case "query": {
      const options = await optionsOf(stack, variable, before, range);
      if (options.length === 0) throw new Error(`the variable ${name} has nothing to choose from`);
      if (stated !== undefined) {
        if (!options.includes(stated)) {
          throw new Error(`the variable ${name} does not offer "${stated}": ${options.join()}`);
        }
        return { variable, value: includeAll || variable.multi ? [stated] : stated };
      }
      if (includeAll && (first === undefined || first === ALL)) {
        return allValue
          ? { variable, value: allValue, verbatim: true }
          : { variable, value: options };
      }
      return { variable, value: options.includes(first) ? first : options[0] };
    }
    default:
      throw new Error(`variable ${name} is of the type "${type}", unknown here`);
  }
}

/** A dashboard's variables on a page that opens with these choices. */
export async function chosenVariables(
  stack: ProcessStack,
  { templating, title }: Dashboard,
  range: number,
  choices: Choices = {},
): Promise<ChosenVariables> {
  const chosen: Record<string, Chosen> = {};
  for (const variable of templating?.list ?? []) {
    try {
      chosen[variable.name] = await choose(stack, variable, chosen, choices, range);
    } catch (error) {
      throw new Error(`${title}: ${(error as Error).message}`, { cause: error });
    }
  }
  return chosen;
}
