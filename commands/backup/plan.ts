import { Readable } from "node:stream";
import { enabledServices } from "../../components/stack/connections";
import { withForwards } from "../../components/verification/forward";
import type { StackConfig } from "../../config/parse";
import type { Stores } from "../hosts/stores";
import { readVerificationTarget } from "../stack-outputs";
import { qdrantSnapshots } from "./qdrant";
import { bundleOf } from "./state";
import { copiedWorkloads, isFrozen } from "./stores";

/** Name of the part with the Pulumi state. */
export const STATE = "state";
/** Name of the part with Qdrant's snapshots. */
export const QDRANT = "qdrant";

type Write = (content: AsyncIterable<Uint8Array>) => Promise<void>;

/** How one part is made. */
export interface Plan {
  name: string;
  /** What is done, for people. */
  what: string;
  /** Hands the part's content to `write` and gives the moment until which it is whole. */
  run: (write: Write) => Promise<Date>;
  /** Starts the service again, where it stands still for its part. */
  start?: () => Promise<void>;
}

/** The parts of a stack's backup, in the order in which they are made. */
export function plansOf(config: StackConfig, stores: Stores): Plan[] {
  const { stack } = config;
  return [
    {
      name: STATE,
      what: "Copying the state, with the CA and the passwords",
      run: async (write) => {
        const until = new Date();
        await write(Readable.from([await bundleOf(stack)]));
        return until;
      },
    },
    ...(enabledServices(config).includes("qdrant")
      ? [
          {
            name: QDRANT,
            what: "Copying snapshots of Qdrant, which serves on",
            run: async (write: Write) => {
              const until = new Date();
              await withForwards(await readVerificationTarget(stack), (target) =>
                write(qdrantSnapshots(target)),
              );
              return until;
            },
          },
        ]
      : []),
    ...copiedWorkloads(config).map((workload) => {
      const frozen = isFrozen(workload);
      const copy: Stores["copy"] = (...how) =>
        frozen ? stores.copyFrozen(...how) : stores.copy(...how);
      const meanwhile = frozen ? "which is frozen" : "which stands still";
      return {
        name: workload.name,
        what: `Copying the data of ${workload.name}, ${meanwhile} meanwhile`,
        start: () => stores.start(workload),
        run: async (write: Write) => {
          let until = new Date();
          await copy(workload, (tar) => {
            // Nothing moves any more; one that was stopped has written what it had acknowledged.
            until = new Date();
            return write(tar);
          });
          return until;
        },
      };
    }),
  ];
}
