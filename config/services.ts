/** The services of the stack, in the order in which they are listed everywhere. */
export const SERVICES = [
  "tempo",
  "collector",
  "prometheus",
  "loki",
  "grafana",
  "jaeger",
  "qdrant",
  "alertmanager",
] as const;

export type ServiceName = (typeof SERVICES)[number];
