import type {
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import type { Options, Subject } from "../../policy/rule";
import { checkingUnknown } from "../../policy/unknown";
import { subjectsOf, type Case } from "./cases/case";

export type Policy = ResourceValidationPolicy | StackValidationPolicy;

const isStackPolicy = (policy: Policy): policy is StackValidationPolicy =>
  "validateStack" in policy;

/** A resource as the runtime hands it to a policy, behind the proxy that minds unknown values. */
function argumentsOf(subject: Subject, settings: Options): ResourceValidationArgs {
  return {
    ...subject,
    props: checkingUnknown(subject.props),
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: <T extends object>() => settings as T,
    notApplicable: () => {
      throw new Error("not applicable");
    },
  };
}

/** What a policy reports of resources, as the runtime would collect it. */
export function reported(
  policy: Policy,
  subjects: readonly Subject[],
  settings: Options = {},
): string[] {
  const messages: string[] = [];
  const report = (message: string) => messages.push(message);
  const all = subjects.map((subject) => argumentsOf(subject, settings));
  if (isStackPolicy(policy)) {
    const resources = all.map((args) => ({ ...args, dependencies: [], propertyDependencies: {} }));
    void policy.validateStack({ ...argumentsOf(subjectOfNothing, settings), resources }, report);
  } else {
    const validations = [policy.validateResource ?? []].flat();
    for (const args of all) for (const validate of validations) void validate(args, report);
  }
  return messages;
}

const subjectOfNothing: Subject = {
  type: "pulumi:pulumi:Stack",
  name: "tracekeep-prod",
  urn: "urn:pulumi:prod::tracekeep::pulumi:pulumi:Stack::tracekeep-prod",
  props: {},
  opts: {
    protect: false,
    ignoreChanges: [],
    aliases: [],
    customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
    additionalSecretOutputs: [],
  },
};

/** What a policy of production's gets wrong of a case, one after the other; nothing where it is right. */
export function* mistakes(
  policy: Policy,
  { passing, failing, says = {}, allowed = [] }: Omit<Case, "rule">,
): Generator<string> {
  if (policy.enforcementLevel !== "mandatory") yield "it is not mandatory";
  for (const [index, resources] of passing.entries()) {
    for (const message of reported(policy, subjectsOf(resources))) {
      yield `passing[${index}]: reported ${message}`;
    }
  }
  for (const [what, resources] of Object.entries(failing)) {
    const messages = reported(policy, subjectsOf(resources));
    if (messages.length === 0) yield `failing, ${what}: reported nothing`;
    if (says[what] && says[what].join() !== messages.join()) {
      yield `failing, ${what}: said ${messages.join()}`;
    }
  }
  for (const [index, [settings, resources]] of allowed.entries()) {
    if (reported(policy, subjectsOf(resources)).length === 0) {
      yield `allowed[${index}]: reported nothing by default`;
    }
    for (const message of reported(policy, subjectsOf(resources), settings)) {
      yield `allowed[${index}]: reported ${message}`;
    }
  }
}
