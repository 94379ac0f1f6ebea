import { attempt } from "../../unknown";
import type { Container } from "../container";
import { addressOf, type OpenedListener } from "./listener";

const valueOf = (args: readonly string[], flag: string): string | undefined =>
  args.find((argument) => argument.startsWith(`--${flag}=`))?.slice(flag.length + 3);

const LISTENERS = [
  ["web.listen-address", "web.config.file"],
  ["cluster.listen-address", "cluster.tls-config"],
] as const;

/** Listeners of Prometheus and Alertmanager; their TLS stands in files that are read for themselves. */
const flags = ({ wholeCommandLine: args }: Container): OpenedListener[] =>
  LISTENERS.flatMap(([flag, file]) => {
    const address = valueOf(args, flag);
    if (!address) return [];
    const secured = Boolean(valueOf(args, file));
    return [
      {
        name: `--${flag}`,
        ...addressOf(address),
        security: secured ? "mtls" : "plaintext",
        modern: secured ? true : undefined,
      },
    ];
  });

/** The listener of Grafana, whose settings are environment variables. */
function variables({ wholeEnvironment: settings }: Container): OpenedListener[] {
  const port = settings.get("GF_SERVER_HTTP_PORT");
  if (port === undefined) return [];
  const served =
    ["https", "h2"].includes(settings.get("GF_SERVER_PROTOCOL") ?? "") &&
    settings.has("GF_SERVER_CERT_FILE") &&
    settings.has("GF_SERVER_CERT_KEY");
  return [
    {
      name: "GF_SERVER_HTTP_PORT",
      ...addressOf(`${settings.get("GF_SERVER_HTTP_ADDR") ?? ""}:${port}`),
      security: served ? "tls" : "plaintext",
      modern: served
        ? ["TLS1.2", "TLS1.3"].includes(settings.get("GF_SERVER_MIN_TLS_VERSION") ?? "")
        : undefined,
    },
  ];
}

/** The listeners that a command line or an environment opens, where that is known. */
export const containerListeners = (container: Container): OpenedListener[] => [
  ...(attempt(() => flags(container)) ?? []),
  ...(attempt(() => variables(container)) ?? []),
];
