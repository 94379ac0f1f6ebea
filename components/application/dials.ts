import type { StackConfig } from "../../config/parse";
import type { ApplicationConfig } from "../../config/schema";
import type { ServiceName } from "../../config/services";
import type { Edge } from "../../targets/workload";
import { intakeOf } from "../stack/connections";
import { listenersOf } from "../stack/listeners";

const to = (service: ServiceName, listener: string): Edge => ({
  peer: { kind: "workload", name: service },
  port: listenersOf(service)[listener].port,
});

/** What an application dials in the stack, wherever it runs. */
export const applicationDials = (
  config: StackConfig,
  { qdrant, reads }: ApplicationConfig,
): Edge[] => [
  to(intakeOf(config), "otlpGrpc"),
  to(intakeOf(config), "otlpHttp"),
  ...(qdrant ? [to("qdrant", "rest")] : []),
  ...reads.map((service) => to(service, "http")),
];
