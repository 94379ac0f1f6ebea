import type { DialledService, ServiceName } from "../../config/services";
import { causeOf, shortText } from "./causes";
import { call, ConnectionError, splitHostPort, type Address, type HttpCall } from "./client";
import { HopFailure, NotChecked } from "./hop";
import type { Run } from "./run";
import type { VerificationTarget } from "./target";
import type { MadeTrace } from "./traffic";

/** The listener at which each service is asked. */
export const ASKED = {
  tempo: "http",
  loki: "http",
  prometheus: "http",
  alertmanager: "http",
  jaeger: "http",
  grafana: "https",
  qdrant: "rest",
  collector: "otlpHttp",
} as const satisfies Record<DialledService, string>;

/** What every hop works with. */
export interface Context {
  target: VerificationTarget;
  run: Run;
  made: MadeTrace;
  /** Milliseconds since the epoch at which waiting ends. */
  deadline: number;
  /** The last lines of the log of a service, or of what stands beside it, where the caller can read them; for causes only. */
  readLog?(service: ServiceName, beside?: string): Promise<string>;
}

/**
 * Address of a listener.
 *
 * @throws {HopFailure} if the stack does not publish it.
 */
export function addressOf(
  { target }: Context,
  service: DialledService,
  listener: string = ASKED[service],
): Address {
  const published = target.endpoints[service]?.[listener];
  if (published === undefined) {
    throw new HopFailure(`${service} does not publish its listener ${listener}`, {
      cause: `the stack's outputs know no address of ${service}`,
      look: `\`pulumi stack output\`, and tracekeep:ports.${service}`,
    });
  }
  return { ...splitHostPort(published), serverName: service, root: target.tls.root };
}

/** A request with the operator's certificate; every HTTP answer is returned. */
export async function ask(context: Context, service: DialledService, request: HttpCall) {
  return call(addressOf(context, service), { identity: context.target.operator, ...request });
}

/**
 * JSON of an answer with status 200.
 *
 * @throws {HopFailure} on any other; with what the service said of it.
 */
export async function askJson<T>(
  context: Context,
  service: DialledService,
  request: HttpCall,
): Promise<T> {
  const address = addressOf(context, service);
  let answer;
  try {
    answer = await call(address, { identity: context.target.operator, ...request });
  } catch (error) {
    throw connectionFailure(error, service, address);
  }
  if (answer.status !== 200) {
    throw new HopFailure(`${service} answered ${answer.status}: ${shortText(answer.body)}`, {
      cause: causeOf(answer.body, { client: service, server: service }) ?? "see its answer",
      look: `the log of ${service}`,
    });
  }
  return JSON.parse(answer.body) as T;
}

/** The failure of a call that got no answer. */
export function connectionFailure(error: unknown, service: ServiceName, address: Address): Error {
  if (error instanceof HopFailure || error instanceof NotChecked) return error;
  const text = shortText(error);
  const code = error instanceof ConnectionError ? error.code : "";
  return new HopFailure(`no answer at ${address.host}:${address.port}: ${text}`, {
    cause:
      causeOf(`${code} ${text}`, { client: "the verification", server: service }) ?? "not known",
    look: `whether the container of ${service} runs, then its log`,
  });
}

interface PrometheusAnswer<T> {
  data: T;
}

export interface Sample {
  metric: Record<string, string>;
  value: number;
}

/** Samples of an instant query at Prometheus. */
export async function query(context: Context, expression: string): Promise<Sample[]> {
  const { data } = await askJson<
    PrometheusAnswer<{ result: { metric: Record<string, string>; value: [number, string] }[] }>
  >(context, "prometheus", {
    path: "/api/v1/query",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ query: expression }).toString(),
  });
  return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** A counter's sum over all series in the text of a `/metrics` page, by the value of `label`. */
export function sumMetrics(page: string, name: string, label?: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of page.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)/.exec(line);
    if (match?.[1] !== name) continue;
    const key = label ? (new RegExp(`[{,]${label}="([^"]*)"`).exec(match[2] ?? "")?.[1] ?? "") : "";
    sums.set(key, (sums.get(key) ?? 0) + Number(match[3]));
  }
  return sums;
}

/** A service's metrics page, or an empty text if it cannot be had. */
export async function metricsPage(context: Context, service: DialledService): Promise<string> {
  try {
    const { status, body } = await ask(context, service, { path: "/metrics", timeoutMs: 5000 });
    return status === 200 ? body : "";
  } catch {
    return "";
  }
}
