import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { checkDocker } from "../../commands/docker";
import { checkPorts } from "../../commands/host-ports";
import { parseConfig } from "../../config/parse";
import { startSshd, type LocalSshd } from "../helpers/local-sshd";
import { describeWith } from "../helpers/skip";

/** What `docker system dial-stdio` does: standard input and output are the daemon's socket. */
const DIAL = `
const socket = require("net").connect(process.argv[2]);
process.stdin.pipe(socket).pipe(process.stdout);
`;

describeWith(["sshd"], "Docker behind ssh", () => {
  let directory: string;
  let sshd: LocalSshd;
  let daemon: http.Server;
  const asked: string[] = [];
  let containers: unknown[] = [];

  beforeAll(async () => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-docker-"));
    const socket = path.join(directory, "docker.sock");
    const dial = path.join(directory, "dial.js");
    fs.writeFileSync(dial, DIAL);
    daemon = http.createServer((request, response) => {
      asked.push(request.url ?? "");
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(request.url === "/version" ? { Version: "28" } : containers));
    });
    await new Promise<void>((resolve) => daemon.listen(socket, resolve));
    sshd = await startSshd([process.execPath, dial, socket]);
  }, 30_000);

  afterAll(() => {
    sshd?.stop();
    daemon?.close();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  const config = (sshOptions: string[]) =>
    parseConfig({ docker: { host: sshd.address, sshOptions } }, { stack: "dev", environment: {} });

  test("answers the checks that precede `up`", async () => {
    const stack = config(sshd.options());
    const { docker } = await checkDocker("dev", stack.docker);
    expect(asked).toContain("/version");
    await checkPorts(stack, docker);
    containers = [
      {
        Names: ["/web"],
        Labels: {},
        Ports: [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: 3000, Type: "tcp" }],
      },
    ];
    await expect(checkPorts(stack, docker)).rejects.toThrow(
      /127\.0\.0\.1:3000 \(ports\.grafana\.https, for grafana\) is held by container "web"/,
    );
  }, 30_000);

  test.each([
    ["an unknown host key", { knownHosts: "none" }, /Host key verification failed/],
    ["a key that the host does not know", { key: "stranger" }, /Permission denied/],
  ] as const)(
    "%s is named, and nothing is asked of the daemon",
    async (_, login, reason) => {
      const before = asked.length;
      const { docker } = config(sshd.options(login));
      await expect(checkDocker("dev", docker)).rejects.toThrow(reason);
      expect(asked).toHaveLength(before);
    },
    30_000,
  );
});
