import type { StackConfig } from "../../config/parse";
import { OWN_RECEIVERS } from "../../config/schema/alerts";
import { goDuration } from "../../config/units";
import type { Layout } from "../../targets/layout";
import type { ConfigFile, SecretFile } from "../../targets/workload";
import { receiverUrl, type SecretName } from "../stack/secrets";

/** A webhook that Alertmanager delivers to. */
interface Webhook {
  /** Name of the receiver. */
  name: string;
  secret: SecretName;
  /** PEM certificate of its CA, where that is private. */
  ca?: string;
  sendResolved: boolean;
  /** Seconds that one attempt may take. */
  timeout: number;
}

/** Seconds after which an attempt is given up and made again. */
const ATTEMPT = 10;

/** Every webhook of the configuration, the dead man's switch last. */
function webhooks({ alerts }: StackConfig): Webhook[] {
  const { receivers, deadMansSwitch } = alerts;
  return [
    ...receivers.map(({ name, ca }) => ({
      name,
      secret: receiverUrl(name),
      ca,
      sendResolved: true,
      timeout: ATTEMPT,
    })),
    ...(deadMansSwitch === undefined
      ? []
      : [
          {
            name: OWN_RECEIVERS.deadMansSwitch,
            secret: "deadMansSwitchUrl" as const,
            ca: deadMansSwitch.ca,
            // Whatever arrives there is a sign of life: news of the end must not be one.
            sendResolved: false,
            // A second attempt fits into the interval.
            timeout: Math.min(ATTEMPT, deadMansSwitch.interval / 2),
          },
        ]),
  ];
}

const urlFile = (layout: Layout, name: string) => `${layout.secrets}/receiver-${name}`;
const caFile = (layout: Layout, name: string) => `${layout.config}/receiver-${name}-ca.crt`;

/** Alertmanager's `receivers`: each webhook by the file of its address, and the one that is nobody. */
export function receiverList(config: StackConfig, layout: Layout) {
  return [
    { name: OWN_RECEIVERS.nobody },
    ...webhooks(config).map(({ name, ca, sendResolved, timeout }) => ({
      name,
      webhook_configs: [
        {
          url_file: urlFile(layout, name),
          send_resolved: sendResolved,
          timeout: goDuration(timeout),
          http_config: {
            // What is configured is where alerts go: a redirect may lead to plain http.
            follow_redirects: false,
            tls_config: {
              ...(ca !== undefined && { ca_file: caFile(layout, name) }),
              min_version: "TLS12",
            },
          },
        },
      ],
    })),
  ];
}

/** Certificates of the receivers' private CAs. */
export function receiverFiles(config: StackConfig, layout: Layout): ConfigFile[] {
  return webhooks(config).flatMap(({ name, ca }) =>
    ca === undefined ? [] : [{ path: caFile(layout, name), content: ca }],
  );
}

/** Addresses of the receivers, each a secret file of its own. */
export function receiverSecrets(config: StackConfig, layout: Layout): SecretFile[] {
  return webhooks(config).map(({ name, secret }) => ({
    path: urlFile(layout, name),
    secrets: [secret],
    render: ([url]) => url,
  }));
}
