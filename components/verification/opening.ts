import type { Socket } from "node:net";
import type { Listener } from "../stack/listeners";

type Protocol = Listener["protocol"];

/** Connection preface of HTTP/2 with an empty SETTINGS frame; a server answers with its own. */
const HTTP2_PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** Alertmanager's frame around a message: its length, then a version; no kind means a stream. */
const GOSSIP_STREAM = Buffer.from("\x08\0\0\0\x0a\x06v0.1.0", "latin1");
/** A ping of memberlist's to whoever is there, which is answered on the stream: `{SeqNo: 1, Node: ""}`. */
const GOSSIP_PING = Buffer.from("\0\x82\xa5SeqNo\x01\xa4Node\xa0", "latin1");

/** What a client says first, in parts of their own, so that a server of the protocol answers. */
const OPENINGS: Readonly<Record<Protocol, readonly (string | Buffer)[]>> = {
  http: ["GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"],
  grpc: [HTTP2_PREFACE],
  gossip: [GOSSIP_STREAM, GOSSIP_PING],
};

/** Protocols that a TLS client offers with it. */
export const ALPN: Readonly<Record<Protocol, string[]>> = {
  http: ["http/1.1"],
  grpc: ["h2"],
  gossip: [],
};

/** Says the first words of a protocol, each once the one before is written. */
export function open(socket: Socket, protocol: Protocol): void {
  const say = ([first, ...rest]: readonly (string | Buffer)[]) => {
    if (first !== undefined) socket.write(first, () => say(rest));
  };
  say(OPENINGS[protocol]);
}
