import { rulesOver, stackRule, type Finding, type Part, type Subject } from "../rule";
import { attempt, known, knownEntries } from "../unknown";
import { containersOf } from "../views/container";
import { contentOf, documentsOf, leavesOf, UNREADABLE } from "../views/document";
import type { DockerProps } from "../views/docker-container";
import { metadataOf } from "../views/kubernetes";
import { podsOf } from "../views/pod";
import { holdsCertainSecret, holdsSecret, isReference, namesSecret } from "../views/secret";

const container = rulesOver(containersOf);

const VARIABLE = /^[A-Za-z_]\w*$/;

const isSecretValue = (name: string, value: string) =>
  (namesSecret(name) && !isReference(value)) || holdsSecret(value);

export const secretVariables = container({
  name: "secret-variables",
  description: "No environment variable is a secret: whoever may inspect a container reads it.",
  broken: ({ environment }) =>
    environment.flatMap(([name, value], index) =>
      isSecretValue(name, value) ? [VARIABLE.test(name) ? name : `variable ${index + 1}`] : [],
    ),
});

const FLAG = /^--?([\w.-]+)(?:=([^]*))?$/;

export const secretArguments = container({
  name: "secret-arguments",
  description: "No argument is a secret: the host's list of processes shows it.",
  broken: ({ commandLines }) =>
    commandLines.flatMap((args, line) =>
      args.flatMap((argument, index) => {
        const next = args[index + 1] ?? "";
        const behind = next.startsWith("-") ? "" : next;
        const [, flag, value = behind] = FLAG.exec(argument) ?? [];
        const secret = flag === undefined ? holdsSecret(argument) : isSecretValue(flag, value);
        return secret ? [`argument ${index + 1}${line === 0 ? "" : " of a probe"}`] : [];
      }),
    ),
});

interface Labels extends Part {
  pairs: [name: string, value: string][];
}

/** Labels and annotations, of the pods that a resource makes too. */
function labelsOf(subject: Subject): Labels[] {
  if (subject.type.startsWith("docker:")) {
    const labels = known((subject.props as DockerProps).labels);
    const pairs = labels.flatMap((one): [string, string][] => {
      const value = attempt(() => one.value);
      return value === undefined ? [] : [[one.label, value]];
    });
    return [{ where: `labels of ${subject.name}`, pairs }];
  }
  if (!subject.type.startsWith("kubernetes:")) return [];
  const own = attempt(() => metadataOf(subject));
  const made = podsOf(subject).map((pod) => attempt(() => pod.metadata));
  return [own, ...made].flatMap((metadata) =>
    (["labels", "annotations"] as const).map((kind) => ({
      where: `${kind} of ${subject.name}`,
      pairs: knownEntries(attempt(() => metadata?.[kind])),
    })),
  );
}

export const secretLabels = rulesOver(labelsOf)({
  name: "secret-labels",
  description: "No label or annotation is a secret: everybody who may list resources reads it.",
  broken: ({ pairs }) =>
    pairs.filter(([name, value]) => isSecretValue(name, value)).map(([name]) => name),
});

export const secretFiles = rulesOver(documentsOf)({
  name: "secret-files",
  description: "No configuration file holds a secret: it names the file that does.",
  broken: (document) => {
    if (document.secret) return false;
    const content = contentOf(document);
    if (content === undefined || content === UNREADABLE) return holdsCertainSecret(document.text);
    return leavesOf(content).flatMap(({ key, path, value }) =>
      typeof value === "string" &&
      ((namesSecret(key) && !isReference(value)) || holdsCertainSecret(value))
        ? [path]
        : [],
    );
  },
});

/** Outputs that are secrets by what they are. */
const SECRET_OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  "random:index/randomPassword:RandomPassword": ["result"],
  "tls:index/privateKey:PrivateKey": ["privateKeyPem", "privateKeyPemPkcs8"],
};

/** What an export shows of a secret that it cannot decrypt. */
const REDACTED = "[secret]";

function generatedSecrets(subjects: readonly Subject[]): string[] {
  return subjects.flatMap(({ type, props }) =>
    (SECRET_OUTPUTS[type] ?? []).flatMap((output) => {
      const value = attempt(() => props[output] as string | undefined);
      return value === undefined || value === REDACTED ? [] : [value.trim()];
    }),
  );
}

/** Every text of a resource that is read by others than its owner, with words for where it stands. */
function* readableTexts(subject: Subject): Generator<readonly [where: string, text: string]> {
  for (const one of containersOf(subject)) {
    for (const [, value] of one.environment) yield [`environment of ${one.where}`, value];
    for (const argument of one.commandLines.flat()) yield [`arguments of ${one.where}`, argument];
  }
  for (const { where, pairs } of labelsOf(subject)) {
    for (const [, value] of pairs) yield [where, value];
  }
  for (const document of documentsOf(subject)) {
    const text = attempt(() => (document.secret ? undefined : document.text));
    if (text !== undefined) yield [document.where, text];
  }
}

export const generatedInClear = stackRule({
  name: "generated-in-clear",
  description:
    "No password or key that the stack made stands in an environment, an argument, a label or a configuration file.",
  find: (subjects) => {
    const secrets = generatedSecrets(subjects);
    return subjects.flatMap((subject): Finding[] => {
      const wheres = [...readableTexts(subject)]
        .filter(([, text]) => secrets.some((secret) => text.includes(secret)))
        .map(([where]) => where);
      return [...new Set(wheres)].map((where) => ({ where, urn: subject.urn }));
    });
  },
});

interface Command extends Part {
  shown: string[];
  secretOutputs: string[];
}

const commandsOf = ({ type, name, props, opts }: Subject): Command[] =>
  /^command:(local|remote):Command$/.test(type)
    ? [
        {
          where: `command ${name}`,
          get shown() {
            const { create, update, delete: remove, environment } = props;
            return [
              ...[create, update, remove].filter((text) => typeof text === "string"),
              ...Object.values((environment ?? {}) as Record<string, string>),
            ];
          },
          secretOutputs: opts.additionalSecretOutputs,
        },
      ]
    : [];

export const commandSecrets = rulesOver(commandsOf)({
  name: "command-secrets",
  description:
    "A command gets secrets through its standard input alone, and what it says is kept as one.",
  broken: ({ shown, secretOutputs }) =>
    shown.some(holdsSecret) ||
    !["stdout", "stderr"].every((output) => secretOutputs.includes(output)),
});

interface Password extends Part {
  length: number;
  protected: boolean;
}

const passwordsOf = ({ type, name, props, opts }: Subject): Password[] =>
  type === "random:index/randomPassword:RandomPassword"
    ? [
        {
          where: `password ${name}`,
          get length() {
            return (props as { length?: number }).length ?? 0;
          },
          protected: opts.protect,
        },
      ]
    : [];

const password = rulesOver(passwordsOf);

export const passwordLength = password<{ characters: number }>({
  name: "password-length",
  description: "A generated password is too long to be guessed.",
  options: {
    characters: { type: "integer", minimum: 1, default: 24, description: "Least length." },
  },
  broken: ({ length }, { characters }) => length < characters,
});

export const passwordProtected = password({
  name: "password-protected",
  description: "A generated password is protected from deletion: data was written with it.",
  broken: (one) => !one.protected,
});
