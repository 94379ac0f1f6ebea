import type { Subject } from "../rule";

/** Kind of a Kubernetes object that a resource is: `Deployment`; undefined if it is none. */
export const kindOf = ({ type }: Pick<Subject, "type">): string | undefined =>
  /^kubernetes:[^:]+:(\w+)$/.exec(type)?.[1];

export interface Metadata {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Label of what an object belongs to, as the target sets it. */
export const NAME_LABEL = "app.kubernetes.io/name";

export const metadataOf = ({ props }: Pick<Subject, "props">): Metadata =>
  (props.metadata ?? {}) as Metadata;

/** Whether labels are among those that a selector asks for. An empty selector takes everything. */
export function selects(
  selector: { matchLabels?: Record<string, string> } | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(
    ([name, value]) => labels?.[name] === value,
  );
}
