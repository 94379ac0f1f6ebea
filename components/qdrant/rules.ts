import type { StackConfig } from "../../config/parse";
import type { RuleGroup } from "../prometheus/rule-group";

const service = "qdrant";
const OWN = `job="${service}"`;

/** Operations that wait in a collection's queue of updates, above which it does not keep up. */
const QUEUE = 1000;

/** Alerts of Qdrant, besides that of every scrape target. */
export function qdrantRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "qdrant",
      source: "Qdrant's metrics",
      rules: [
        {
          alert: "QdrantRecoveryMode",
          expr: `app_status_recovery_mode{${OWN}} == 1`,
          labels: { severity: "critical", service },
          annotations: {
            summary: "Qdrant runs in recovery mode",
            description:
              "It ran out of memory while it started and now only deletes. Raise " +
              "`limits.qdrant.memory` or delete collections, then restart it.",
          },
          when: "it runs in recovery mode",
          options: ["limits.qdrant.memory"],
        },
        {
          alert: "QdrantReplicasDead",
          expr: `collection_dead_replicas{${OWN}} > 0`,
          forSeconds: 300,
          labels: { severity: "critical", service },
          annotations: {
            summary: "{{ $value }} shards of Qdrant's collections are not active",
            description:
              "What they hold is not searched. Its log has the error of each; a damaged one is " +
              "restored from a snapshot.",
          },
          when: "shards of a collection are not active for 5 minutes",
        },
        {
          alert: "QdrantOptimisationsStuck",
          expr: `min_over_time(collection_running_optimizations{${OWN}}[2h]) > 0 and collection_running_optimizations{${OWN}} offset 2h`,
          labels: { severity: "warning", service },
          annotations: {
            summary: "Qdrant optimises {{ $labels.id }} for over 2 hours",
            description:
              "Searches are slower meanwhile. It lacks memory, CPU or room on its disk, or updates " +
              "come faster than it indexes them.",
          },
          when: "a collection is optimised for 2 hours without a pause",
        },
        {
          alert: "QdrantUpdatesPile",
          expr: `collection_update_queue_length{${OWN}} > ${QUEUE}`,
          forSeconds: 600,
          labels: { severity: "warning", service },
          annotations: {
            summary: "{{ $value | humanize }} updates of {{ $labels.id }} wait in Qdrant's queue",
            description:
              "They are stored, but not yet found. Send fewer or larger batches, or raise " +
              "`limits.qdrant`.",
          },
          when: `more than ${QUEUE} updates of a collection wait for 10 minutes`,
        },
        {
          alert: "QdrantRequestsFail",
          expr:
            `sum(rate(rest_responses_total{${OWN},status=~"5.."}[5m])) ` +
            `/ sum(rate(rest_responses_total{${OWN}}[5m])) > 0.05`,
          forSeconds: 300,
          labels: { severity: "warning", service },
          annotations: {
            summary: "{{ $value | humanizePercentage }} of Qdrant's answers are errors",
            description: "Its log has the error of each.",
          },
          when: "more than 5 % of the answers were errors for 5 minutes",
        },
      ],
    },
  ];
}
