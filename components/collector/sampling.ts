import { capacityOf } from "../../config/capacity";
import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import { IDS, type Settings } from "./component";

/** Traces are sampled only when some are to go: at ratio 1 there is no sampler in the pipeline. */
export const isSampling = ({ sampling }: StackConfig): boolean => sampling.ratio < 1;

/** Whether the root span of a health check is looked for. */
const dropsHealthChecks = ({ sampling }: StackConfig): boolean =>
  sampling.dropHealthChecks && sampling.healthCheckPaths.length > 0;

/** OTTL conditions that hold for the root span of a health check. */
function healthCheckConditions({ sampling }: StackConfig): string[] {
  const paths = sampling.healthCheckPaths.map((path) => `(?:${path})`).join("|");
  const pattern = JSON.stringify(`^(?:${paths})(?:\\?.*)?$`);
  // Only where the trace begins: a request that passes such a path on its way is no health check.
  return ["url.path", "http.target"].map(
    (key) => `IsRootSpan() and IsMatch(span.attributes["${key}"], ${pattern})`,
  );
}

function tailSampling(config: StackConfig): Settings {
  const { sampling } = config;
  const capacity = capacityOf(config, "collector");
  // The worst case: every span a trace of its own. Half as much again for what waits its turn.
  const traces = Math.ceil(capacity.spansPerSecond * sampling.decisionWait * 1.5);
  return {
    decision_wait: goDuration(sampling.decisionWait),
    num_traces: traces,
    // Above it the sender waits; the default would throw the oldest traces away undecided.
    block_on_overflow: true,
    expected_new_traces_per_sec: capacity.spansPerSecond,
    // Decisions outlive the spans, so that a late span follows its trace.
    decision_cache: { sampled_cache_size: traces * 2, non_sampled_cache_size: traces * 10 },
    policies: [
      ...(dropsHealthChecks(config)
        ? [
            {
              name: "drop-health-checks",
              type: "drop",
              drop: {
                drop_sub_policy: [
                  {
                    name: "health-checks",
                    type: "ottl_condition",
                    ottl_condition: { error_mode: "ignore", span: healthCheckConditions(config) },
                  },
                ],
              },
            },
          ]
        : []),
      ...(sampling.keepErrors
        ? [{ name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } }]
        : []),
      {
        name: "slow",
        type: "latency",
        latency: { threshold_ms: Math.round(sampling.keepSlowerThan * 1000) },
      },
      {
        name: "share",
        type: "probabilistic",
        probabilistic: { sampling_percentage: sampling.ratio * 100 },
      },
    ],
  };
}

/**
 * What decides which spans are stored, by id. At ratio 1 health checks are dropped span by span:
 * it needs no memory of traces, and what a health check calls is rare.
 */
export function sampling(config: StackConfig): Record<string, Settings> {
  if (isSampling(config)) return { [IDS.tailSampling]: tailSampling(config) };
  if (!dropsHealthChecks(config)) return {};
  return {
    [IDS.healthFilter]: {
      error_mode: "ignore",
      traces: { span: healthCheckConditions(config) },
    },
  };
}

/**
 * Whether some of the spans that are counted are not stored. Exemplars, each of which must lead to
 * a stored trace, then come from a connector of their own behind the choice.
 */
export const hasOwnExemplars = (config: StackConfig): boolean =>
  Object.keys(sampling(config)).length > 0;
