import { appendFileSync } from "node:fs";
import { basename } from "node:path";
import type { ServiceName } from "../../config/services";
import type { ProcessStack } from "../helpers/process-stack";
import { SENDING, SHARE } from "./form";
import { sleep, TEMPO_BOUND } from "./stack";
import { readBack, stream, type Ledger, type ReadBack, type Source } from "./stream";
import { traces, type TraceOptions } from "./traces";

/** One line of what `npm run test:durability` prints: milliseconds, and numbers of what is sent. */
export interface Figures {
  /** File of the test. */
  group: string;
  test: string;
  what: string;
  sent: number;
  acknowledged: number;
  readBack: number;
  lost: number;
  longestPushback: number;
  recovery: number;
}

export interface Outcome {
  ledger: Ledger;
  back: ReadBack;
}

/** Prints what was counted, and adds it to the file that `TRACEKEEP_DURABILITY_FIGURES` names. */
function note(source: Source, { ledger, back }: Outcome, isCounted: boolean): void {
  const { testPath = "", currentTestName: test = "" } = expect.getState();
  const { what } = source;
  const numbers = {
    sent: ledger.sent,
    acknowledged: ledger.acknowledged.size,
    readBack: back.found,
    lost: back.lost.length,
    longestPushback: ledger.longestPushback,
    recovery: back.recovery,
  };
  const figures: Figures = { group: basename(testPath), test, what, ...numbers };
  const file = process.env.TRACEKEEP_DURABILITY_FIGURES;
  if (file && isCounted) appendFileSync(file, `${JSON.stringify(figures)}\n`);
  const repeated = [...ledger.repeated].map(([status, count]) => `${count} × ${status}`);
  console.log(
    `${test}: ${what}: ${JSON.stringify(numbers)}; sent again: ${repeated.join(", ") || "none"}`,
  );
}

/** Requests that carry so many spans, sent over the time that a case has. */
const paced = (spans: number, perRequest: number, seconds = SENDING) => {
  const requests = Math.ceil(spans / perRequest);
  return { requests, perSecond: requests / seconds };
};

export interface CaseOptions extends TraceOptions {
  /** Default: the case's share. */
  spans?: number;
  /** What else is sent meanwhile, a fifth as much of each. */
  besides?: readonly ((stack: ProcessStack) => Source)[];
  /** Seconds in which it is sent. */
  seconds?: number;
  /** Begun in mid-stream. */
  during?: () => Promise<unknown>;
  /** Seconds without progress after which what is missing is lost. */
  patience?: number;
  concurrency?: number;
  /** Whether it is in the table of what was counted. Default: true. */
  isCounted?: boolean;
}

/**
 * Sends spans, and what is to go besides, through a fault; reads everything that was acknowledged
 * back by id, and prints the count. Whoever repeats as OTLP says is never refused for good.
 *
 * @returns what became of the spans, then of what was sent besides
 */
export async function through(stack: ProcessStack, options: CaseOptions): Promise<Outcome[]> {
  const { spans = SHARE, besides = [], seconds, during, patience, concurrency } = options;
  const source = traces(stack, options);
  const perRequest = (options.shape?.spansPerRequest ?? 50) * (options.late === undefined ? 1 : 2);
  const sources = [source, ...besides.map((make) => make(stack))];
  try {
    const ledgers = await Promise.all(
      sources.map((each, index) =>
        index === 0
          ? stream(each, { ...paced(spans, perRequest, seconds), concurrency, during })
          : stream(each, paced(spans / 5, 50, seconds)),
      ),
    );
    // Until it is on disk: Tempo loses spans of a trace that is read while it grows (docs/durability.md).
    if (options.growing) await sleep(TEMPO_BOUND);
    const outcomes: Outcome[] = [];
    for (const [index, ledger] of ledgers.entries()) {
      // The fault was one for all of them.
      ledger.over = ledgers[0].over;
      const outcome = { ledger, back: await readBack(sources[index], ledger, patience) };
      note(sources[index], outcome, options.isCounted ?? true);
      outcomes.push(outcome);
      expect(ledger.refused).toEqual([]);
      expect(ledger.acknowledged.size).toBe(ledger.sent);
    }
    return outcomes;
  } finally {
    for (const each of sources) each.close();
  }
}

