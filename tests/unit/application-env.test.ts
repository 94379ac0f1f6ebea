import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { environmentOf } from "../../commands/env";
import { dialled } from "../../commands/hosts/docker";
import { operatorFiles } from "../../commands/operator-files";
import type { StackOutputs } from "../../commands/stack-outputs";
import { FORMATS, type Format } from "../../components/application/formats";
import { applicationVariables } from "../../components/application/otel-variables";
import { strangersIdentity } from "../../components/verification/stranger";
import { parseConfig } from "../../config/parse";

const config = parseConfig(
  {
    apps: [
      {
        name: "search-api",
        version: "1.2.3",
        attributes: { team: "search, and more" },
        qdrant: true,
        reads: ["tempo"],
      },
      { name: "plain" },
    ],
    hostNames: { tempo: ["traces.example.org"] },
  },
  { stack: "dev", environment: {} },
);
const endpoints = {
  collector: { otlpGrpc: "127.0.0.1:4317", otlpHttp: "127.0.0.1:4318" },
  qdrant: { rest: "127.0.0.1:6333" },
  tempo: { http: "127.0.0.1:3200" },
  jaeger: { http: "127.0.0.1:16686" },
  grafana: { https: "127.0.0.1:3000" },
};

let directory: string;
let outputs: StackOutputs;

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-env-"));
  const pair = await strangersIdentity("someone");
  outputs = {
    endpoints,
    applications: {
      "search-api": { ...pair, reader: pair, qdrantApiKey: "QDRANT-KEY" },
      plain: pair,
    },
    operator: { ...pair, root: "ROOT CERTIFICATE" },
  };
});
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const environment = (name: string, format: Format = "sh", out = path.join(directory, name)) =>
  environmentOf(config, outputs, name, { format, directory: out }).text;

describe("an application's variables", () => {
  test("all that its SDK and its Qdrant client read, in order", () => {
    const files = { certificate: "/c", key: "/k", ca: "/ca", qdrantApiKey: "/q" };
    expect(
      applicationVariables(config, config.apps[0], files, {
        otlp: "collector:4317",
        qdrant: "qdrant:6333",
      }),
    ).toEqual([
      ["OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317"],
      ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
      ["OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca"],
      ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/c"],
      ["OTEL_EXPORTER_OTLP_CLIENT_KEY", "/k"],
      ["OTEL_SERVICE_NAME", "search-api"],
      [
        "OTEL_RESOURCE_ATTRIBUTES",
        "service.version=1.2.3,deployment.environment.name=dev,team=search%2C%20and%20more",
      ],
      ["OTEL_TRACES_SAMPLER", "parentbased_always_on"],
      ["OTEL_TRACES_SAMPLER_ARG", "1.0"],
      ["OTEL_PROPAGATORS", "tracecontext,baggage,b3,b3multi"],
      ["QDRANT_URL", "https://qdrant:6333"],
      ["QDRANT_API_KEY_FILE", "/q"],
      ["QDRANT_CA_FILE", "/ca"],
      ["QDRANT_CLIENT_CERTIFICATE_FILE", "/c"],
      ["QDRANT_CLIENT_KEY_FILE", "/k"],
    ]);
  });

  test("Qdrant's only where asked for", () => {
    const names = applicationVariables(
      config,
      config.apps[1],
      { certificate: "/c", key: "/k", ca: "/ca", qdrantApiKey: "/q" },
      { otlp: "collector:4317", qdrant: "qdrant:6333" },
    ).map(([name]) => name);
    expect(names.filter((name) => name.startsWith("QDRANT"))).toEqual([]);
  });
});

