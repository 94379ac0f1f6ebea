import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { call } from "../../components/verification/client";
import type { TestStack } from "./stack";

/** The operator's files, once `env --operator` has written them. */
function files(stack: TestStack) {
  const file = (name: string) =>
    readFileSync(join(stack.home, stack.name, "operator", name), "utf8");
  return { root: file("ca.crt"), certificate: file("operator.crt"), key: file("operator.key") };
}

const QUERY = { prometheus: "/api/v1/query", loki: "/loki/api/v1/query" };

/** Number of series that an expression has had at a moment. */
export async function seriesAt(
  stack: TestStack,
  ports: Readonly<Record<string, Record<string, number>>>,
  service: keyof typeof QUERY,
  expression: string,
  at: Date,
): Promise<number> {
  const { root, ...identity } = files(stack);
  const query = new URLSearchParams({ query: expression, time: at.toISOString() });
  const { status, body } = await call(
    { host: "127.0.0.1", port: ports[service].http, serverName: service, root },
    { path: `${QUERY[service]}?${query.toString()}`, identity },
  );
  if (status !== 200) throw new Error(`${service} answered ${status}: ${body}`);
  return (JSON.parse(body) as { data: { result: unknown[] } }).data.result.length;
}

/** Whether Tempo at a port of the loopback has a trace. */
export async function hasTrace(stack: TestStack, port: number, traceId: string): Promise<boolean> {
  const { root, ...identity } = files(stack);
  const address = { host: "127.0.0.1", port, serverName: "tempo", root };
  const { status } = await call(address, { path: `/api/v2/traces/${traceId}`, identity });
  return status === 200;
}

/**
 * Serial of the certificate that a port of the loopback serves. The service's name is sent, as
 * clients do: to one that sends none, Tempo and Loki show the certificate that they started with.
 */
export function servedSerial(stack: TestStack, service: string, port: number): Promise<string> {
  const { root, certificate, key } = files(stack);
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host: "127.0.0.1",
        port,
        servername: service,
        ca: root,
        cert: certificate,
        key,
        ALPNProtocols: ["h2", "http/1.1"],
      },
      () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      },
    );
    socket.setTimeout(5000, () => socket.destroy(new Error("no handshake in time")));
    socket.once("error", reject);
  });
}
