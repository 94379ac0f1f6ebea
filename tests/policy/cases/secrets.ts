import * as secrets from "../../../policy/rules/secrets";
import {
  changed,
  dockerHelper,
  dockerService,
  files,
  inContainer,
  inPod,
  kubernetes,
  metadata,
  secretFiles,
  statefulSet,
  subject,
} from "../subjects";
import type { Case } from "./case";
import { ALL_DOCUMENTS, onDocker, onKubernetes } from "./documents";

const envs = (...list: string[]) => changed(dockerService, "envs", ["A=1", ...list]);
const command = (...list: string[]) => changed(dockerService, "command", list);
const label = (name: string, value: string) =>
  changed(dockerService, "labels.2", { label: name, value });

/** Put together here, so that none stands in the source for a scanner to find. */
const KEY = ["-----BEGIN PRIVATE", "KEY-----\nhunter2hunter2\n-----END PRIVATE", "KEY-----\n"].join(
  " ",
);
const AWS = ["AKIA", "HUNTER2HUNTER222"].join("");
const JWT = ["eyJhbGciOiJIUzI1NiJ9", "eyJodW50ZXIiOiIyIn0", "aHVudGVyMg"].join(".");
const IN_URL = ["https://hunter", "hunter2@example.org/"].join(":");

const password = (props: object = {}, protect = true) =>
  subject(
    "random:index/randomPassword:RandomPassword",
    "qdrantApiKey",
    { length: 40, result: "hunter2-generated", ...props },
    { protect },
  );
const privateKey = subject("tls:index/privateKey:PrivateKey", "tempo", {
  privateKeyPem: `${KEY}\n`,
});

const run = (props: object = {}, additionalSecretOutputs = ["stdout", "stderr"]) =>
  subject(
    "command:local:Command",
    "verification",
    {
      create: "node --import tsx commands/main.ts verify --from-stdin",
      stdin: JSON.stringify({ password: "hunter2" }),
      ...props,
    },
    { additionalSecretOutputs },
  );