/** What the collector said of requests that it gave up. */
const refusalsIn = (stack: ProcessStack) =>
  stack
    .log("collector", 5000)
    .split("\n")
    .filter((line) => /Dropping|Permanent|\terror\t/.test(line))
    .slice(-5)
    .join("\n");

/** As `through`, and nothing that was acknowledged may be missing. @returns what became of the spans. */
export async function losesNothing(stack: ProcessStack, options: CaseOptions): Promise<Outcome> {
  const outcomes = await through(stack, options);
  for (const { ledger, back } of outcomes) {
    if (back.lost.length === 0) continue;
    const times = back.lost.map((id) => ledger.acknowledged.get(id) ?? 0).sort((a, b) => a - b);
    const told = (time = 0) => new Date(time).toISOString();
    throw new Error(
      `${back.lost.length} lost, acknowledged from ${told(times[0])} to ${told(times.at(-1))}; the fault ` +
        `was over at ${told(ledger.over)}. Of the collector's log:\n${refusalsIn(stack)}`,
    );
  }
  return outcomes[0];
}

/** Notes by how many seconds a timer of this process is late at most; what it returns ends that. */
function lateness(): () => number {
  const EVERY = 100;
  let due = Date.now() + EVERY;
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, Date.now() - due);
    due = Date.now() + EVERY;
  }, EVERY);
  return () => {
    clearInterval(timer);
    return longest / 1000;
  };
}

/** Seconds in which a case with a bound sends: many times the bound before the kill, and after it. */
const AROUND_A_KILL = 12;

/** Seconds from a third of them to the kill. */
const UNTIL_KILL = 4;

/** Seconds from a kill in which an answer of before may still be read; no server starts so fast. */
const ON_ITS_WAY = 0.25;

/** Seconds without progress after which what a kill cost is known. */
const UNTIL_LOST = 12;

/** What became of spans whose way led through a kill. */
export interface Killed extends Outcome {
  /** Seconds from each missing span's acknowledgement to the kill; less than 0 if it came after it. */
  ages: number[];
  /** Seconds by which a timer of this process was late at most. */
  late: number;
}

/** Kills a service in mid-stream, once sending has gone on for long, and starts it again. */
export async function throughKill(
  stack: ProcessStack,
  service: ServiceName,
  options: CaseOptions,
): Promise<Killed> {
  let begun = 0;
  let ended = 0;
  const lateAtMost = lateness();
  const [outcome] = await through(stack, {
    seconds: AROUND_A_KILL,
    patience: UNTIL_LOST,
    ...options,
    during: async () => {
      await sleep(UNTIL_KILL);
      begun = Date.now();
      await stack.kill(service);
      ended = Date.now() + ON_ITS_WAY * 1000;
      await stack.restart(service);
    },
  }).finally(lateAtMost);
  const ages = outcome.back.lost.map((id) => {
    const time = outcome.ledger.acknowledged.get(id) ?? 0;
    return (time > ended ? ended - time : Math.max(0, begun - time)) / 1000;
  });
  return { ...outcome, ages, late: lateAtMost() };
}

/** Those of the ages that a bound (seconds) does not allow. */
export const beyond = ({ ages }: Killed, bound: number): number[] =>
  ages.filter((age) => age < 0 || age > bound);

/**
 * As `through`; what is missing was acknowledged in the `seconds` before the kill of a service. A
 * machine that holds this process up holds the servers up as well: so much longer may it be.
 */
export async function losesOnlyTheLast(
  stack: ProcessStack,
  service: ServiceName,
  seconds: number,
  options: CaseOptions = {},
): Promise<void> {
  const killed = await throughKill(stack, service, options);
  const bound = seconds + killed.late;
  const oldest = killed.ages.reduce((one, other) => Math.max(one, other), 0);
  console.log(
    `lost ${killed.ages.length}; acknowledged ${oldest.toFixed(1)} s before the kill at most; ` +
      `the bound is ${bound.toFixed(1)} s`,
  );
  expect(beyond(killed, bound)).toEqual([]);
}
