/**
 * Whether a counter grew within `window`. A counter that is born above 0, as counters of errors with
 * a label for the reason are, has no `increase` yet: it did not exist at the window's start.
 */
export function grew(selector: string, window = "5m"): string {
  return `(increase(${selector}[${window}]) > 0 or (${selector} > 0 unless ${selector} offset ${window}))`;
}

/** Share of the requests of a duration histogram whose status label matches `failed`. */
export function failedShare(count: string, job: string, failed: string): string {
  const rate = (...matchers: string[]) =>
    `sum(rate(${count}{${[`job="${job}"`, ...matchers].join(",")}}[5m]))`;
  return `${rate(failed)} / ${rate()}`;
}
