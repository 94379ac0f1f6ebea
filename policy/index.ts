import * as pulumi from "@pulumi/pulumi";
import { PolicyPack } from "@pulumi/policy";
import { policies } from "./pack";

/**
 * What the stack that is looked at calls its environment; an exported state, which has no
 * configuration, is taken for production's.
 */
function environment(): string | undefined {
  const stack = process.env.PULUMI_NODEJS_STACK && pulumi.getStack();
  return new pulumi.Config("tracekeep").get("environment") ?? (stack || undefined);
}

new PolicyPack("tracekeep", { policies: policies(environment()) });
