import { publishedPorts } from "../config/checks";
import type { StackConfig } from "../config/parse";

/** What is wrong, where and what to do, from what a provider said; undefined if it is something else. */
type Fault = (message: string, config: StackConfig) => string | undefined;

const NEXT = "the next `npm run up` goes on from there.";

const where = ({ docker }: StackConfig): string => `the Docker host (${docker.host})`;

const takenPort: Fault = (message, config) => {
  const taken =
    /Bind for (\S+):(\d+) failed: port is already allocated/.exec(message) ??
    /listen tcp4? (\S+):(\d+): bind: address already in use/.exec(message) ??
    /failed to bind host port for (\S+):(\d+):.*address already in use/.exec(message);
  if (taken === null) return undefined;
  const [, bind, port] = taken;
  const wanted = publishedPorts(config).find((one) => one.port === Number(port));
  const whose = wanted === undefined ? "" : `, which ${wanted.owner} wants (${wanted.path}),`;
  return `Port ${bind}:${port} of ${where(config)}${whose} is taken: end what holds it, or give the option another port; ${NEXT}`;
};

const fullDisk: Fault = (message, config) =>
  /no space left on device|disk quota exceeded/i.test(message)
    ? `The disk of ${where(config)} is full: make room where \`docker info\` says "Docker Root Dir" (\`docker system df\` says what takes it); ${NEXT}`
    : undefined;

const missingImage: Fault = (message, config) => {
  const missing =
    /unable to pull image (\S+?):? .*?(?:: )?([^:]+)$/s.exec(message) ??
    /[Nn]o such image: (\S+)/.exec(message) ??
    /Unable to find (?:or pull )?image (\S+)/.exec(message);
  if (missing === null) return undefined;
  const [, image, reason] = missing;
  const why = reason === undefined ? "" : ` (${reason.trim()})`;
  return `The image ${image.replace(/[:,]$/, "")} is not on ${where(config)} and could not be pulled${why}: bring it there, or name a mirror in images.registry (docs/images.md); ${NEXT}`;
};

const takenName: Fault = (message, config) => {
  const [, name] = /container name "\/?([^"]+)" is already in use/.exec(message) ?? [];
  return name === undefined
    ? undefined
    : `T${where(config).slice(1)} has a container "${name}" that is not in this stack's state: see whose it is (\`docker inspect ${name}\`), and remove it if it is nobody's; ${NEXT}`;
};

const LOST =
  /Cannot connect to the Docker daemon|error during connect|failed to connect to the docker API|Error pinging Docker server|docker\.sock: connect|has exited with|(read|write): connection reset by peer|broken pipe|\bEOF\b/;

const lostHost: Fault = (message, config) => {
  if (!LOST.test(message)) return undefined;
  const { host } = config.docker;
  if (host.startsWith("ssh://")) {
    const [, said] = /stderr=([^\n]*)/.exec(message) ?? [];
    const why = said?.trim() ? ` (${said.trim()})` : "";
    return `The ssh connection to ${host} was lost on the way${why}: see that \`ssh\` gets there again and that Docker runs; ${NEXT}`;
  }
  return `Docker at ${host} went away on the way: start it again (\`sudo systemctl start docker\`; \`journalctl -u docker\` says why it went); ${NEXT}`;
};

/** In this order: a full disk takes the daemon down too. */
const FAULTS = [fullDisk, takenPort, takenName, missingImage, lostHost];

/** The one sentence about what a provider said of a Docker host; undefined if there is none for it. */
export function dockerFault(config: StackConfig, messages: readonly string[]): string | undefined {
  for (const fault of FAULTS) {
    for (const message of messages) {
      const sentence = fault(message, config);
      if (sentence !== undefined) return sentence;
    }
  }
  return undefined;
}
