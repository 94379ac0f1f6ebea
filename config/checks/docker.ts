import type { Problem } from "../parse";
import type { Check } from "./check";

// A host that starts with "-" would be an option to ssh.
const FORMS =
  /^(unix:\/\/\/\S+|ssh:\/\/([\w.][\w.-]*@)?[\w.][\w.-]*(:\d{1,5})?|tcp:\/\/[\w.][\w.-]*:\d{1,5})$/;

const UNCHECKED_HOST_KEY =
  /StrictHostKeyChecking[=\s]+(no|off)|UserKnownHostsFile[=\s]+\/dev\/null/i;

/** The Docker host is reached in a way that checks who it is. */
export const dockerHost: Check = ({ docker }) => {
  const problems: Problem[] = [];
  if (!FORMS.test(docker.host)) {
    problems.push({
      path: "docker.host",
      message: 'expected "unix:///path", "ssh://user@host[:port]" or "tcp://host:port"',
    });
  }
  if (docker.host.startsWith("tcp://") && !docker.tls) {
    problems.push({
      path: "docker.tls",
      message: "expected caFile, certFile and keyFile: a daemon on TCP is spoken to over TLS only",
    });
  }
  if (docker.tls && !docker.host.startsWith("tcp://")) {
    problems.push({ path: "docker.tls", message: 'has a meaning only with docker.host "tcp://…"' });
  }
  if (docker.sshOptions.length > 0 && !docker.host.startsWith("ssh://")) {
    problems.push({
      path: "docker.sshOptions",
      message: 'has a meaning only with docker.host "ssh://…"',
    });
  }
  if (docker.sshOptions.some((option) => UNCHECKED_HOST_KEY.test(option))) {
    problems.push({
      path: "docker.sshOptions",
      message: "switches host key checking off; add the host's key to known_hosts instead",
    });
  }
  return problems;
};
