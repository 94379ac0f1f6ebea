import { Readable } from "node:stream";
import { enabledServices } from "../../components/stack/connections";
import { withForwards } from "../../components/verification/forward";
import type { StackConfig } from "../../config/parse";
import type { Stores } from "../hosts/stores";
import { readVerificationTarget } from "../stack-outputs";
import { readObjects } from "./objects";
import { qdrantSnapshots } from "./qdrant";
import type { StackBucket } from "./stack-buckets";
import { bundleOf } from "./state";
import { copiedWorkloads, isFrozen, objectsOf, QUEUE } from "./stores";

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
  /** A part that has to be the older one: where it is made anew, so is this. */
  after?: string;
}

/**
 * The objects of a service, which serves on. What it flushes after its own part is in them; had they
 * been copied before, that would be in neither.
 */
const objectsPlan = ({ service, bucket }: StackBucket): Plan => ({
  name: objectsOf(service),
  what: `Copying the objects of ${service} in S3, which serves on`,
  after: service,
  run: async (write) => {
    const until = new Date();
    const tar = readObjects(bucket);
    try {
      await write(tar);
    } finally {
      tar.destroy();
    }
    return until;
  },
});

/**
 * The parts of a stack's backup, in the order in which they are made.
 *
 * @param buckets those whose objects are copied. Default: none.
 */
export function plansOf(
  config: StackConfig,
  stores: Stores,
  buckets: readonly StackBucket[] = [],
): Plan[] {
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
    ...copiedWorkloads(config).flatMap((workload) => {
      const frozen = isFrozen(workload);
      const copy: Stores["copy"] = (...how) =>
        frozen ? stores.copyFrozen(...how) : stores.copy(...how);
      const meanwhile = frozen ? "which is frozen" : "which stands still";
      const plan: Plan = {
        name: workload.name,
        ...(workload.name !== QUEUE && { after: QUEUE }),
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
      const objects = buckets.filter(({ service }) => service === workload.name);
      return [plan, ...objects.map(objectsPlan)];
    }),
  ];
}
