import type { Workload } from "../../targets/workload";

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600 };
/** `for:`, the window of a range and an `offset` in a rule file. */
const RULE_DURATION = /(\bfor: |\[|\boffset )(\d+)([smh])\b/g;

const shorter = (text: string, pattern: RegExp, factor: number) =>
  text.replace(pattern, (_, before: string, amount: string, unit: string) => {
    const seconds = (Number(amount) * SECONDS[unit]) / factor;
    return `${before}${Math.max(1, Math.round(seconds * 1000) / 1000) * 1000}ms`;
  });

/**
 * A mutation that lets a test wait less: it divides the durations of the alerts, and those in which
 * the collector and Prometheus look at something, by a factor. Nothing else is touched.
 */
export function faster(workload: Workload, factor: number): Workload {
  const edit = (path: string, content: string) => {
    if (/\/rules\/[^/]+\.yml$/.test(path)) return shorter(content, RULE_DURATION, factor);
    if (!path.endsWith("/collector.yaml")) return content;
    return shorter(content, /(\bcollection_interval: )(\d+)(s)\b/g, factor).replace(
      "interval: 15000",
      `interval: ${15_000 / factor}`,
    );
  };
  return {
    ...workload,
    files: workload.files.map(({ path, content }) => ({ path, content: edit(path, content) })),
    args:
      workload.name === "prometheus"
        ? [...workload.args, `--config.auto-reload-interval=${30 / factor}s`]
        : workload.args,
  };
}
