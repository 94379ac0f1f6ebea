import { connect as connectPlain } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Listener } from "../stack/listeners";
import type { Address, Identity } from "./client";
import { ALPN, open } from "./opening";

/** What came of speaking to a listener. */
export type Outcome = "served" | "refused" | "unreachable";

/** How a stranger knocks: `"plaintext"`, or TLS with this certificate or none. */
export type Knock = "plaintext" | { identity?: Identity };

/** Milliseconds for an answer: through a cluster's forward the way alone may take seconds. */
const PATIENCE = 15_000;

/** Alertmanager leaves a connection open that it could make nothing of: this silence is its answer. */
const GOSSIP_PATIENCE = 5000;

/**
 * Speaks to a listener and waits for bytes of the application. Under TLS 1.3 a server refuses a
 * client's certificate only after the client believes the handshake done, so a handshake says nothing.
 */
export function attempt(
  address: Address,
  protocol: Listener["protocol"],
  knock: Knock,
): Promise<Outcome> {
  const { host, port, serverName, root } = address;
  return new Promise((resolve) => {
    const send = () => open(socket, protocol);
    const socket =
      knock === "plaintext"
        ? connectPlain(port, host, send)
        : connectTls(
            {
              host,
              port,
              servername: serverName,
              ca: root,
              cert: knock.identity?.certificate,
              key: knock.identity?.key,
              ALPNProtocols: ALPN[protocol],
            },
            send,
          );
    const end = (outcome: Outcome) => {
      socket.destroy();
      resolve(outcome);
    };
    let connected = false;
    socket.once("connect", () => (connected = true));
    socket.setTimeout(protocol === "gossip" ? GOSSIP_PATIENCE : PATIENCE, () =>
      end(connected && protocol === "gossip" ? "refused" : "unreachable"),
    );
    socket.once("data", (data: Buffer) => {
      // A TLS server's own words to a client in plaintext: an alert, or Go's HTTP 400.
      const toldOff =
        knock === "plaintext" &&
        (data[0] === 0x15 || /^HTTP\/1\.[01] 400/.test(data.toString("latin1")));
      end(toldOff ? "refused" : "served");
    });
    socket.once("error", (error: NodeJS.ErrnoException) =>
      // Not trusting the server is no refusal by the server.
      end(connected && !isOurRefusal(error) ? "refused" : "unreachable"),
    );
    socket.once("close", () => end(connected ? "refused" : "unreachable"));
  });
}

function isOurRefusal({ code = "" }: NodeJS.ErrnoException): boolean {
  return /ALTNAME|UNABLE_TO|SELF_SIGNED|CERT_HAS_EXPIRED|DEPTH_ZERO/.test(code);
}
