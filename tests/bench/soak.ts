import { Command } from "commander";
import type { ServiceName } from "../../config/services";
import { logLines, samples } from "../durability/lines";
import { startForFaults } from "../durability/stack";
import { readBack, stream, type Source } from "../durability/stream";
import { traces } from "../durability/traces";
import type { Shape } from "./otlp";
import { memoryMiB } from "./process-usage";

const SERVICES = [
  "tempo",
  "loki",
  "prometheus",
  "jaeger",
  "collector",
] as const satisfies ServiceName[];

/** Lines, or samples, in a request. */
const PER_REQUEST = 50;

/** Spans in a request, and in a trace: each trace costs a query of some 0.15 s when it is read back. */
const PER_TRACE = 250;

/** Seconds between two looks at the memory. */
const INTERVAL = 10;

interface Look {
  /** Seconds since the start of the load. */
  at: number;
  memory: Record<string, number>;
}

/** Slope of the straight line with the least squares, in units of y per unit of x. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (index: 0 | 1) =>
    points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** Of the second half of the load: caches and write-ahead logs fill in the first. */
function memoryTable(looks: readonly Look[]): void {
  const half = looks.slice(Math.floor(looks.length / 2));
  console.log(
    "\n| process | MiB at the half | MiB at the end | at most | MiB per hour, second half |",
  );
  console.log("|---|---|---|---|---|");
  for (const service of SERVICES) {
    const values = looks.map(({ memory }) => memory[service]);
    const perHour = 3600 * slope(half.map(({ at, memory }) => [at, memory[service]] as const));
    const cells = [
      half[0].memory[service],
      values[values.length - 1],
      Math.max(...values),
      perHour,
    ];
    console.log(`| ${service} | ${cells.map((cell) => cell.toFixed(0)).join(" | ")} |`);
  }
}

/**
 * A steady load of spans, log lines and samples, all of it read back by id at the end; the memory of
 * every server is looked at meanwhile.
 *
 * @param args of the command line
 * @returns the exit code: 1 where anything acknowledged is missing
 */
export async function soak(args: readonly string[]): Promise<number> {
  const number = (text: string) => Number(text);
  const { minutes, rate } = new Command("npm run bench -- soak")
    .description("A steady load; what becomes of it, and of the servers' memory.")
    .option("--minutes <n>", "length of the load", number, 20)
    .option("--rate <n>", "spans per second; of log lines and samples a fifth each", number, 1000)
    .parse(args, { from: "user" })
    .opts<{ minutes: number; rate: number }>();
  const stack = await startForFaults(SERVICES, { jaeger: { enabled: true } });
  const shape: Shape = { spansPerTrace: PER_TRACE, spansPerRequest: PER_TRACE, attributes: "few" };
  const sources: [source: Source, requestsPerSecond: number][] = [
    [traces(stack, { shape }), rate / PER_TRACE],
    [logLines(stack), rate / 5 / PER_REQUEST],
    [samples(stack), rate / 5 / PER_REQUEST],
  ];
  const looks: Look[] = [];
  const begin = Date.now();
  const look = () =>
    looks.push({
      at: (Date.now() - begin) / 1000,
      memory: Object.fromEntries(
        SERVICES.map((service) => [service, memoryMiB(stack.process(service).pid).now]),
      ),
    });
  const timer = setInterval(look, INTERVAL * 1000);
  try {
    const ledgers = await Promise.all(
      sources.map(([source, perSecond]) => {
        return stream(source, { requests: Math.ceil(perSecond * minutes * 60), perSecond });
      }),
    );
    clearInterval(timer);
    memoryTable(looks);
    console.log("\n| what | acknowledged | read back | lost | sent again | longest pushback |");
    console.log("|---|---|---|---|---|---|");
    let lost = 0;
    for (const [index, ledger] of ledgers.entries()) {
      const [source] = sources[index];
      process.stderr.write(`Reading ${ledger.acknowledged.size} ${source.what} back …\n`);
      const back = await readBack(source, ledger);
      lost += back.lost.length + ledger.refused.length;
      const again = [...ledger.repeated.values()].reduce((sum, count) => sum + count, 0);
      const cells = [ledger.acknowledged.size, back.found, back.lost.length, again];
      const pushback = `${(ledger.longestPushback / 1000).toFixed(1)} s`;
      console.log(`| ${source.what} | ${cells.join(" | ")} | ${pushback} |`);
    }
    return lost === 0 ? 0 : 1;
  } finally {
    clearInterval(timer);
    for (const [source] of sources) source.close();
    await stack.stop();
  }
}
