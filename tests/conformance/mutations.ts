import { parse, stringify } from "yaml";
import type { CertificateSpec } from "../../components/pki/certificate-spec";
import { editFiles, type Mutation, type Places } from "../helpers/process-stack";
import type { ServiceName } from "../../config/services";

/**
 * Faults that stacks of this kind have had, as changes of the documents or certificates that the
 * real servers are started with. A test that does not go red on them proves nothing.
 */

type Document = Record<string, unknown>;

/** Changes a service's YAML document by hand-written code; each change must find what it changes. */
function editDocument(
  service: ServiceName,
  file: string,
  edit: (document: Document, places: Places) => void,
): Mutation {
  return editFiles(service, ({ path, content }, places) => {
    if (!path.endsWith(`/${file}`)) return { path, content };
    const document = parse(content) as Document;
    const before = stringify(document, { aliasDuplicateObjects: false });
    edit(document, places);
    const after = stringify(document, { aliasDuplicateObjects: false });
    if (after === before) throw new Error(`the mutation changed nothing in ${file}`);
    return { path, content: after };
  });
}

/** Calls `edit` on every object in a document that has the key. */
function each(value: unknown, key: string, edit: (holder: Document) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (key in value) edit(value as Document);
  Object.values(value).forEach((inner) => each(inner, key, edit));
}

const drop = (document: unknown, key: string) =>
  each(document, key, (holder) => {
    delete holder[key];
  });

/** What Tempo presents when it dials itself, without the use that a client needs. */
const serverOnly: Partial<CertificateSpec> = { uses: ["digital_signature", "server_auth"] };
/** A certificate that carries the short name alone, as one for a service's DNS name does. */
const nameOnly = (name: string): Partial<CertificateSpec> => ({
  dnsNames: [name],
  ipAddresses: [],
});

/** A fault: what differs in the documents and in the certificates. */
export interface Fault {
  mutate?: Mutation;
  certificates?: Readonly<Record<string, Partial<CertificateSpec>>>;
}

/** Tempo serves TLS, and its own clients dial in plaintext. */
export const tempoServerTlsWithoutClientTls: Fault = {
  mutate: editDocument("tempo", "tempo.yaml", (document) => {
    each(document, "tls_enabled", (client) => {
      for (const key of Object.keys(client)) if (key.startsWith("tls_")) delete client[key];
    });
  }),
};

/** Tempo's certificate may serve and may not dial. */
export const tempoCertificateWithoutClientUse: Fault = { certificates: { tempo: serverOnly } };

/** Tempo dials an address that its certificate does not carry, without saying which name it wants. */
export const tempoWithoutServerName: Fault = {
  mutate: editDocument("tempo", "tempo.yaml", (document) => drop(document, "tls_server_name")),
  certificates: { tempo: nameOnly("tempo") },
};

/** Tempo's own clients verify the servers against another root. */
export const tempoClientsTrustAnotherCa: Fault = {
  mutate: editDocument("tempo", "tempo.yaml", (document, { foreignTrust }) =>
    each(document, "tls_ca_path", (client) => {
      client.tls_ca_path = `${foreignTrust}/root.crt`;
    }),
  ),
};

/** Tempo takes spans, reports success and discards all but one trace. */
export const tempoDiscardsAtLimit: Fault = {
  mutate: editDocument("tempo", "tempo.yaml", (document) =>
    each(document, "max_traces_per_user", (ingestion) => {
      ingestion.max_traces_per_user = 1;
    }),
  ),
};

/** Tempo takes spans and is ready, and its querier cannot reach what holds them. */
export const tempoReadyButNotStoring: Fault = {
  mutate: editDocument("tempo", "tempo.yaml", (document) => {
    document.live_store_client = {};
  }),
};

/** Loki's distributor dials the ingester of its ring in plaintext. */
export const lokiRingInPlaintext: Fault = {
  mutate: editDocument("loki", "loki.yaml", (document) => {
    document.ingester_client = {};
  }),
};
