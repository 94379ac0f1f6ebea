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

/**
 * Share of what one counter counted in 10 minutes that the next one on the way did not. Nothing when
 * nothing was to be counted; a counter that is not there at all counted nothing.
 */
export function missingShare(counted: string, arrived: string): string {
  const rate = (selector: string) => `sum(rate(${selector}[10m]))`;
  return `1 - (${rate(arrived)} or vector(0)) / (${rate(counted)} > 0)`;
}

/** Right side of an `and`: a process runs for so many seconds, so that it had time for something. */
export function runsLonger(job: string, seconds: number): string {
  return `on () (time() - process_start_time_seconds{job="${job}"} > ${seconds})`;
}
