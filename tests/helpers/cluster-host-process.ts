import { text } from "node:stream/consumers";
import { hostOf } from "../../commands/hosts";
import { parseConfig } from "../../config/parse";
import type { HostAnswer, HostQuestion } from "./cluster-host";

async function main(): Promise<void> {
  const { stack, options } = JSON.parse(await text(process.stdin)) as HostQuestion;
  const config = parseConfig(options, { stack, environment: {} });
  const host = await hostOf(config).open(config);
  const answer: HostAnswer = {
    unwell: await host.unwell(),
    dataVolumes: await host.dataVolumes(),
  };
  process.stdout.write(JSON.stringify(answer));
}

void main();