describe("env", () => {
  test("a shell that evaluates it has the variables, and the files hold what they say", () => {
    const out = path.join(directory, "it's a place");
    const text = environment("search-api", "sh", out);
    const names = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_CLIENT_KEY", "TEMPO_URL"];
    const shown = execFileSync("sh", [
      "-c",
      `${text}\nprintf '%s\\n' ${names.map((name) => `"$${name}"`).join(" ")}`,
    ]);
    expect(shown.toString().trim().split("\n")).toEqual([
      "https://localhost:4317",
      path.join(out, "tls.key"),
      "https://localhost:3200",
    ]);
    expect(fs.readFileSync(path.join(out, "qdrant-api-key"), "utf8")).toBe("QDRANT-KEY");
    for (const file of fs.readdirSync(out)) {
      expect(fs.statSync(path.join(out, file)).mode & 0o777).toBe(0o600);
    }
    expect(text).not.toContain("QDRANT-KEY");
  });

  test("files of an earlier call are replaced, whatever mode they had", () => {
    const out = path.join(directory, "again");
    environment("plain", "sh", out);
    fs.chmodSync(path.join(out, "tls.key"), 0o644);
    environment("plain", "sh", out);
    expect(fs.statSync(path.join(out, "tls.key")).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(out).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"]);
  });

  test("json is JSON, dotenv has a line each", () => {
    const parsed = JSON.parse(environment("plain", "json")) as Record<string, string>;
    expect(parsed.OTEL_SERVICE_NAME).toBe("plain");
    expect(environment("plain", "dotenv").split("\n")).toContain('OTEL_SERVICE_NAME="plain"');
  });

  test.each(["rust", "go", "ts", "python"] as const)("%s names all that it needs", (format) => {
    const text = environment("plain", format);
    for (const file of ["ca.crt", "tls.crt", "tls.key"]) expect(text).toContain(file);
    expect(text).toContain("https://localhost:4317");
    expect(text).not.toContain("PRIVATE KEY");
    expect(Object.keys(FORMATS)).toContain(format);
  });

  test("an old Rust exporter gets its TLS in code, with the name in the certificate", () => {
    const text = environment("search-api", "rust");
    expect(text).toContain('.domain_name("collector")');
    expect(text).toContain("Identity::from_pem(certificate, key)");
    expect(text).toContain('KeyValue::new("team", "search, and more")');
  });

  test("an application that there is not names those that there are", () => {
    expect(() => environment("serch-api")).toThrow(/known: search-api, plain/);
  });

  test("one without a certificate yet says what to do", () => {
    const none = { ...outputs, applications: {} };
    expect(() =>
      environmentOf(config, none, "plain", { format: "sh", directory: "/nowhere" }),
    ).toThrow(/npm run up/);
  });

  test("hosts that stand in the certificate", () => {
    expect(dialled(config, "tempo", "127.0.0.1:3200")).toBe("localhost:3200");
    expect(dialled(config, "tempo", "10.0.0.5:3200")).toBe("traces.example.org:3200");
    expect(dialled(config, "loki", "10.0.0.5:3100")).toBe("10.0.0.5:3100");
  });
});

describe("the operator's files", () => {
  test("PEM and a PKCS#12 that opens with its password alone", async () => {
    const out = path.join(directory, "operator");
    const text = await operatorFiles(config, outputs, out);
    expect(text).toContain("https://localhost:16686/search");
    expect(text).not.toContain("prometheus");
    const password = fs.readFileSync(path.join(out, "operator.p12.password"), "utf8").trim();
    expect(text).not.toContain(password);
    const open = (secret: string) =>
      execFileSync(
        "openssl",
        ["pkcs12", "-in", path.join(out, "operator.p12"), "-nodes", "-passin", "stdin"],
        { input: `${secret}\n`, stdio: ["pipe", "pipe", "pipe"] },
      ).toString();
    const shown = open(password);
    expect(shown).toContain("friendlyName: tracekeep dev operator");
    const base64 = outputs.operator.certificate.split("\n")[1];
    expect(shown).toContain(base64);
    expect(shown).toMatch(/BEGIN PRIVATE KEY/);
    expect(() => open("another")).toThrow();
    for (const file of fs.readdirSync(out)) {
      expect(fs.statSync(path.join(out, file)).mode & 0o777).toBe(0o600);
    }
  });
});
