import type { Settings } from "./component";

/**
 * What a sender may hold of the intake, so that one that is broken or hostile takes nothing away from
 * the others. Without them the OTLP receiver waits for ever: of what confighttp and configgrpc offer
 * it switches the times off (`createDefaultConfig` of otlpreceiver 0.159). docs/security.md tells what
 * each stands against.
 */

/** Most requests at once on one connection; what HTTP/2 advises servers not to go below by need. */
const MOST_STREAMS = 100;

/** Limits of a listener that speaks gRPC. `heap` and `largest` (a request) are bytes. */
export function grpcLimits(heap: number, largest: number): Settings {
  return {
    // A request is memory before anything can refuse it: one connection fills no more than half of it.
    max_concurrent_streams: Math.max(1, Math.min(MOST_STREAMS, Math.floor(heap / 2 / largest))),
    // grpc-go's own; the receiver's 512 KiB are taken by each connection as it opens, idle ones too.
    read_buffer_size: 32 * 1024,
    keepalive: {
      server_parameters: {
        // Longer than the minute between two exports of metrics.
        max_connection_idle: "5m",
        // Who does not answer a ping is gone, or never was a client.
        time: "1m",
        timeout: "20s",
        // The one end of a request that never ends. Behind it, as many gateways as there are get their
        // part: a connection would stay for ever with the one that it found first.
        max_connection_age: "5m",
        max_connection_age_grace: "30s",
      },
    },
  };
}

/** Limits of a listener that speaks HTTP, besides that of a request's size. */
export const HTTP_LIMITS: Settings = {
  // The handshake of TLS counts, too.
  read_header_timeout: "10s",
  // Senders give up after 10 s by default.
  read_timeout: "1m",
  // Longer than the minute between two exports of metrics.
  idle_timeout: "2m",
  // What OTLP's SDKs speak. A frame of zstd of some bytes may ask for a window of 512 MiB.
  compression_algorithms: ["", "gzip"],
};
