declare module "spdx-satisfies" {
  /** @throws if `expression` or an entry of `allowed` is not SPDX. */
  export default function satisfies(expression: string, allowed: readonly string[]): boolean;
}
