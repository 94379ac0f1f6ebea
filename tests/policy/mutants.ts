import { reported, type Policy } from "./judge";

/** Ways to break a policy as a whole. */
const MUTATIONS: Readonly<Record<string, (policy: Policy) => Policy>> = {
  negated: (policy) =>
    "validateStack" in policy
      ? {
          ...policy,
          validateStack: (args, report) => {
            if (reported(policy, args.resources).length === 0) report("nothing is wrong");
          },
        }
      : {
          ...policy,
          validateResource: (args, report) => {
            if (reported(policy, [args]).length === 0) report("nothing is wrong");
          },
        },
  emptied: (policy) =>
    "validateStack" in policy
      ? { ...policy, validateStack: () => {} }
      : { ...policy, validateResource: () => {} },
  "made advisory": (policy) => ({ ...policy, enforcementLevel: "advisory" }),
};

/** Every policy, broken in every way. */
export const policyMutants = (policies: readonly Policy[]) =>
  policies.flatMap((policy) =>
    Object.entries(MUTATIONS).map(([how, mutate]) => ({
      name: `${policy.name}, ${how}`,
      policy: mutate(policy),
    })),
  );
