import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { freePort, isListening } from "./ports";
import { descendants, signalAll } from "./processes";
import { programPath } from "./servers";

export interface LocalSshd {
  /** `ssh://user@127.0.0.1:port` */
  address: string;
  /** Options of `ssh` that log in there, and look at no file of the user's. */
  options(login?: { key?: "user" | "stranger"; knownHosts?: "known" | "none" }): string[];
  /** Breaks every connection, and takes no other until it is back. */
  lose(): void;
  back(): Promise<void>;
  stop(): void;
}

/**
 * An sshd on the loopback with keys of its own.
 *
 * @param command what every login runs, whatever it asks for. Default: what it asks for.
 */
export async function startSshd(command?: readonly string[]): Promise<LocalSshd> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-sshd-"));
  const at = (name: string) => path.join(directory, name);
  for (const name of ["host", "user", "stranger"]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
  }
  const port = await freePort();
  fs.copyFileSync(at("user.pub"), at("authorized_keys"));
  fs.writeFileSync(at("known"), `[127.0.0.1]:${port} ${fs.readFileSync(at("host.pub"), "utf8")}`);
  fs.writeFileSync(
    at("sshd_config"),
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${at("host")}`,
      `AuthorizedKeysFile ${at("authorized_keys")}`,
      ...(command ? [`ForceCommand ${command.join(" ")}`] : []),
      "PidFile none",
      "UsePAM no",
      // The temporary directory's parents are open to all.
      "StrictModes no",
      "PasswordAuthentication no",
      "PermitRootLogin prohibit-password",
      // A shell that sshd starts reads the user's start-up files, and they may read what is sent.
      `SetEnv HOME=${directory}`,
      "",
    ].join("\n"),
  );
  // sshd refuses to start for root without its directory.
  if (process.getuid?.() === 0) fs.mkdirSync("/run/sshd", { recursive: true });
  let sshd: ChildProcess;
  const listen = async () => {
    sshd = spawn(programPath("sshd"), ["-D", "-e", "-f", at("sshd_config")], { stdio: "ignore" });
    while (!(await isListening(port))) {
      if (sshd.exitCode !== null) throw new Error("sshd ended at its start");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await listen();
  return {
    address: `ssh://${os.userInfo().username}@127.0.0.1:${port}`,
    options: ({ key = "user", knownHosts = "known" } = {}) => [
      ...["-F", "none", "-o", "IdentitiesOnly=yes", "-i", at(key)],
      ...["-o", `UserKnownHostsFile=${at(knownHosts)}`, "-o", "GlobalKnownHostsFile=none"],
    ],
    lose: () => signalAll(descendants(sshd.pid!), "SIGKILL"),
    back: listen,
    stop: () => {
      sshd.kill();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}
