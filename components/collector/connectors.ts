import { capacityOf } from "../../config/capacity";
import type { StackConfig } from "../../config/parse";
import { PUSH_INTERVAL } from "../../config/schema/tuning";
import { goDuration } from "../../config/units";
import { IDS, type Settings } from "./component";
import { hasOwnExemplars } from "./sampling";

/** How often the counters are sent; a kill loses what one interval holds, as with any client. */
const FLUSH_INTERVAL = goDuration(PUSH_INTERVAL);

const ENVIRONMENT = "deployment.environment.name";

function spanMetrics(config: StackConfig, namespace: string, exemplars: boolean): Settings {
  const { latencyBuckets, cardinalityLimit } = config.tuning.collector;
  return {
    namespace,
    histogram: { unit: "s", explicit: { buckets: latencyBuckets.map(goDuration) } },
    exemplars: { enabled: exemplars, ...(exemplars && { max_per_data_point: 5 }) },
    metrics_flush_interval: FLUSH_INTERVAL,
    // One set of series a service and environment, whatever else its resources say. Prometheus
    // makes a label of either.
    resource_metrics_key_attributes: ["service.name", ENVIRONMENT],
    // It changes with every start: each would be new series.
    exclude_dimensions: ["collector.instance.id"],
    aggregation_cardinality_limit: cardinalityLimit,
    // Series of spans that came no more end, so that a renamed route does not stay for ever.
    series_expiration: "1h",
  };
}

/**
 * RED metrics and the service graph, counted from all spans, before any choice of what is stored. An
 * exemplar must lead to a stored trace: where traces are sampled or health checks dropped, exemplars
 * come from a second connector behind that, under a name of its own, and the counters come without.
 */
export function connectors(config: StackConfig): Record<string, Settings> {
  const apart = hasOwnExemplars(config);
  const { latencyBuckets } = config.tuning.collector;
  const { spansPerSecond } = capacityOf(config, "collector");
  // Half as long again as spans of a trace may be apart, so that a busy host loses no edge.
  const halfWait = Math.ceil(config.sampling.decisionWait * 1.5);
  return {
    [IDS.spanMetrics]: spanMetrics(config, "traces.spanmetrics", !apart),
    ...(apart && {
      [IDS.exemplarMetrics]: spanMetrics(config, "traces.spanmetrics.exemplars", true),
    }),
    [IDS.serviceGraph]: {
      // Its series have no resource, so the environment stands with either side of an edge.
      dimensions: [ENVIRONMENT],
      // What is called and sends no spans, in the words of the conventions of today and before.
      database_name_attributes: ["db.namespace", "db.name"],
      virtual_node_peer_attributes: ["peer.service", "db.system.name", "db.system"],
      latency_histogram_buckets: latencyBuckets.map(goDuration),
      metrics_flush_interval: FLUSH_INTERVAL,
      // Half of a call waits this long for its other half, at the stated capacity.
      store: { ttl: goDuration(halfWait), max_items: spansPerSecond * halfWait },
    },
  };
}
