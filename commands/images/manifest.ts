import { createHash } from "node:crypto";
import { z } from "zod";

/** Media types of manifests, those of several platforms first: a registry gives the first that it has. */
export const MANIFEST_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;

export const DIGEST = /^sha256:[0-9a-f]{64}$/;

const digest = z.string().regex(DIGEST);
const size = z.int().nonnegative();

const platform = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
});

export type Platform = z.output<typeof platform>;

/** An image of several platforms: one manifest each. */
const imageIndex = z.object({
  schemaVersion: z.literal(2),
  manifests: z.array(z.object({ digest, size, platform: platform.optional() })),
});

const imageManifest = z.object({
  schemaVersion: z.literal(2),
  config: z.object({ digest, size }),
  layers: z.array(z.object({ size })),
});

export const manifestSchema = z.union([imageIndex, imageManifest]);

/** The beginning of an image's configuration, which says what it runs on. */
export const configSchema = platform;

export type ImageManifest = z.output<typeof imageManifest>;

export interface Manifest {
  /** Of the bytes that came, whatever the registry said. */
  digest: string;
  /** Bytes of itself. */
  size: number;
  content: z.output<typeof manifestSchema>;
}

export const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A platform as Docker writes it: `linux/amd64`, `linux/arm/v7`. */
export function platformName({ os, architecture, variant }: Platform): string {
  // The one variant of its architecture says nothing.
  const further = architecture === "arm64" && variant === "v8" ? undefined : variant;
  return [os, architecture, further].filter((part) => part).join("/");
}

/** Bytes that a pull of one platform transfers. */
export function transferSize(size: number, { config, layers }: ImageManifest): number {
  return layers.reduce((sum, layer) => sum + layer.size, size + config.size);
}
