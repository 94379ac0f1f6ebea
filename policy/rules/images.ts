import { IMAGES } from "../../config/images";
import { readLock } from "../../config/images-lock-file";
import { rulesOver, type Part, type Subject } from "../rule";
import { attempt } from "../unknown";
import { containersOf } from "../views/container";

interface Image extends Part {
  reference: string;
  /** Whether it must be on the Docker host already. */
  loaded: boolean;
}

const REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage";

/** Images by name. What Docker pulled is run by its id, which is its content's and no name. */
function imagesOf(subject: Subject): Image[] {
  if (subject.type === REMOTE_IMAGE) {
    const { name } = subject.props as { name: string };
    return [{ where: `image ${subject.name}`, reference: name, loaded: false }];
  }
  return containersOf(subject).flatMap((container) => {
    const reference = attempt(() => container.image);
    return reference === undefined || reference.startsWith("sha256:")
      ? []
      : [{ where: container.where, reference, loaded: container.target === "docker" }];
  });
}

const rule = rulesOver(imagesOf);

/** Host of a reference's registry: the first part, if it can be a host at all. */
function registryOf(reference: string): string {
  const [first, ...rest] = reference.split("/");
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : "docker.io";
}

/** Tags whose digest this checkout's lock has. */
const LOCKED = readLock().images.flatMap(({ repository, tag, digest }) =>
  digest === null ? [] : [`${repository}:${tag}`],
);

/** Whether a reference is one of these tags, at its own registry or at a mirror. */
const isTag = (reference: string, tags: readonly string[]) =>
  tags.some(
    (tag) => reference === tag || reference.endsWith(`/${tag.replace(/^docker\.io\//, "")}`),
  );

export const imageDigest = rule<{ locked: readonly string[] }>({
  name: "image-digest",
  description: "An image is named with its digest, for a tag can be moved to another image.",
  options: {
    locked: {
      type: "array",
      items: { type: "string" },
      default: LOCKED,
      description:
        "Tags that a container may name whose image was loaded out of an archive: `up` compares it with `images.lock.json`. Default: those that the lock has.",
    },
  },
  broken: ({ reference, loaded }, { locked }) =>
    !/@sha256:[0-9a-f]{64}$/.test(reference) && !(loaded && isTag(reference, locked)),
});

const REGISTRIES = [
  ...new Set(Object.values(IMAGES).map(({ repository }) => registryOf(repository))),
];

export const imageRegistry = rule<{ registries: readonly string[] }>({
  name: "image-registry",
  description: "An image comes from a registry that is allowed.",
  options: {
    registries: {
      type: "array",
      items: { type: "string" },
      default: REGISTRIES,
      description: "Hosts of the registries, a mirror's too.",
    },
  },
  broken: ({ reference }, { registries }) => !registries.includes(registryOf(reference)),
});
