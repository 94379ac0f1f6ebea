import type { StackConfig } from "../../config/parse";
import { budgetsOf, misfits, type Rates } from "../../config/space";
import { readVerificationTarget } from "../stack-outputs";
import { measure } from "./measure";

/** Seconds after which `up` goes on without what a running stack would tell. */
const PATIENCE = 20;

/** What the running stack was measured to write; empty where there is none that answers. */
async function measuredRates({ stack }: StackConfig): Promise<Rates> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE * 1000);
  });
  const asked = readVerificationTarget(stack)
    .then(measure)
    .catch(() => undefined);
  const measured = await Promise.race([asked, late]);
  clearTimeout(timer);
  return measured?.written ?? {};
}

/**
 * Compares what each store is to keep with what it may fill. What the options alone say cannot fit is
 * refused; what was measured is told, for the running stack may need this very `up`.
 *
 * @throws {Error} with each store's sentence; nothing was changed.
 */
export async function checkSpace(
  config: StackConfig,
  rates: (config: StackConfig) => Promise<Rates> = measuredRates,
): Promise<void> {
  if (budgetsOf(config).length === 0) return;
  const found = misfits(config, await rates(config));
  for (const { sentence } of found.filter(({ measured }) => measured)) {
    process.stderr.write(`Warning: ${sentence} See npm run space (docs/space.md).\n`);
  }
  const refused = found.filter(({ measured }) => !measured);
  if (refused.length === 0) return;
  throw new Error(
    [
      `The stores of stack "${config.stack}" cannot keep what its options ask of them (docs/space.md):`,
      ...refused.map(({ sentence }) => `  ${sentence}`),
      "Nothing was changed.",
    ].join("\n"),
  );
}
