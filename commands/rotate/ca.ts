import {
  cutsOff,
  freshFrom,
  nextOf,
  phaseOf,
  trustedGenerations,
  type Generations,
} from "../../components/pki/generations";
import type { Identity } from "../../components/verification/client";
import type { Journal } from "./journal";

/** What a rotation works on. */
export interface Surroundings {
  stack: string;
  /** Applications that take their files with `npm run env`: nobody but their owners gives them. */
  outside: readonly string[];
  /** Whether the stack has a CA of the user's, and the one that is to follow. */
  own: { ca: boolean; nextCa: boolean };
  /** What the stack file says, and what is deployed: undefined if nothing is. */
  wanted: () => Generations;
  deployed: () => Promise<Generations | undefined>;
  write: (generations: Generations) => void;
  /** `up` with its verification; the exit code. */
  deploy: (how: { compromised: boolean }) => Promise<number>;
  /** The operator's certificate and key, as deployed. */
  operator: () => Promise<Identity>;
  /** Waits until everything serves, and presents, certificates of the CA that signs. */
  settled: () => Promise<void>;
  /** Listeners that still serve a client with this certificate; all serve the new one. */
  serving: (before: Identity) => Promise<string[]>;
  journal: { read: () => Journal; write: (change: Partial<Journal>) => void };
  /** Whether to go on; undefined where nobody can be asked. */
  ask: (question: string) => Promise<boolean | undefined>;
  say: (text: string) => void;
}

const optionOf = (stack: string) => (stack === "dev" ? "" : ` --stack ${stack}`);

/** What each of the three steps does, before it is done. */
export function describeStep(step: number, from: number): string {
  const to = from + 1;
  switch (step) {
    case 1:
      return (
        `Step 1 of 3: CA ${to} is made and trusted beside CA ${from}, which still signs.\n` +
        "  Every process reads which CAs it trusts at its start, so each is replaced, those that store first.\n" +
        "  Data stays. While the collector is replaced, senders are refused for some seconds and try again."
      );
    case 2:
      return (
        `Step 2 of 3: CA ${to} signs every certificate anew. Both are trusted.\n` +
        "  No process is replaced: each takes its certificate in place, within seconds (on Kubernetes within minutes)."
      );
    default:
      return (
        `Step 3 of 3: CA ${from} is trusted no more, and deleted.\n` +
        "  Every process is replaced once more, as in step 1. Certificates of before are refused from now on."
      );
  }
}

/** What owners of applications do between two steps. */
export function describePause(step: number, { outside, stack }: Surroundings): string {
  const commands = outside.map((app) => `  npm run env --${optionOf(stack)} --app ${app}`);
  return [
    step === 1
      ? "Before step 2 these applications need the file that says whom they trust (ca.crt holds both CAs now):"
      : "Before step 3 these applications need their new certificates:",
    ...commands,
    "One that reads its files once, as most do, is started again.",
  ].join("\n");
}

const againWords = (stack: string, more = "") =>
  `npm run rotate -- ca${more} ${optionOf(stack).trim()}`.trim();

/** @throws {Error} unless a step ended well; what to do stands in the message. */
function mustBeWell(code: number, what: string, again: string): void {
  if (code === 0) return;
  throw new Error(
    `${what} did not end well; see above. Nothing is lost: what was accepted waits in the queues.\n` +
      `When it is mended, go on with: ${again}`,
  );
}

/** The step that the stack file is at, or 0 at rest. */
function stepOf(wanted: Generations, deployed: Generations, journal: Journal["ca"]): number {
  switch (phaseOf(wanted)) {
    case "both trusted":
      return 1;
    case "new signs":
      return 2;
    case "one":
      // Its end was written, and not seen to be well.
      return journal?.to === wanted.generation || phaseOf(deployed) === "new signs" ? 3 : 0;
  }
}

const STEPS = 3;

async function proveEnd(s: Surroundings, before: Identity | undefined): Promise<void> {
  if (before === undefined) {
    s.say("Not tried: whether a certificate of before is refused, for none was kept.");
    return;
  }
  const serving = await s.serving(before);
  if (serving.length > 0) {
    throw new Error(
      `A certificate of the old CA is still served by: ${serving.join(", ")}.\n` +
        "Its container has the old trust bundle: look whether `up` replaced it.",
    );
  }
  s.say("Refused at every published listener: a certificate of before.");
}

/** The first problem with what is there, in a sentence. */
function refusal(s: Surroundings, deployed: Generations | undefined, wanted: Generations) {
  if (deployed === undefined) {
    return `Stack "${s.stack}" is not up: there is no CA to rotate. Start it with: npm run up --${optionOf(s.stack)}`;
  }
  if (s.own.ca && !s.own.nextCa && phaseOf(wanted) === "one") {
    return (
      "The CA is your own (certificates.ca), so is the next: put its certificate and key into certificates.nextCa\n" +
      "(docs/rotation.md#a-ca-of-your-own), then run this again. Nothing was changed."
    );
  }
  return undefined;
}

/**
 * The three steps of a rotation, from wherever an earlier run left them.
 *
 * @returns whether the rotation is done; not, where it waits for owners of applications.
 * @throws {Error} where a step did not end well; running it again goes on there.
 */
