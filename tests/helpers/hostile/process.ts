import { text } from "node:stream/consumers";
import { ATTACKS, type Answers, type Victims } from "./attacks";

/** What `attackApart` hands over on standard input. */
export interface AttackInput {
  attack: keyof typeof ATTACKS;
  victims: Victims;
  more: unknown;
}

async function main(): Promise<void> {
  const { attack, victims, more } = JSON.parse(await text(process.stdin)) as AttackInput;
  const run = ATTACKS[attack] as (victims: Victims, more: unknown) => Promise<Answers>;
  // Connections that an attack holds open would keep it from ending.
  process.stdout.write(JSON.stringify(await run(victims, more)), () => process.exit());
}

void main();
