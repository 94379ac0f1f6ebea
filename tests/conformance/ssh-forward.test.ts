import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { withForwards } from "../../components/verification/forward";
import { verificationExpectations } from "../../components/verification/target";
import type { VerificationTarget } from "../../components/verification/target";
import { parseConfig } from "../../config/parse";
import { freePort, isListening } from "../helpers/ports";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const config = parseConfig({}, { stack: "dev", environment: {} });

function body(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`http://${address}/`, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
    }).on("error", reject);
  });
}

interface Login {
  key?: string;
  knownHosts?: string;
  more?: string[];
}

describeWith(["sshd"], "a Docker host behind ssh", () => {
  let directory: string;
  let sshd: ChildProcess;
  let made: string | undefined;
  let port: number;
  let service: Server;
  const at = (name: string) => path.join(directory, name);

  const keyPair = (name: string) =>
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);

  function target({ key = "user", knownHosts = "known_hosts", more = [] }: Login = {}) {
    const published = `127.0.0.1:${(service.address() as AddressInfo).port}`;
    return {
      ...verificationExpectations(config),
      endpoints: { tempo: { http: published }, loki: { http: published } },
      tls: { root: "" },
      application: { certificate: "", key: "" },
      operator: { certificate: "", key: "" },
      remote: {
        sshDestination: `ssh://${os.userInfo().username}@127.0.0.1:${port}`,
        sshOptions: [
          ...["-F", "none", "-o", "IdentitiesOnly=yes", "-i", at(key)],
          ...["-o", `UserKnownHostsFile=${at(knownHosts)}`, "-o", "GlobalKnownHostsFile=none"],
          ...more,
        ],
      },
    } satisfies VerificationTarget;
  }

  beforeAll(async () => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-ssh-"));
    for (const name of ["host", "user", "stranger"]) keyPair(name);
    port = await freePort();
    fs.copyFileSync(at("user.pub"), at("authorized_keys"));
    fs.writeFileSync(
      at("known_hosts"),
      `[127.0.0.1]:${port} ${fs.readFileSync(at("host.pub"), "utf8")}`,
    );
    fs.writeFileSync(
      at("sshd_config"),
      [
        `ListenAddress 127.0.0.1:${port}`,
        `HostKey ${at("host")}`,
        `AuthorizedKeysFile ${at("authorized_keys")}`,
        "PidFile none",
        "UsePAM no",
        // The temporary directory's parents are open to all.
        "StrictModes no",
        "PasswordAuthentication no",
        "PermitRootLogin prohibit-password",
        "",
      ].join("\n"),
    );
    // sshd refuses to start for root without its directory.
    if (process.getuid?.() === 0) made = fs.mkdirSync("/run/sshd", { recursive: true });
    sshd = spawn(programPath("sshd"), ["-D", "-e", "-f", at("sshd_config")], { stdio: "ignore" });
    while (!(await isListening(port))) {
      if (sshd.exitCode !== null) throw new Error("sshd ended at its start");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    service = createServer((_, response) => response.end("the service"));
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  }, 30_000);

  afterAll(() => {
    sshd?.kill();
    service?.close();
    fs.rmSync(directory, { recursive: true, force: true });
    if (made !== undefined) fs.rmdirSync(made);
  });

  test("its ports are forwarded while the work lasts, and closed then", async () => {
    const given = target();
    let local = "";
    const seen = await withForwards(given, async ({ endpoints }) => {
      local = endpoints.tempo?.http ?? "";
      expect(endpoints.loki?.http).toBe(local);
      return body(local);
    });
    expect(seen).toBe("the service");
    expect(local).not.toBe(given.endpoints.tempo.http);
    const localPort = Number(local.split(":")[1]);
    for (let tries = 0; tries < 40 && (await isListening(localPort)); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await isListening(localPort)).toBe(false);
  }, 30_000);

  test("forwards are closed when the work fails", async () => {
    await expect(
      withForwards(target(), () => Promise.reject(new Error("the work failed"))),
    ).rejects.toThrow("the work failed");
  }, 30_000);

  test.each<[string, Login]>([
    ["an unknown host key", { knownHosts: "none" }],
    [
      "an unknown host key, even where the user's options would take it",
      { knownHosts: "none", more: ["-o", "StrictHostKeyChecking=no"] },
    ],
    ["a key that the host does not know", { key: "stranger" }],
  ])(
    "%s is an error, and nothing is done",
    async (_, login) => {
      const work = jest.fn(() => Promise.resolve());
      await expect(withForwards(target(login), work)).rejects.toThrow(
        /ssh could not open the forwards/,
      );
      expect(work).not.toHaveBeenCalled();
    },
    30_000,
  );
});
