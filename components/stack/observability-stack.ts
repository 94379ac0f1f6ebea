import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../../config/parse";
import type { Deployer, Endpoint, IdentityMaterial, Target } from "../../targets/target";
import type { Workload } from "../../targets/workload";
import { CertificateAuthority } from "../pki/certificate-authority";
import { ownAuthorities } from "../pki/own-authorities";
import { certificateSpecs } from "../pki/certificate-spec";
import { Identity } from "../pki/identity";
import { configuredSecrets, GeneratedSecrets, type Secrets } from "./generated-secrets";
import { DataSourceReload } from "../grafana/data-source-reload";
import { Verification } from "../verification/resource";
import { verificationOutput, type Deployed } from "./outputs";
import { isEnabled } from "./connections";
import { componentOf } from "./rooms";
import { inStartOrder, startsAfter } from "./start-order";
import { applicationGrants, applicationWorkloads, serviceWorkloads } from "./workloads";

export interface ObservabilityStackArgs {
  config: StackConfig;
  target: Target;
}

/** Everything: certificates, secrets, and every service and application on the target. */
export class ObservabilityStack extends pulumi.ComponentResource implements Deployed {
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  readonly identities: Readonly<Record<string, IdentityMaterial>>;
  readonly secrets: Secrets;
  readonly root: pulumi.Output<string>;
  readonly remote: Target["remote"];

  constructor(
    name: string,
    { config, target }: ObservabilityStackArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("tracekeep:index:ObservabilityStack", name, {}, opts);
    const { lifetime, renewBefore, caLifetime } = config.certificates;
    const authority = new CertificateAuthority(
      "ca",
      {
        prefix: config.namePrefix,
        lifetime: caLifetime,
        leafLifetime: lifetime,
        generations: config.certificates,
        own: ownAuthorities(config.certificates),
      },
      { parent: this },
    );
    this.root = authority.trust.root;
    this.remote = target.remote;
    this.identities = Object.fromEntries(
      certificateSpecs(config, (...of) => target.serverNames(...of)).map((spec) => [
        spec.name,
        new Identity(spec.name, { spec, authority, lifetime, renewBefore }, { parent: this }),
      ]),
    );
    this.secrets = {
      ...new GeneratedSecrets("secrets", { parent: this }).values,
      ...configuredSecrets(config, process.env),
    };
    const deployer = target.deployer(
      { trust: authority.trust, identities: this.identities, secrets: this.secrets },
      { parent: this },
    );
    const workloads = [
      ...serviceWorkloads(config, target),
      ...applicationWorkloads(config, target),
    ];
    this.endpoints = this.#deploy(deployer, workloads);
    for (const grant of applicationGrants(config)) deployer.grant?.(grant, { parent: this });
    this.#prove(config, workloads);
    this.registerOutputs();
  }

  #deploy(deployer: Deployer, workloads: readonly Workload[]): Record<string, Endpoint> {
    const endpoints: Record<string, Endpoint> = {};
    for (const workload of inStartOrder(workloads)) {
      const { name } = workload;
      const Component = componentOf(name);
      const dependsOn = startsAfter(workload).flatMap((peer) => endpoints[peer].ready);
      endpoints[name] = new Component(
        name,
        { workload, deployer },
        { parent: this, dependsOn },
      ).endpoint;
    }
    return endpoints;
  }

  /** What comes after everything stands: renewed certificates taken, and the check with real traffic. */
  #prove(config: StackConfig, workloads: readonly Workload[]): void {
    const { endpoints, identities } = this;
    const target = verificationOutput(config, this);
    const reloads = isEnabled(config, "grafana")
      ? [
          new DataSourceReload(
            "grafana-data-sources",
            {
              target,
              grafana: endpoints.grafana,
              certificate: identities.grafana.certificate,
            },
            { parent: this },
          ),
        ]
      : [];
    if (!config.verification.enabled) return;
    new Verification(
      "verification",
      {
        target,
        endpoints,
        certificates: Object.fromEntries(
          Object.entries(identities).map(([name, { certificate }]) => [name, certificate]),
        ),
        images: Object.fromEntries(workloads.map(({ name, image }) => [name, image])),
      },
      { parent: this, dependsOn: reloads },
    );
  }
}
