import type { Problem, StackConfig } from "../parse";
import { CAN } from "../targets";
import type { Check } from "./check";

type Application = StackConfig["apps"][number];

/** What of an application has no meaning, or cannot be, where the stack runs it or does not. */
function misplaced(target: StackConfig["target"], app: Application): Problem[] {
  const problems: Problem[] = [];
  const { image, namespace, probe, replicas, user } = app;
  const say = (path: string, message: string) => problems.push({ path, message });
  if (!CAN[target].place) {
    const message = 'has a meaning only with target "kubernetes"';
    if (namespace !== undefined) say("namespace", message);
    if (probe !== undefined) say("probe", message);
    if (replicas > 1) say("replicas", `expected 1 on a single host, got ${replicas}`);
  } else if (image === undefined) {
    const message = "has no meaning: the stack does not run this application (no image)";
    if (probe !== undefined) say("probe", message);
    if (replicas > 1) say("replicas", message);
  } else {
    if (namespace !== undefined) {
      say("namespace", "expected none beside an image: the stack runs it in its own namespace");
    }
    if (user === 0) {
      say("user", "expected above 0: no pod of the stack's namespace may run as root");
    }
  }
  return problems;
}

/** What is said of each application fits where it runs. */
export const applicationsPlaced: Check = ({ apps, target }) =>
  apps.flatMap((app, index) =>
    misplaced(target, app).map(({ path, message }) => ({
      path: `apps[${index}].${path}`,
      message,
    })),
  );
