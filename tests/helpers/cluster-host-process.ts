import { text } from "node:stream/consumers";
import { hostOf } from "../../commands/hosts";
import type { Host } from "../../commands/hosts/host";
import { parseConfig } from "../../config/parse";
import type { HostAnswer, HostQuestion } from "./cluster-host";

/** Why there is no backup of it; empty if there is one. */
function whyNoStores(host: Host): string {
  try {
    host.stores();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

async function main(): Promise<void> {
  const { stack, options } = JSON.parse(await text(process.stdin)) as HostQuestion;
  const config = parseConfig(options, { stack, environment: {} });
  const host = await hostOf(config).open(config);
  const answer: HostAnswer = {
    unwell: await host.unwell(),
    dataVolumes: await host.dataVolumes(),
    whyNoStores: whyNoStores(host),
  };
  process.stdout.write(JSON.stringify(answer));
}

void main();
