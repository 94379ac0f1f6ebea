import type { Journal } from "./journal";

/** Generated secrets that can be made anew, and what each opens. */
export const ROTATABLE = {
  grafanaAdminPassword: "grafana",
  qdrantApiKey: "qdrant",
  qdrantReadOnlyKey: "qdrant",
} as const;

export type Rotatable = keyof typeof ROTATABLE;

export type Values = Partial<Record<Rotatable, string>>;

/** What a rotation of secrets works on. */
export interface SecretSurroundings {
  stack: string;
  /** Whether a service runs. */
  runs: (service: string) => boolean;
  /** Applications that use Qdrant and take its key with `npm run env`. */
  outside: readonly string[];
  /** Values as the state has them. */
  values: () => Promise<Values>;
  /**
   * Whether the stack is as its file says. Pulumi spoils its state where it is to make some anew and
   * leave the rest, and the rest would depend on others.
   */
  isAsItsFile: () => Promise<boolean>;
  /** Makes these anew in the state, and changes nothing else. */
  replace: (names: readonly Rotatable[]) => Promise<void>;
  /** Makes Grafana take another password for the old one. */
  changePassword: (old: string, next: string) => Promise<void>;
  /** `up` with its verification; the exit code. */
  deploy: () => Promise<number>;
  /** Which of the values of before still open what they opened. */
  opening: (before: Values) => Promise<string[]>;
  journal: { read: () => Journal; write: (change: Partial<Journal>) => void };
  say: (text: string) => void;
}

const isRotatable = (name: string): name is Rotatable => name in ROTATABLE;

/**
 * The secrets that are meant by these names; by none, all of the services that run.
 *
 * @throws {Error} that says why one cannot be made anew.
 */
export function chosenSecrets(
  names: readonly string[],
  runs: (service: string) => boolean,
): Rotatable[] {
  const all = (Object.keys(ROTATABLE) as Rotatable[]).filter((name) => runs(ROTATABLE[name]));
  if (names.length === 0) return all;
  return names.map((name) => {
    if (name === "grafanaSecretKey") {
      throw new Error(
        "grafanaSecretKey cannot be rotated: Grafana could not read any more what it has encrypted with it.\n" +
          "How to have another one, with an empty database: docs/rotation.md#passwords-and-api-keys. Nothing was changed.",
      );
    }
    if (!isRotatable(name)) {
      throw new Error(
        `There is no generated secret "${name}" (known: ${Object.keys(ROTATABLE).join(", ")}). Nothing was changed.`,
      );
    }
    if (!runs(ROTATABLE[name])) {
      throw new Error(
        `${name} is of ${ROTATABLE[name]}, which is switched off. Nothing was changed.`,
      );
    }
    return name;
  });
}

function describe(names: readonly Rotatable[], { outside, stack }: SecretSurroundings): string {
  const option = stack === "dev" ? "" : ` --stack ${stack}`;
  const qdrant = names.some((name) => ROTATABLE[name] === "qdrant");
  return [
    `New: ${names.join(", ")}.`,
    ...(names.includes("grafanaAdminPassword")
      ? ["  Grafana takes its password at once; nobody else uses it."]
      : []),
    ...(qdrant
      ? [
          "  Qdrant and Prometheus, which reads its metrics, are replaced. Data stays.",
          ...(names.includes("qdrantApiKey")
            ? [
                "  The old key is refused from then on: applications that use Qdrant need the new one.",
                ...outside.map((app) => `    npm run env --${option} --app ${app}`),
              ]
            : []),
        ]
      : []),
  ].join("\n");
}

/**
 * Makes generated secrets anew, brings them to who uses them, verifies, and sees the old refused.
 * What was begun is remembered, so that a run after an interrupted one ends it.
 *
 * @throws {Error} where something did not end well; running it again goes on there.
 */
export async function rotateSecrets(
  s: SecretSurroundings,
  wanted: readonly string[],
): Promise<void> {
  const begun = s.journal.read().secrets as Values | undefined;
  const names = begun ? (Object.keys(begun) as Rotatable[]) : chosenSecrets(wanted, s.runs);
  if (names.length === 0) throw new Error("Neither Grafana nor Qdrant runs: nothing to rotate.");
  const current = await s.values();
  const before: Values = begun ?? Object.fromEntries(names.map((name) => [name, current[name]]));
  const missing = names.filter((name) => before[name] === undefined);
  if (missing.length > 0) {
    throw new Error(
      `The stack has no ${missing.join(", ")} yet. Start it with: npm run up -- --stack ${s.stack}`,
    );
  }
  if (begun) {
    s.say(
      "A rotation of secrets that is not done yet goes on; what was asked for now, follows with the next.",
    );
  } else if (!(await s.isAsItsFile())) {
    throw new Error(
      `The stack is not as its file says. See what differs: npm run preview -- --stack ${s.stack}\n` +
        `Deploy that first, or take it back, and run this again. Nothing was changed.`,
    );
  }
  s.say(describe(names, s));
  s.journal.write({ secrets: before });
  const same = names.filter((name) => current[name] === before[name]);
  if (same.length > 0) await s.replace(same);
  const now = await s.values();
  const unchanged = names.filter((name) => now[name] === before[name]);
  if (unchanged.length > 0) throw new Error(`Pulumi made no other ${unchanged.join(", ")}.`);
  if (names.includes("grafanaAdminPassword")) {
    await s.changePassword(before.grafanaAdminPassword!, now.grafanaAdminPassword!);
  }
  if ((await s.deploy()) !== 0) {
    throw new Error("`up` did not end well; see above. When it is mended, run this again.");
  }
  const opening = await s.opening(before);
  if (opening.length > 0) throw new Error(`Still taken, of before: ${opening.join(", ")}.`);
  s.say(`Refused now: ${names.join(", ")} of before.`);
  s.journal.write({ secrets: undefined });
}
