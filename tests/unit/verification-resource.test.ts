import * as pulumi from "@pulumi/pulumi";
import { Verification } from "../../components/verification/resource";
import type { VerificationTarget } from "../../components/verification/target";
import type { Endpoint } from "../../targets/target";
import { isSecretInput, plainParts, record, unwrapSecrets } from "../helpers/mocks";

const KEY = "A-KEY-THAT-NOBODY-SEES";

const endpoint = (name: string): Endpoint => ({
  name,
  ready: [],
  instance: pulumi.output(`instance-of-${name}`),
  published: {},
});

function program(): void {
  const target = { application: { key: KEY }, stack: "dev" } as unknown as VerificationTarget;
  new Verification("verification", {
    target: pulumi.secret(target),
    endpoints: { tempo: endpoint("tempo"), collector: endpoint("collector") },
    certificates: { tempo: pulumi.output("CERTIFICATE-OF-TEMPO") },
    images: { tempo: "tempo:1" },
  });
}

describe("verification as a resource", () => {
  test("runs again with every process, certificate and image, in a fixed order", async () => {
    const resources = await record(program);
    const [command] = resources.filter(({ type }) => type === "command:local:Command");
    expect(unwrapSecrets(command.inputs.triggers)).toEqual([
      "instance-of-collector",
      "instance-of-tempo",
      "CERTIFICATE-OF-TEMPO",
      "tempo:1",
    ]);
    expect(command.inputs.create).toBe(command.inputs.update);
  });

  test("keys reach it through standard input alone, and that is a secret", async () => {
    const resources = await record(program);
    const [command] = resources.filter(({ type }) => type === "command:local:Command");
    expect(isSecretInput(command.raw.stdin)).toBe(true);
    expect(unwrapSecrets(command.raw.stdin)).toContain(KEY);
    expect(JSON.stringify(plainParts(resources.map(({ raw }) => raw)))).not.toContain(KEY);
    expect(command.inputs.addPreviousOutputInEnv).toBe(false);
  });
});
