import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256, type Content } from "./registry";

/** Media types of the two families of images that registries have. */
const TYPES = {
  oci: {
    index: "application/vnd.oci.image.index.v1+json",
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  },
  docker: {
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  },
} as const;

export interface MadePlatform {
  digest: string;
  /** Digest of the configuration. */
  id: string;
  size: number;
}

export interface MadeImage {
  blobs: Buffer[];
  /** The last is what a tag leads to. */
  manifests: Content[];
  digest: string;
  platforms: Record<string, MadePlatform>;
}

const json = (mediaType: string, value: object): Content => ({
  mediaType,
  body: Buffer.from(JSON.stringify(value)),
});

const descriptor = ({ mediaType, body }: Content) => ({
  mediaType,
  digest: sha256(body),
  size: body.length,
});

/** A file system of one file. */
function layerOf(text: string): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "tracekeep-layer-"));
  try {
    writeFileSync(join(directory, "words"), text);
    const { stdout } = spawnSync("tar", ["-cf", "-", "-C", directory, "words"]);
    return stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * An image of these platforms (`linux/amd64`) as its maker would publish it; of one platform without
 * an index. `words` make its content its own.
 */
export function makeImage(
  words: string,
  platforms: readonly string[],
  family: keyof typeof TYPES = "oci",
): MadeImage {
  const types = TYPES[family];
  const made = platforms.map((name) => {
    const [os, architecture, variant] = name.split("/");
    const tar = layerOf(`${words} for ${name}\n`);
    const layer: Content = { mediaType: types.layer, body: gzipSync(tar) };
    const config = json(types.config, {
      ...{ os, architecture, ...(variant && { variant }) },
      config: { Cmd: ["/words"] },
      rootfs: { type: "layers", diff_ids: [sha256(tar)] },
    });
    const manifest = json(types.manifest, {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: descriptor(config),
      layers: [descriptor(layer)],
    });
    return {
      name,
      platform: { os, architecture, ...(variant && { variant }) },
      layer,
      config,
      manifest,
    };
  });
  const index = json(types.index, {
    schemaVersion: 2,
    mediaType: types.index,
    manifests: made.map(({ manifest, platform }) => ({ ...descriptor(manifest), platform })),
  });
  const manifests = [...made.map(({ manifest }) => manifest), ...(made.length > 1 ? [index] : [])];
  return {
    blobs: made.flatMap(({ layer, config }) => [layer.body, config.body]),
    manifests,
    digest: sha256(manifests.at(-1)!.body),
    platforms: Object.fromEntries(
      made.map(({ name, layer, config, manifest }) => [
        name,
        {
          digest: sha256(manifest.body),
          id: sha256(config.body),
          size: layer.body.length + config.body.length + manifest.body.length,
        },
      ]),
    ),
  };
}
