import * as pulumi from "@pulumi/pulumi";
import { parseConfig, type StackConfig } from "../../config/parse";
import { PRIVATE_CA } from "./private-ca";

/** A resource as the engine was asked to make it. */
export interface Recorded {
  type: string;
  name: string;
  /** Inputs with the marks of secrets taken off. */
  inputs: Record<string, unknown>;
  /** Inputs as they were sent, marks of secrets included. */
  raw: Record<string, unknown>;
  custom: boolean;
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";

function isMarked(value: unknown): value is { value: unknown } {
  return typeof value === "object" && value !== null && SIGNATURE in value;
}

/** A value without the marks of secrets, at any depth. */
export function unwrapSecrets(value: unknown): unknown {
  if (isMarked(value)) return unwrapSecrets(value.value);
  if (Array.isArray(value)) return value.map(unwrapSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unwrapSecrets(one)]));
}

/** What of a value is no secret, at any depth. */
export function plainParts(value: unknown): unknown {
  if (isMarked(value)) return "[secret]";
  if (Array.isArray(value)) return value.map(plainParts);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainParts(one)]));
}

/** Whether a secret stands somewhere in an input. */
export const isSecretInput = isMarked;

/** PEM that names its resource, so that a test sees where it went. */
export const fakePem = (kind: string, name: string) =>
  `-----BEGIN ${kind}-----\n${name}\n-----END ${kind}-----\n`;

function outputsOf(type: string, name: string): Record<string, unknown> {
  switch (type) {
    case "tls:index/privateKey:PrivateKey":
      return {
        privateKeyPem: fakePem("EC PRIVATE KEY", name),
        privateKeyPemPkcs8: fakePem("PRIVATE KEY", name),
      };
    case "tls:index/certRequest:CertRequest":
      return { certRequestPem: fakePem("CERTIFICATE REQUEST", name) };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      // A certificate that can be read; what stands before its block is skipped by whoever does.
      return { certPem: `${name}\n${PRIVATE_CA}` };
    case "random:index/randomPassword:RandomPassword":
      return { result: `generated-${name}` };
    case "docker:index/remoteImage:RemoteImage":
      return { imageId: `sha256:${name}` };
    default:
      return {};
  }
}

/** Outputs that the providers themselves mark as secret. */
const SECRET_OUTPUTS: Record<string, string[]> = {
  "tls:index/privateKey:PrivateKey": ["privateKeyPem", "privateKeyPemPkcs8"],
  "random:index/randomPassword:RandomPassword": ["result"],
};

const marked = (value: unknown) => ({
  [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270",
  value,
});

/**
 * Runs a program against mocks to its end.
 *
 * @returns what it registered, in order; throws on a call that no mock answers and on two resources
 * of one type, name and parent.
 */
export async function record(
  program: () => unknown,
  { preview = false, stack = "dev" } = {},
): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, custom }) => {
        const raw = inputs as Record<string, unknown>;
        recorded.push({
          type,
          name,
          raw,
          inputs: unwrapSecrets(raw) as Record<string, unknown>,
          custom: custom ?? false,
        });
        const outputs = Object.fromEntries(
          Object.entries(outputsOf(type, name)).map(([key, value]) => [
            key,
            SECRET_OUTPUTS[type]?.includes(key) ? marked(value) : value,
          ]),
        );
        const state = { ...raw, ...outputs };
        return { id: custom === false ? undefined : preview ? undefined : `${name}-id`, state };
      },
      call: ({ token }) => {
        throw new Error(`no mock answers ${token}`);
      },
    },
    "tracekeep",
    stack,
    preview,
  );
  // Pulumi notes a stack trace with each of its promises, and mapping them to the source is most of
  // a test's time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  try {
    await pulumi.runtime.runInPulumiStack(() => Promise.resolve(program()));
    // Registrations that wait for others go on after the program's end.
    await pulumi.runtime.disconnect();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const keys = recorded.map(({ type, name }) => `${type} :: ${name}`);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  if (twice.length > 0) throw new Error(`registered twice: ${twice.join(", ")}`);
  return recorded;
}

/** The value of an output. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => resolve(value));
  });
}

/** A configuration of a stack of that name, with these options. */
export function configOf(options: unknown = {}, stack = "dev"): StackConfig {
  return parseConfig(options, { stack, environment: {} });
}
