import type Docker from "dockerode";
import type { LockedImage } from "../../config/images-lock";

/** An image as a Docker daemon is to have it. */
export interface LocalImage {
  /** Its name there, with a tag. */
  name: string;
  /** What it has to be, where that is locked. */
  locked?: LockedImage;
}

/** Everything that a daemon may call a locked image by, whatever keeps its images. */
function idsOf({ digest, platforms }: LockedImage): string[] {
  return [digest, ...Object.values(platforms).flatMap((one) => [one.id, one.digest])];
}

/** What a daemon lacks of these images, and which are there with another content. */
export async function lookOnHost(
  docker: Docker,
  images: readonly LocalImage[],
): Promise<{ missing: string[]; other: string[] }> {
  const missing: string[] = [];
  const other: string[] = [];
  for (const { name, locked } of images) {
    try {
      const { Id, RepoDigests } = await docker.getImage(name).inspect();
      if (locked === undefined) continue;
      const known = [
        Id,
        ...((RepoDigests as string[] | null) ?? []).map((one) => one.replace(/^.*@/, "")),
      ];
      if (!idsOf(locked).some((id) => known.includes(id))) other.push(`${name} (it is ${Id})`);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
      missing.push(name);
    }
  }
  return { missing, other };
}
