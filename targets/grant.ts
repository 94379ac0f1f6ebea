import type { SecretName } from "../components/stack/secrets";
import type { Layout } from "./layout";
import type { Edge } from "./workload";

/**
 * What an application is given that the stack does not run, where the target can leave it beside
 * that application. Plain data, as a Workload is: keys and secrets are named in it.
 */
export interface Grant {
  /** Name of the application. */
  name: string;
  /** Namespace of its pods. Default: the stack's own. */
  namespace?: string;
  /** Directory in its container in which it finds `files`. */
  directory: string;
  files: GrantedFile[];
  /**
   * Its environment variables; never a secret.
   *
   * @param peer `host:port` of a listener, as the application dials it.
   */
  env: (peer: Layout["peer"]) => Record<string, string>;
  /** Connections that it makes. */
  dials: Edge[];
}

/** A file of the directory, refreshed in place when what it holds is renewed. */
export interface GrantedFile {
  name: string;
  content:
    | { kind: "root" }
    | { kind: "certificate" | "key"; certificate: string }
    | { kind: "secret"; secret: SecretName };
}
