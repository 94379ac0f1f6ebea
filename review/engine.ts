import { createHash } from "node:crypto";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Subject } from "../policy/rule";
import { Registrations, type Registration } from "./registrations";

/** A resource as the engine would be asked to make it. */
export interface PlannedResource {
  type: string;
  /** Logical name: the same while it is the same resource. */
  name: string;
  /** Its inputs; secrets as `[secret]`, long texts by their hash. */
  inputs: Record<string, unknown>;
}

/** A resource as the engine would hand it to a policy pack: what is secret in clear. */
export type PlannedSubject = Subject & Registration;

/** What a program asks the engine for. */
export interface Planned {
  /** By type and name; components are left out. */
  resources: PlannedResource[];
  /** In the order of their registration, components too. Never to be printed. */
  subjects: PlannedSubject[];
}

/** Marks of special values on the wire (sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Texts above this many characters are files, which are compared as such. */
const LONG = 200;

/** A certificate that parses, for what reads the stack's certificates; nobody has its key. */
const PARSES = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUY8rc1Xi68qiH15O/PwR1XnOrYNQwCgYIKoZIzj0EAwIw
IjEgMB4GA1UEAwwXcHJpdmF0ZSBDQSBvZiB0aGUgdGVzdHMwIBcNMjYxMTIxMDQz
MjI3WhgPMjEyNjEwMjgwNDMyMjdaMCIxIDAeBgNVBAMMF3ByaXZhdGUgQ0Egb2Yg
dGhlIHRlc3RzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECesx/puAuWrPgWcA
mZlfFNAWCiVUcGhkV05vU9Fo2thFb2vNpYAKoNxHzjpwXaZLy97E1/jYKNtIwhA6
EckELqNTMFEwHQYDVR0OBBYEFP7LdTIyV5V0Y1Vm65oQISuc8e+uMB8GA1UdIwQY
MBaAFP7LdTIyV5V0Y1Vm65oQISuc8e+uMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZI
zj0EAwIDSAAwRQIhAIbouwGheWBHKww2qCFBJLr9ksZJFVD9ljnFwCu1uv+/AiA3
76dPrr2D0M37FmhKKQ1QaPUbsfsiVUG8Eq2m4zwajg==
-----END CERTIFICATE-----
`;

const hash = (value: unknown) =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);

const isMarked = (value: unknown): value is { value: unknown } =>
  typeof value === "object" && value !== null && SIGNATURE in value;

/** Directory of the project, which two revisions have in two places. */
const PROJECT = path.resolve(__dirname, "..");

/** What may stand on a page: no secret, no file. */
function shown(value: unknown): unknown {
  if (isMarked(value)) return "[secret]";
  if (value === PROJECT) return ".";
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === "string" && value.length > LONG) {
    return `sha256:${hash(value)}, ${value.length} characters`;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shown(one)]));
}

/** A value without the marks of secrets. */
function unmarked(value: unknown): unknown {
  if (isMarked(value)) return unmarked(value.value);
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unmarked(one)]));
}

const secret = (value: string) => ({ [SIGNATURE]: SECRET, value });

/**
 * What stands for a resource's outputs. It follows from the inputs, so that whatever would be made
 * anew changes all that is made of it, as it would for real.
 */
function outputs(type: string, name: string, inputs: unknown): Record<string, unknown> {
  const id = `${name} ${hash(inputs)}`;
  switch (type) {
    case "tls:index/privateKey:PrivateKey":
      return {
        privateKeyPem: secret(`[key of ${id}]\n`),
        privateKeyPemPkcs8: secret(`[key of ${id}]\n`),
      };
    case "tls:index/certRequest:CertRequest":
      return { certRequestPem: `[request of ${id}]\n` };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { certPem: `${id}\n${PARSES}` };
    case "random:index/randomPassword:RandomPassword":
      return { result: secret(`[password ${id}]`) };
    case "docker:index/remoteImage:RemoteImage":
      return { imageId: `sha256:[image ${name}]` };
    default:
      return {};
  }
}

/**
 * Runs a program against a pretended engine to its end; nothing is made and nobody is asked.
 */
export async function plan(stack: string, program: () => unknown): Promise<Planned> {
  const resources: PlannedResource[] = [];
  const subjects: PlannedSubject[] = [];
  const registrations = new Registrations(stack);
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, custom }) => {
        const made = outputs(type, name, inputs);
        if (custom !== false) {
          resources.push({ type, name, inputs: shown(inputs) as PlannedResource["inputs"] });
        }
        const registration = registrations.of(type, name);
        if (registration) {
          // Rules over the whole stack are given outputs too, such as passwords.
          const props = unmarked({ ...(inputs as object), ...made }) as Subject["props"];
          subjects.push({ type, name, props, ...registration });
        }
        return {
          id: custom === false ? undefined : `${name} ${hash(inputs)}`,
          state: { ...(inputs as object), ...made },
        };
      },
      call: ({ token }) => {
        throw new Error(`nothing answers ${token} while changes are reviewed`);
      },
    },
    "tracekeep",
    stack,
    false,
  );
  // The SDK notes a stack trace with each of its promises, which is most of the time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  try {
    await pulumi.runtime.runInPulumiStack(() => {
      registrations.note();
      return Promise.resolve(program());
    });
    // Registrations that wait for others go on after the program's end.
    await pulumi.runtime.disconnect();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const key = ({ type, name }: PlannedResource) => `${type}::${name}`;
  return { resources: resources.sort((a, b) => (key(a) < key(b) ? -1 : 1)), subjects };
}
