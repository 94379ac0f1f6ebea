import { createServer } from "node:tls";
import type { AddressInfo } from "node:net";
import { attempt } from "../../components/verification/attempt";
import { selfSigned } from "../helpers/self-signed";

test("a listener at the end of a slow way is waited for", async () => {
  const { certificate, privateKey } = await selfSigned("tempo");
  const server = createServer({ cert: certificate, key: privateKey }, (socket) => {
    setTimeout(() => socket.end("HTTP/1.1 200 OK\r\n\r\n"), 6000);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const { port } = server.address() as AddressInfo;
    const address = { host: "127.0.0.1", port, serverName: "tempo", root: certificate };
    await expect(attempt(address, "http", {})).resolves.toBe("served");
  } finally {
    server.close();
  }
});
