import type { StackConfig } from "./parse";

/** What each target can do with a workload. */
export const CAN: Record<
  StackConfig["target"],
  {
    /** More than one replica of it. */
    replicate: boolean;
    /** Leave it to others, in a namespace of theirs, and look whether it is ready. */
    place: boolean;
  }
> = {
  docker: { replicate: false, place: false },
  kubernetes: { replicate: true, place: true },
};
