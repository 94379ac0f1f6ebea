import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { localName } from "../../config/images-lock";
import type { Scope } from "./scope";

/** The images of a stack, each pulled once. */
export class Images {
  readonly #pulled = new Map<string, docker.RemoteImage>();

  constructor(
    private readonly scope: Scope,
    private readonly pull: boolean,
  ) {}

  /** What a container's `image` is: the id of the pulled image, or the name of one that is there. */
  of(reference: string): pulumi.Input<string> {
    if (!this.pull) return localName(reference);
    const known = this.#pulled.get(reference);
    if (known) return known.imageId;
    const { parent, provider } = this.scope;
    const image = new docker.RemoteImage(
      reference,
      // Kept: another stack or an older container may use it.
      { name: reference, keepLocally: true },
      { parent, provider },
    );
    this.#pulled.set(reference, image);
    return image.imageId;
  }
}
