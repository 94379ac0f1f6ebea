import type { VerificationTarget } from "./target";
import type { HopResult } from "./hop";
import { DIALLED_SERVICES } from "../../config/services";

/** Takes every secret of the target out of a text; a second lock behind careful messages. */
export function withoutSecrets(text: string, target: VerificationTarget): string {
  const secrets = [
    target.application.key,
    target.operator.key,
    target.qdrant?.apiKey,
    target.qdrant?.readOnlyKey,
    target.grafana?.password,
  ].filter((secret) => secret !== undefined && secret !== "");
  return secrets.reduce<string>((clean, secret) => clean.replaceAll(secret!, "[secret]"), text);
}

/** One hop as one line; a broken one with its cause and where to look. */
export function formatHop({ status, seconds, name, detail, cause, look }: HopResult): string {
  const time = `${seconds.toFixed(2)}s`;
  switch (status) {
    case "ok":
      return `ok ${time} ${name}${detail ? ` (${detail})` : ""}`;
    case "skipped":
      return `skipped: ${name} (${detail ?? ""} is switched off)`;
    case "not checked":
      return `not checked ${name} (${detail ?? ""})`;
    case "failed":
    case "warning":
      return [
        `${status === "failed" ? "FAILED" : "warning"} ${time} ${name}`,
        `  seen:  ${detail ?? ""}`,
        `  cause: ${cause ?? ""}`,
        `  look:  ${look ?? ""}`,
      ].join("\n");
  }
}

export interface Summary {
  ok: number;
  failed: string[];
  notChecked: number;
  warnings: number;
  /** Services that are switched off; the log agent is not, it may be switched on. */
  skipped: string[];
}

export function summarize(results: readonly HopResult[], services: readonly string[]): Summary {
  const of = (status: HopResult["status"]) => results.filter((result) => result.status === status);
  return {
    ok: of("ok").length,
    failed: of("failed").map(({ name }) => name),
    notChecked: of("not checked").length,
    warnings: of("warning").length,
    skipped: DIALLED_SERVICES.filter((service) => !services.includes(service)),
  };
}

/**
 * 0 if every hop was checked and is well, else 1. A hop that was not checked is not well: it stands
 * behind a broken one.
 */
export function exitCode(results: readonly HopResult[]): number {
  return results.some(({ status }) => status === "failed" || status === "not checked") ? 1 : 0;
}

/** The closing lines: what is switched off, then the verdict. */
export function formatSummary(
  results: readonly HopResult[],
  target: VerificationTarget,
  seconds: number,
): string {
  const { ok, failed, notChecked, warnings, skipped } = summarize(results, target.services);
  const counts = [
    `${ok} hops ok`,
    ...(failed.length > 0 ? [`${failed.length} FAILED`] : []),
    ...(notChecked > 0 ? [`${notChecked} not checked`] : []),
    ...(warnings > 0 ? [`${warnings} warnings`] : []),
  ].join(", ");
  return [
    ...skipped.map((service) => `skipped: ${service}`),
    `${exitCode(results) === 0 ? "verified" : "NOT verified"}: stack ${target.stack}, ${counts}, ${seconds.toFixed(1)}s`,
    ...failed.map((name) => `broken: ${name}`),
  ].join("\n");
}