export async function rotateCa(s: Surroundings, { yes = false } = {}): Promise<boolean> {
  const deployed = await s.deployed();
  let wanted = s.wanted();
  let known = s.journal.read().ca;
  let step = deployed ? stepOf(wanted, deployed, known) : 0;
  const problem = step < STEPS ? refusal(s, deployed, wanted) : undefined;
  if (problem !== undefined) throw new Error(problem);
  if (known?.compromised) {
    throw new Error(
      `A rotation of a compromised CA is not done yet. Go on with: ${againWords(s.stack, " --compromised")}`,
    );
  }
  if (deployed && step === 0 && cutsOff(deployed, wanted)) {
    throw new Error(
      `The stack file asks for CA ${wanted.generation}, deployed is CA ${deployed.generation}: take the stack file of whoever rotated it. Nothing was changed.`,
    );
  }
  const from = step === STEPS ? wanted.generation - 1 : trustedGenerations(wanted)[0];
  const to = from + 1;
  const again = againWords(s.stack);

  const run = async (at: number) => {
    if (at === 2) {
      known = { ...known!, before: known!.before ?? (await s.operator()) };
      s.journal.write({ ca: known });
    }
    mustBeWell(await s.deploy({ compromised: false }), `Step ${at}`, again);
    if (at === 2) await s.settled();
    if (at === STEPS) await proveEnd(s, known?.before);
    known = { ...known!, done: at };
    s.journal.write({ ca: known });
  };

  if (step > 0) {
    s.say(`A rotation from CA ${from} to CA ${to} is at step ${step} of ${STEPS}.`);
    if (known?.to !== to) known = { to, done: 0, compromised: false };
    // Seen to be well by an earlier run, which left it to its user to go on.
    const agreed = known.done === step;
    if (!agreed) {
      s.say(`${describeStep(step, from)}\nIt was not seen to end well, and is done again.`);
      await run(step);
    }
    if (step < STEPS && !agreed && !(await goesOn(s, step, yes))) return false;
  } else {
    const plan = [1, 2, 3].map((one) => describeStep(one, from)).join("\n");
    s.say(`From CA ${from} to CA ${to}, each step verified before the next:\n\n${plan}\n`);
    if (!yes && (await s.ask("Go on?")) === false) return false;
    known = { to, done: 0, compromised: false };
    s.journal.write({ ca: known });
  }
  let mayGo = true;
  while (step < STEPS) {
    if (!mayGo) return false;
    wanted = nextOf(wanted);
    step += 1;
    s.say(`\n${describeStep(step, from)}`);
    s.write(wanted);
    await run(step);
    mayGo = step === STEPS || (await goesOn(s, step, yes));
  }
  s.journal.write({ ca: undefined });
  s.say(
    `\nCA ${to} signs, and nothing else is trusted. The stack file says so (certificates.generation): keep it.`,
  );
  return true;
}

/** Whether the next step may follow at once: where nobody outside waits for files, or has them. */
async function goesOn(s: Surroundings, step: number, yes: boolean): Promise<boolean> {
  if (yes || s.outside.length === 0) return true;
  s.say(`\n${describePause(step, s)}`);
  const answer = await s.ask(`Have they, and shall step ${step + 1} follow?`);
  if (answer) return true;
  s.say(`Step ${step} of ${STEPS} is done. When they have, go on with: ${againWords(s.stack)}`);
  return false;
}

/** What the faster path costs, before it is done. */
export function describeCompromised(to: number, s: Surroundings): string {
  return [
    `CA ${to} takes the place of all that were trusted, in one step, with a new key for every service and application:`,
    "  - every process is replaced, those that store first; until the last is, they refuse each other, and what was",
    "    accepted waits in the collector's queue;",
    "  - the senders are refused from the collector's replacement on, each until it has its new files:",
    ...(s.outside.length === 0
      ? ["    there are none but those that the stack runs and replaces itself;"]
      : s.outside.map((app) => `    npm run env --${optionOf(s.stack)} --app ${app}`)),
    "  - what they cannot keep meanwhile, they lose; OTLP's senders try for a minute or so.",
    "Whoever had the CA's key from the state had the rest of it too: then also `npm run rotate -- secrets`,",
    "and another passphrase for the state.",
  ].join("\n");
}

/**
 * A new CA at once, and the end of trust in what there was.
 *
 * @returns whether it was done.
 */
export async function replaceCa(s: Surroundings, { yes = false } = {}): Promise<boolean> {
  const known = s.journal.read().ca;
  const deployed = await s.deployed();
  const wanted = s.wanted();
  const resumed = known?.compromised === true && known.to === wanted.generation;
  const problem = resumed ? undefined : refusal(s, deployed, { generation: wanted.generation });
  if (problem !== undefined) throw new Error(problem);
  const fresh = resumed ? wanted : freshFrom(wanted);
  if (resumed) s.say(`The rotation to CA ${fresh.generation} is not done yet, and goes on.`);
  s.say(describeCompromised(fresh.generation, s));
  if (!yes) {
    const answer = await s.ask("Do it?");
    if (answer === undefined) {
      throw new Error("This asks first; where nobody can answer, add --yes. Nothing was changed.");
    }
    if (!answer) return false;
  }
  const before = resumed ? known.before : await s.operator();
  s.journal.write({ ca: { to: fresh.generation, done: 0, compromised: true, before } });
  s.write(fresh);
  const again = againWords(s.stack, " --compromised");
  mustBeWell(await s.deploy({ compromised: true }), "The rotation", again);
  await s.settled();
  await proveEnd(s, before);
  s.journal.write({ ca: undefined });
  s.say(
    `\nCA ${fresh.generation} signs, and nothing else is trusted. The stack file says so: keep it.`,
  );
  return true;
}
