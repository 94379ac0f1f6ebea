import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { IMAGES } from "../../config/images";
import { IMAGE_USERS, type ImageUser } from "../../config/services";
import { findProgram, howToGet, type Program } from "../helpers/servers";

/** An image as its maker publishes it: paths, owners and entry point are those of the real one. */
interface Recipe {
  /** Programs by their path in the image. */
  programs: Partial<Record<Program, string>>;
  /** Commands of busybox, as links in `/bin`. */
  commands?: string[];
  /** Ships the CAs of the public web, without which the program does not start. */
  authorities?: true;
  /** Directories that the image ships owned by its user, with their mode. */
  owned?: Record<string, string>;
  entrypoint: string;
}

const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

const COLLECTOR: Recipe = {
  programs: { collector: "/otelcol-contrib" },
  entrypoint: "/otelcol-contrib",
};

const RECIPES: Partial<Record<ImageUser, Recipe>> = {
  tempo: {
    programs: { tempo: "/tempo" },
    owned: { "/var/tempo": "0700" },
    entrypoint: "/tempo",
  },
  collector: COLLECTOR,
  "log-agent": COLLECTOR,
  prometheus: {
    programs: { prometheus: "/bin/prometheus", promtool: "/bin/promtool" },
    commands: ["sh", "chown", "chmod"],
    owned: { "/prometheus": "0755" },
    entrypoint: "/bin/prometheus",
  },
  loki: {
    programs: { loki: "/usr/bin/loki" },
    owned: { "/loki": "0755" },
    entrypoint: "/usr/bin/loki",
  },
  jaeger: {
    programs: { jaeger: "/cmd/jaeger/jaeger-linux" },
    commands: ["sh", "wget"],
    entrypoint: "/cmd/jaeger/jaeger-linux",
  },
  alertmanager: {
    programs: { alertmanager: "/bin/alertmanager", amtool: "/bin/amtool" },
    commands: ["sh"],
    owned: { "/alertmanager": "0755" },
    entrypoint: "/bin/alertmanager",
  },
  qdrant: {
    programs: { qdrant: "/qdrant/qdrant", bash: "/bin/bash" },
    authorities: true,
    owned: { "/qdrant/storage": "0755" },
    entrypoint: "/qdrant/qdrant",
  },
  guard: {
    programs: { haproxy: "/usr/local/sbin/haproxy" },
    commands: ["sh", "df", "sleep", "timeout"],
    entrypoint: "/usr/local/sbin/haproxy",
  },
};

type User = (typeof IMAGES)[ImageUser]["user"];

