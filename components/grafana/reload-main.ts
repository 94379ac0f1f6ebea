import { text } from "node:stream/consumers";
import { z } from "zod";
import { withForwards } from "../verification/forward";
import { verificationTargetSchema } from "../verification/target";
import { reloadDataSources } from "./reload";

const inputSchema = z.strictObject({
  target: verificationTargetSchema,
  /** Grafana's certificate, PEM. */
  certificate: z.string(),
});

/** What `DataSourceReload` runs: reads how Grafana is reached from standard input. */
async function main(): Promise<void> {
  const { target, certificate } = inputSchema.parse(JSON.parse(await text(process.stdin)));
  if (target.grafana === undefined) throw new Error("the stack has no Grafana");
  const { user, password } = target.grafana;
  await withForwards(target, ({ endpoints, tls }) =>
    reloadDataSources({
      address: endpoints.grafana?.https ?? "",
      rootPem: tls.root,
      certificate,
      user,
      password,
    }),
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : "the reload failed"}\n`);
  process.exitCode = 1;
});
