import * as pulumi from "@pulumi/pulumi";
import { DataSourceReload } from "../../components/grafana/data-source-reload";
import type { VerificationTarget } from "../../components/verification/target";
import { isSecretInput, plainParts, record, unwrapSecrets } from "../helpers/mocks";

const PASSWORD = "A-PASSWORD-THAT-NOBODY-SEES";

function program(): void {
  const target = { grafana: { password: PASSWORD } } as unknown as VerificationTarget;
  new DataSourceReload("grafana-data-sources", {
    target: pulumi.secret(target),
    grafana: { name: "grafana", ready: [], instance: pulumi.output("id"), published: {} },
    certificate: pulumi.output("CERTIFICATE-OF-GRAFANA"),
  });
}

describe("Grafana's data sources", () => {
  test("are provisioned again when Grafana's certificate is renewed, and only then", async () => {
    const resources = await record(program);
    const [command] = resources.filter(({ type }) => type === "command:local:Command");
    expect(unwrapSecrets(command.inputs.triggers)).toEqual(["CERTIFICATE-OF-GRAFANA"]);
    expect(command.inputs.create).toBe(command.inputs.update);
  });

  test("the login travels through standard input alone, and that is a secret", async () => {
    const resources = await record(program);
    const [command] = resources.filter(({ type }) => type === "command:local:Command");
    expect(isSecretInput(command.raw.stdin)).toBe(true);
    expect(unwrapSecrets(command.raw.stdin)).toContain(PASSWORD);
    expect(unwrapSecrets(command.raw.stdin)).toContain('"certificate":"CERTIFICATE-OF-GRAFANA"');
    expect(JSON.stringify(plainParts(resources.map(({ raw }) => raw)))).not.toContain(PASSWORD);
  });
});