function run(command: string, args: string[], input?: Buffer): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    input,
    maxBuffer: 2 ** 20,
    encoding: "utf8",
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]}: ${stderr}`);
  return stdout.trim();
}

/** Program and the path that it has in the image, busybox included. */
function contents({ programs, commands }: Recipe): [program: Program, path: string][] {
  const found = Object.entries(programs) as [Program, string][];
  return commands ? [...found, ["busybox", "/bin/busybox"]] : found;
}

/** The libraries that a program is linked to, its loader among them; none for a static one. */
function librariesOf(file: string): string[] {
  const { stdout } = spawnSync("ldd", [file], { encoding: "utf8" });
  return [...stdout.matchAll(/(?:=> |^\t)(\/\S+) \(0x/gm)].map(([, path]) => path);
}

/** Tag that changes with the recipe and with the programs. */
function tagOf(service: string, recipe: Recipe): string {
  const files = contents(recipe).map(([program]) => {
    const { size, mtimeMs } = statSync(findProgram(program)!);
    return [program, size, mtimeMs];
  });
  const hash = createHash("sha256")
    .update(JSON.stringify([recipe, files]))
    .digest("hex");
  return `tracekeep-test/${service}:${hash.slice(0, 12)}`;
}

function build(tag: string, service: string, user: User, recipe: Recipe): void {
  const work = mkdtempSync(join(tmpdir(), "tracekeep-image-"));
  try {
    const root = join(work, "root");
    mkdirSync(join(root, "etc"), { recursive: true });
    mkdirSync(join(root, "tmp"));
    const { uid, gid } = user;
    writeFileSync(
      join(root, "etc/passwd"),
      `root:x:0:0::/:/bin/sh\n${service}:x:${uid}:${gid}::/:/bin/sh\n`,
    );
    for (const [program, path] of contents(recipe)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      cpSync(findProgram(program)!, join(root, path), { dereference: true });
      for (const library of librariesOf(findProgram(program)!)) {
        mkdirSync(dirname(join(root, library)), { recursive: true });
        cpSync(library, join(root, library), { dereference: true });
      }
    }
    for (const command of recipe.commands ?? []) {
      symlinkSync("busybox", join(root, "bin", command));
    }
    if (recipe.authorities) {
      mkdirSync(join(root, dirname(AUTHORITIES)), { recursive: true });
      cpSync(AUTHORITIES, join(root, AUTHORITIES), { dereference: true });
    }
    const archive = join(work, "image.tar");
    run("tar", ["-cf", archive, "--owner=0", "--group=0", "-C", root, "."]);
    for (const [directory, mode] of Object.entries(recipe.owned ?? {})) {
      mkdirSync(join(root, directory), { recursive: true });
      const owner = [`--owner=${uid}`, `--group=${gid}`, `--mode=${mode}`];
      run("tar", ["-rf", archive, ...owner, "-C", root, `.${directory}`]);
    }
    const changes = [`USER ${uid}:${gid}`, `ENTRYPOINT ["${recipe.entrypoint}"]`];
    run("docker", ["import", ...changes.flatMap((one) => ["--change", one]), archive, tag]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** An image of this name; one that is there is kept. */
function built(name: string, user: User, recipe: Recipe): string {
  const tag = tagOf(name, recipe);
  if (run("docker", ["images", "-q", tag]) === "") build(tag, name, user, recipe);
  return tag;
}

/** Programs that the test image of a service lacks on this machine. */
export function lackingPrograms(service: ImageUser): string[] {
  const recipe = RECIPES[service];
  if (recipe === undefined) return [service];
  return contents(recipe)
    .map(([program]) => program)
    .filter((program) => findProgram(program) === undefined);
}

/** Why a service has no test image on this machine; undefined if it has one. */
export function lackingImage(service: ImageUser): string | undefined {
  if (RECIPES[service] === undefined) return "there is no program of it to build an image from";
  const lacking = lackingPrograms(service);
  return lacking.length > 0 ? `no ${lacking.join(", ")}: ${howToGet}` : undefined;
}

/**
 * Images of the services from programs of this machine, laid out as the published ones, for where
 * no registry is to be had. They are built once and kept.
 *
 * @returns their references by service, and why a service has none.
 */
export function testImages(): {
  images: Partial<Record<ImageUser, string>>;
  missing: Partial<Record<ImageUser, string>>;
} {
  const images: Partial<Record<ImageUser, string>> = {};
  const missing: Partial<Record<ImageUser, string>> = {};
  for (const service of IMAGE_USERS) {
    const recipe = RECIPES[service];
    const lacking = lackingImage(service);
    if (recipe === undefined || lacking !== undefined) {
      missing[service] = lacking;
      continue;
    }
    images[service] = built(service, IMAGES[service].user, recipe);
  }
  return { images, missing };
}

/** Image of the collector that an upgrade starts from; the program is `collector-before`. */
export const earlierCollector = () =>
  built("collector-before", IMAGES.collector.user, {
    ...COLLECTOR,
    programs: { "collector-before": "/otelcol-contrib" },
  });

const NOBODY: User = { uid: 65534, gid: 65534 };

/** Images that a node with containers runs besides those of the services. */
export const nodeImages = () => ({
  pause: built("pause", NOBODY, {
    programs: {},
    commands: ["sleep"],
    entrypoint: '/bin/sleep", "2147483647',
  }),
  coredns: built("coredns", NOBODY, { programs: { coredns: "/coredns" }, entrypoint: "/coredns" }),
});

if (require.main === module) console.log(JSON.stringify(testImages(), null, 2));
