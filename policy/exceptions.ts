import { IMAGES } from "../config/images";
import { SERVICES, type ServiceName } from "../config/services";

/**
 * What a service of the stack may do that others may not, each by name and with its reason.
 */

/**
 * Listeners, by their rows in the connection table, that ask for no client certificate: browsers have
 * none. They are named here too, so that a changed row alone opens nothing.
 */
export const WITHOUT_CLIENT_CERTIFICATE: readonly string[] = ["grafana.https"];

/** Services whose process is user 0: as the table of images has it, and nothing else does. */
export const RUN_AS_ROOT: readonly ServiceName[] = SERVICES.filter(
  (service) => IMAGES[service].user.uid === 0,
);

/** Services that read directories of the host: the log files of containers are nowhere else. */
export const READ_HOST_DIRECTORIES: readonly ServiceName[] = ["log-agent"];

/** Services that Docker cannot ask: their image has nothing that could be run to ask them. */
export const NOT_ASKED_BY_DOCKER: readonly ServiceName[] = SERVICES.filter(
  (service) => IMAGES[service].repository === IMAGES.collector.repository,
);

/** Services that the kubelet cannot ask: they have no listener that it could dial. */
export const NOT_ASKED_BY_KUBELET: readonly ServiceName[] = ["log-agent"];

/**
 * The resource of the namespace for what reads directories of its node, which Pod Security's
 * `restricted` does not let in. Nothing else may run there, and no claim is in it.
 */
export const NODES_NAMESPACE = "nodes-namespace";

/** Capability of the helpers that set owners in a fresh volume, for only root may. */
export const HELPERS_CAPABILITY = "CAP_CHOWN";
