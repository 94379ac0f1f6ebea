import type { StackConfig } from "../../config/parse";
import type { OwnCa } from "./certificate-authority";
import { trustedGenerations } from "./generations";

/** The user's own CAs by generation: of two that are trusted, `ca` is the older one. */
export function ownAuthorities(
  certificates: StackConfig["certificates"],
): Readonly<Record<number, OwnCa>> {
  const [older, newer] = trustedGenerations(certificates);
  const { ca, nextCa } = certificates;
  return {
    ...(ca && { [older]: ca }),
    ...(newer !== undefined && nextCa && { [newer]: nextCa }),
  };
}
