import type { StackConfig } from "../../config/parse";
import { enabledServices } from "../stack/connections";
import type { LogSource, Operator } from "./source";

/**
 * Whether a line is of one of the stack's services, told before it is parsed: foreign lines cost no
 * more than this. A quote that a container wrote is escaped in the file, so no line can pose as
 * another's. The agent's own lines would come back, and bring new ones.
 */
function isOurs(config: StackConfig): string {
  const services = enabledServices(config).filter((service) => service !== "log-agent");
  return `body matches '"tag":"${config.namePrefix}-(?:${services.join("|")})"'`;
}

/**
 * The lines of Docker's `json-file` driver as log records: the container's name is the tag that the
 * target has the driver write into each line (`attrs`), the service's is what stands behind the
 * prefix. What a service writes stays one text, whatever format it has.
 */
function operators(config: StackConfig): Operator[] {
  return [
    { type: "filter", expr: `not (${isOurs(config)})` },
    {
      type: "container",
      format: "docker",
      add_metadata_from_filepath: false,
      // Half a line, where the host went down while it was written.
      on_error: "drop",
    },
    {
      type: "add",
      field: 'resource["service.name"]',
      value: `EXPR(trimPrefix(attributes.attrs.tag, "${config.namePrefix}-"))`,
    },
    { type: "move", from: "attributes.attrs.tag", to: 'resource["container.name"]' },
    { type: "remove", field: "attributes.attrs" },
    {
      // The driver cuts lines at 16 KiB; only the last piece ends the line.
      type: "recombine",
      combine_field: "body",
      combine_with: "",
      is_last_entry: 'body endsWith "\\n"',
      source_identifier: 'resource["container.name"]',
      max_log_size: config.tuning.loki.maxLineSize,
    },
    { type: "regex_replace", field: "body", regex: "\\n$", replace_with: "" },
  ];
}

/** The files of Docker's `json-file` driver. */
export function dockerLogs(config: StackConfig): LogSource {
  const { directory } = config.containerLogs;
  return {
    directory,
    // Rotated files too: what was not read before the rotation stands in them.
    include: [`${directory}/*/*-json.log`, `${directory}/*/*-json.log.[0-9]`],
    settings: {},
    operators: operators(config),
  };
}