export const SECRETS: Case[] = [
  {
    rule: secrets.secretVariables,
    passing: [
      dockerService,
      statefulSet,
      envs(
        "GF_SECURITY_ADMIN_PASSWORD__FILE=/etc/tracekeep/secrets/admin-password",
        "DB_PASSWORD=/run/secrets/db",
        "API_KEY=${env:KEY}",
        "TOKEN=",
        "SMTP_USER=someone@example.org",
        "QUERY=a=someone%40example.org",
        "PATH_OF=/someone%40example.org",
        "CARD=4111 1111 1111 1111",
        "CARDS=one 4111 1111 1111 1111",
        "PUBLIC_KEY_RETRIEVAL=true",
      ),
      inContainer(statefulSet, "env", [
        { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
      ]),
    ],
    failing: {
      "by its name": envs("DB_PASSWORD=hunter2"),
      "by another name": envs("SHOP_API_KEY=hunter2"),
      "by what it is": envs(`KEY_MATERIAL=${KEY}`),
      "in a URL": envs(`DATABASE=${IN_URL}`),
      "a token": envs(`HEADER=Bearer hunter2hunter2`),
      "without a name": envs(`${AWS}-or-so=1${AWS}`),
      "in a pod": inContainer(statefulSet, "env", [{ name: "QDRANT_API_KEY", value: "hunter2" }]),
      "before the pod's container": inPod(statefulSet, "initContainers", [
        { env: [{ name: "TOKEN", value: "hunter2" }] },
      ]),
    },
  },
  {
    rule: secrets.secretArguments,
    passing: [
      dockerService,
      dockerHelper,
      statefulSet,
      command("--password-file=/etc/tracekeep/secrets/p", "--token=/run/token", "--secret", "/s"),
      command("--api-key", "--verbose=true"),
    ],
    failing: {
      "with its flag": command("--password=hunter2"),
      "behind its flag": command("--verbose", "--token", "hunter2"),
      "with one dash": command("-api-key=hunter2"),
      "in a script": command("export TOKEN=hunter2; exec run"),
      "an entry point": changed(dockerService, "entrypoints", ["run", `--dsn=${IN_URL}`]),
      "a probe": changed(dockerService, "healthcheck.tests", ["CMD", "curl", IN_URL]),
      "in a pod": inContainer(statefulSet, "args", [
        `--header=Authorization: Bearer hunter2hunter2`,
      ]),
      "a pod's probe": inContainer(statefulSet, "livenessProbe.exec.command", ["curl", IN_URL]),
      "a pod's first probe": inContainer(statefulSet, "startupProbe.exec.command", [IN_URL]),
    },
    says: {
      "behind its flag": ["container tempo: argument 2"],
      "a probe": ["container tempo: argument 3 of a probe"],
    },
  },
  {
    rule: secrets.secretLabels,
    passing: [
      dockerService,
      statefulSet,
      label("tracekeep.trigger", "0a0a"),
      kubernetes("core/v1:Namespace", "namespace", { metadata: {} }),
      // Of other providers a label is no label.
      subject("command:local:Command", "x", { labels: [{ label: "token", value: "hunter2" }] }),
    ],
    failing: {
      "by its name": label("tracekeep.token", "hunter2"),
      "by what it is": label("tracekeep.note", `see ${IN_URL}`),
      "of a volume": subject("docker:index/volume:Volume", "tempo-data", {
        labels: [{ label: "api-key", value: "hunter2" }],
      }),
      "of an object": changed(statefulSet, "metadata.labels.password", "hunter2"),
      "an annotation": changed(statefulSet, "metadata.annotations.note", `by ${IN_URL}`),
      "of a pod": changed(statefulSet, "spec.template.metadata.annotations.token", "hunter2"),
      "of any kind": kubernetes("core/v1:Service", "tempo", {
        metadata: { ...metadata("tempo"), annotations: { secret: "hunter2" } },
      }),
    },
  },
  {
    rule: secrets.secretFiles,
    passing: [
      ...ALL_DOCUMENTS,
      secretFiles("qdrant", "qdrant.yaml", "service: { api_key: hunter2 }").docker,
      secretFiles("qdrant", "key.pem", KEY).kubernetes,
      files("tempo", "s3-ca.crt", "-----BEGIN CERTIFICATE-----").docker,
    ],
    failing: {
      "by its key": changed(onDocker("qdrant"), "uploads.0.file", "/etc/tracekeep/config/q.yaml"),
      "in a ConfigMap": files("loki", "loki.yaml", "s3: { secret_access_key: hunter2 }").kubernetes,
      "in a list": files("loki", "loki.yaml", "token: [/a, hunter2]").docker,
      "by what it is": onKubernetes("collector", ["exporters/otlp_grpc~1tempo/headers/x", JWT]),
      "in a URL": onDocker("collector", ["exporters/otlp_http~1loki/endpoint", IN_URL]),
      "in another kind of file": files("tempo", "tls.key", KEY).docker,
      "in a dashboard": files("grafana", "dashboard.json", JSON.stringify({ url: IN_URL }))
        .kubernetes,
      "in what cannot be parsed": files("tempo", "tempo.yaml", `key: "${AWS}`).docker,
      "coded in base64": changed(
        changed(files("tempo", "tls.key", "").docker, "uploads.0.content"),
        "uploads.0.contentBase64",
        Buffer.from(KEY).toString("base64"),
      ),
    },
  },
  {
    rule: secrets.generatedInClear,
    passing: [
      [password(), privateKey, dockerService, statefulSet, ...ALL_DOCUMENTS],
      [password(), secretFiles("qdrant", "qdrant.yaml", "api_key: hunter2-generated").docker],
      [password(), secretFiles("qdrant", "qdrant.yaml", "api_key: hunter2-generated").kubernetes],
      // An export in which secrets cannot be read.
      [password({ result: "[secret]" }), envs("X=[secret]")],
      [password({ result: undefined }), envs("X=undefined")],
    ],
    failing: {
      "in an environment": [password(), envs("X=hunter2-generated")],
      "in an argument": [password(), command("--x=see hunter2-generated there")],
      "in a label": [password(), label("x", "hunter2-generated")],
      "in a file": [password(), files("loki", "loki.yaml", "x: hunter2-generated").docker],
      "in a ConfigMap": [password(), files("loki", "x", "hunter2-generated").kubernetes],
      "in a pod": [password(), inContainer(statefulSet, "args", ["hunter2-generated"])],
      "a key": [privateKey, files("loki", "x", `---\n${KEY}`).kubernetes],
      "a key in its other form": [
        changed({ ...privateKey, props: {} }, "privateKeyPemPkcs8", KEY),
        files("loki", "x", KEY).docker,
      ],
    },
  },
  {
    rule: secrets.commandSecrets,
    passing: [run(), run({ environment: { A: "1" } }), dockerService],
    failing: {
      "what it says is shown": run({}, ["stdout"]),
      "all it says is shown": run({}, []),
      "on its line": run({ create: `curl ${IN_URL}` }),
      "on the line of a change": run({ update: `curl ${IN_URL}` }),
      "on the line of its end": run({ delete: `curl ${IN_URL}` }),
      "in its environment": run({ environment: { A: "1", B: `Bearer hunter2hunter2` } }),
      "on another host": { ...run({}, []), type: "command:remote:Command" },
    },
  },
  {
    rule: secrets.passwordLength,
    passing: [password(), password({ length: 24 }), dockerService],
    failing: { short: password({ length: 23 }), "nothing said": password({ length: undefined }) },
    allowed: [[{ characters: 12 }, password({ length: 16 })]],
  },
  {
    rule: secrets.passwordProtected,
    passing: [password(), dockerService],
    failing: { "not protected": password({}, false) },
  },
];
