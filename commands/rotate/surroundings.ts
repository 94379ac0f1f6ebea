import * as fs from "node:fs";
import { z } from "zod";
import { changePassword, isLetIn } from "../../components/grafana/password";
import { CERTIFICATE_RELOAD } from "../../components/service";
import { call, splitHostPort, type Address } from "../../components/verification/client";
import { withForwards } from "../../components/verification/forward";
import type { VerificationTarget } from "../../components/verification/target";
import { parseDuration } from "../../config/units";
import { hostOf } from "../hosts";
import { repair } from "../interrupted";
import { holding } from "../interrupted/stack-lock";
import { runPulumi } from "../pulumi";
import { readStackConfig } from "../stack-config";
import { findStackFile } from "../stack-file";
import { exportState } from "../exported-state";
import { deployedGenerations, readOutputs, readVerificationTarget } from "../stack-outputs";
import { deployVerified } from "../up";
import { ask } from "./ask";
import type { Surroundings } from "./ca";
import { JournalFile } from "./journal";
import { withGenerations } from "./stack-file-edit";
import { servingBefore, waitUntilServed } from "./probes";
import { ROTATABLE, type Rotatable, type SecretSurroundings } from "./secrets";

const say = (text: string) => void process.stdout.write(`${text}\n`);

/** Works on a stack as it is deployed, its ports forwarded where they are elsewhere. */
async function onTarget<T>(
  stack: string,
  work: (target: VerificationTarget) => Promise<T>,
): Promise<T> {
  return withForwards(await readVerificationTarget(stack), work);
}

/** The command has said what changes; a preview of it would only take its time. */
const SKIP_PREVIEW = "--skip-preview";

const nameOf = (urn: string) => urn.split("::").at(-1)!;

/** URNs of the keys of services and applications; those of CAs are of other resources. */
async function leafKeys(stack: string): Promise<string[]> {
  const { resources } = (await exportState(stack)).deployment;
  return resources
    .filter(({ urn, type }) => /:PrivateKey$/.test(type) && urn.includes(":Identity$"))
    .map(({ urn }) => urn);
}

export function caSurroundings(stack: string): Surroundings {
  const config = readStackConfig(stack, { environment: process.env });
  const file = findStackFile(stack);
  const { ca, nextCa } = config.certificates;
  return {
    stack,
    outside: config.apps.filter(({ image }) => image === undefined).map(({ name }) => name),
    own: { ca: ca !== undefined, nextCa: nextCa !== undefined },
    wanted: () => readStackConfig(stack, { environment: process.env }).certificates,
    deployed: () => deployedGenerations(stack),
    write: (generations) => {
      const text = withGenerations(fs.readFileSync(file, "utf8"), generations);
      // In one step: an interrupt leaves the file as it was, or as it is to be.
      fs.writeFileSync(`${file}.new`, text, { mode: fs.statSync(file).mode });
      fs.renameSync(`${file}.new`, file);
    },
    deploy: async ({ compromised }) =>
      deployVerified(stack, {
        yes: true,
        verifyAnyway: true,
        mayCutOff: compromised,
        pulumi: [
          SKIP_PREVIEW,
          ...(compromised ? (await leafKeys(stack)).flatMap((urn) => ["--replace", urn]) : []),
        ],
      }),
    operator: async () => (await readOutputs(stack)).operator,
    settled: async () => {
      process.stderr.write("Waiting until everything has its new certificate …\n");
      const unseen = hostOf(config).filesWithin + parseDuration(CERTIFICATE_RELOAD)! * 1000;
      await onTarget(stack, (target) => waitUntilServed(target, unseen));
    },
    serving: (before) => onTarget(stack, (target) => servingBefore(target, before)),
    journal: new JournalFile(stack),
    ask,
    say,
  };
}

/** A secret of an exported state is its value as JSON. */
const secretSchema = z.object({ plaintext: z.string() });

const PASSWORD = "random:index/randomPassword:RandomPassword";

export function secretSurroundings(stack: string): SecretSurroundings {
  const config = readStackConfig(stack, { environment: process.env });
  const isOn = (service: string) =>
    (service === "grafana" && config.grafana.enabled) ||
    (service === "qdrant" && config.qdrant.enabled);
  const address = (target: VerificationTarget, service: "grafana" | "qdrant"): Address => {
    const [published] = Object.values(target.endpoints[service] ?? {});
    if (published === undefined) throw new Error(`The stack publishes no port of ${service}.`);
    return { ...splitHostPort(published), serverName: service, root: target.tls.root };
  };
  return {
    stack,
    runs: isOn,
    outside: config.apps
      .filter(({ image, qdrant }) => image === undefined && qdrant)
      .map(({ name }) => name),
    values: async () => {
      const passwords = (
        await exportState(stack, { showSecrets: true })
      ).deployment.resources.filter(
        ({ type, urn }) => type === PASSWORD && nameOf(urn) in ROTATABLE,
      );
      const values = passwords.map(({ urn, outputs }) => {
        const { plaintext } = secretSchema.parse(outputs?.result);
        return [nameOf(urn), JSON.parse(plaintext) as string] as const;
      });
      return Object.fromEntries(values);
    },
    isAsItsFile: async () => {
      process.stderr.write("Looking whether the stack is as its file says …\n");
      const args = ["preview", "--expect-no-changes"];
      return (await runPulumi(stack, args, { capture: true })).code === 0;
    },
    replace: (names) =>
      holding(stack, async () => {
        const needed = await repair(stack, await hostOf(config).open(config));
        const urns = (await exportState(stack)).deployment.resources
          .filter(({ type, urn }) => type === PASSWORD && names.includes(nameOf(urn) as Rotatable))
          .map(({ urn }) => urn);
        // They are protected, so that a `destroy` leaves them with the data; the program protects them anew.
        for (const urn of urns) {
          const { code } = await runPulumi(stack, ["state", "unprotect", urn, "--yes"]);
          if (code !== 0) throw new Error("Pulumi could not take the protection off; see above.");
        }
        const targets = urns.flatMap((urn) => ["--target-replace", urn]);
        const args = ["up", "--yes", SKIP_PREVIEW, ...needed, ...targets];
        const { code } = await runPulumi(stack, args);
        if (code !== 0) throw new Error("Pulumi could not make the secrets anew; see above.");
      }),
    changePassword: (old, next) =>
      onTarget(stack, (target) =>
        changePassword(address(target, "grafana"), config.grafana.adminUser, { old, next }),
      ),
    deploy: () => deployVerified(stack, { yes: true, verifyAnyway: true, pulumi: [SKIP_PREVIEW] }),
    opening: (before) =>
      onTarget(stack, async (target) => {
        const found = Object.entries(before).map(async ([name, value]) => {
          if (name === "grafanaAdminPassword") {
            const grafana = address(target, "grafana");
            return (await isLetIn(grafana, config.grafana.adminUser, value)) ? [name] : [];
          }
          const { status } = await call(address(target, "qdrant"), {
            path: "/collections",
            identity: target.application,
            headers: { "api-key": value },
          });
          return status === 401 || status === 403 ? [] : [name];
        });
        return (await Promise.all(found)).flat();
      }),
    journal: new JournalFile(stack),
    say,
  };
}
