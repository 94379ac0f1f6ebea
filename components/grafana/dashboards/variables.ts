import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import { source } from "./queries";

/** Any value, also of series without the label: what "All" stands for. */
const ANY = ".*";
/** At least one character: Loki takes no selector that an empty one would do for. */
const SOME = ".+";

const ALL = { text: "All", value: "$__all" };

interface ListOptions {
  name: string;
  label: string;
  description: string;
  /** One value, or several and "All". Default: several. */
  single?: boolean;
}

function list({ name, label, description, single }: ListOptions): sdk.QueryVariableBuilder {
  const variable = new sdk.QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .refresh(sdk.VariableRefresh.OnTimeRangeChanged)
    .sort(sdk.VariableSort.AlphabeticalAsc);
  return single ? variable : variable.multi(true).includeAll(true).current(ALL);
}

/** Values of a label of Prometheus' series, `selector` being a metric with its braces. */
export function labelVariable(selector: string, label: string, options: ListOptions) {
  const query = `label_values(${selector}, ${label})`;
  return list(options)
    .datasource(source("prometheus"))
    .query({ qryType: 1, query, refId: "PrometheusVariableQueryEditor-VariableQuery" })
    .definition(query)
    .allValue(ANY);
}

/** Values of a label of Loki's streams. */
export function streamVariable(stream: string, label: string, options: ListOptions) {
  return list(options)
    .datasource(source("loki"))
    .query({ type: 1, label, stream, refId: "LokiVariableQueryEditor-VariableQuery" })
    .definition(`label_values(${stream}, ${label})`)
    .allValue(SOME);
}

/** A text that people type. */
export function textVariable(name: string, label: string, description: string, value = "") {
  return new sdk.TextBoxVariableBuilder(name)
    .label(label)
    .description(description)
    .defaultValue(value)
    .current({ text: value, value });
}

/** A choice of given values, by what they are called; the first one is chosen. */
export function choiceVariable(
  name: string,
  label: string,
  description: string,
  choices: Readonly<Record<string, string>>,
) {
  const options = Object.entries(choices).map(([text, value], index) => ({
    text,
    value,
    selected: index === 0,
  }));
  return new sdk.CustomVariableBuilder(name)
    .label(label)
    .description(description)
    .values(options.map(({ text, value }) => `${text} : ${value}`).join(","))
    .options(options)
    .current(options[0]);
}
