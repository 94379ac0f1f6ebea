import type { StackConfig } from "../../config/parse";
import {
  BUDGETED,
  budgetsOf,
  keepingOf,
  keepsOnVolume,
  retentionThatFits,
  roundSize,
  statedRate,
} from "../../config/space";
import { goDuration, sizeText } from "../../config/units";
import type { Measured } from "./measure";

const DAY = 86_400;

const HEAD = ["store", "used", "room", "a day", "full in", "kept", "fits"];

/** Days until a store has filled its room; it never does where its retention deletes in time. */
function fullIn(used: number, rate: number, kept: number, room: number): string {
  if (used >= room) return "full";
  if (rate * kept <= room) return "never";
  return `${((room - used) / rate / DAY).toFixed(1)} days`;
}

function rowsOf(config: StackConfig, { used, written }: Measured): string[][] {
  const budgets = budgetsOf(config);
  const size = (bytes: number | undefined) => (bytes === undefined ? "?" : roundSize(bytes));
  const rows = BUDGETED.filter((store) => keepsOnVolume(config, store)).map((store): string[] => {
    const rate = written[store] ?? statedRate(config, store);
    const keeping = keepingOf(config, store);
    const budget = budgets.find((one) => one.store === store);
    const perDay = `${roundSize(rate * DAY)}${written[store] === undefined ? " (stated)" : ""}`;
    const start = [store, size(used[store])];
    const kept = goDuration(keeping.seconds);
    if (budget === undefined) return [...start, "the disk's", perDay, "", kept, ""];
    const fits = retentionThatFits(config, budget, rate);
    return [
      ...start,
      sizeText(budget.bytes),
      perDay,
      fullIn(used[store] ?? 0, rate, keeping.seconds, budget.bytes),
      kept,
      fits === 0 ? "nothing" : goDuration(fits),
    ];
  });
  const { size: most, time } = config.retention.metrics;
  return [
    ...rows,
    ["prometheus", size(used.prometheus), sizeText(most), "", "never", goDuration(time), "by size"],
  ];
}

/** The table that `space` prints: a line a store, and one on the disk. */
export function spaceTable(config: StackConfig, measured: Measured): string {
  const rows = [HEAD, ...rowsOf(config, measured)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] + 2))
      .join("")
      .trimEnd(),
  );
  const { disk } = measured;
  return [
    ...lines,
    ...(disk
      ? [
          "",
          `Disk of the collector's volume: ${roundSize(disk.used)} used, ${roundSize(disk.free)} free.`,
        ]
      : []),
  ].join("\n");
}

/** How the stores take a shorter retention. */
const DELETES = {
  tempo: "Tempo deletes it for good within two hours of the `up`",
  loki: "Loki deletes it for good within three hours of the `up`",
  jaeger:
    "Jaeger keeps what it has for as long as it was told when it came; what comes is kept shorter",
};

/** What to change so that each store's retention fits, and what that deletes; empty if all fit. */
export function fitLines(config: StackConfig, { used, written }: Measured): string[] {
  return budgetsOf(config).flatMap((budget) => {
    const { store } = budget;
    const keeping = keepingOf(config, store);
    const rate = written[store] ?? statedRate(config, store);
    const fits = retentionThatFits(config, budget, rate);
    if (fits >= keeping.seconds) return [];
    if (fits === 0) {
      return [
        `${store}: not even ${goDuration(keeping.step)} fit into ${budget.option}: ${sizeText(budget.bytes)}. Give it more room, or sample.`,
      ];
    }
    const [section, name] = keeping.option.split(".");
    const goes = (used[store] ?? 0) - fits * rate;
    return [
      `  tracekeep:${section}:`,
      `    ${name}: ${goDuration(fits)}  # was ${goDuration(keeping.seconds)}`,
      `What is older than ${goDuration(fits)} goes, ${goes > 0 ? `about ${roundSize(goes)}` : "nothing yet"}: ${DELETES[store]}.`,
    ];
  });
}
