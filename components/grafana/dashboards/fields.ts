import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";

/** Colours of thresholds, by what they say. */
const GOOD = "green";
const DOUBTFUL = "orange";
const BAD = "red";
/** Of a number that nothing is said about. */
const PLAIN = "text";

const steps = (...list: [value: number | null, color: string][]) =>
  new sdk.ThresholdsConfigBuilder()
    .mode(sdk.ThresholdsMode.Absolute)
    .steps(list.map(([value, color]) => ({ value, color })));

/** Good up to `bad`; doubtful from `doubtful` on, if that is given. */
export const badAbove = (bad: number, doubtful?: number) =>
  doubtful === undefined
    ? steps([null, GOOD], [bad, BAD])
    : steps([null, GOOD], [doubtful, DOUBTFUL], [bad, BAD]);

/** Bad below `good`, or below `doubtful` if that is given, with doubt between the two. */
export const badBelow = (good: number, doubtful?: number) =>
  doubtful === undefined
    ? steps([null, BAD], [good, GOOD])
    : steps([null, BAD], [doubtful, DOUBTFUL], [good, GOOD]);

export const plain = () => steps([null, PLAIN]);

/** Anything above 0 is bad. */
export const badAtAll = () => badAbove(1e-9);

/** Words in place of 1 and 0. */
export function yesOrNo(yes: string, no: string, bad: "yes" | "no"): sdk.ValueMapping {
  return {
    type: sdk.MappingType.ValueToText,
    options: {
      "1": { text: yes, color: bad === "yes" ? BAD : GOOD, index: 0 },
      "0": { text: no, color: bad === "no" ? BAD : GOOD, index: 1 },
    },
  };
}

/** A share as people read it: `5 %`. */
export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
