import { changedLeaves, arrow, byKey, code, type Compared, type Section } from "./section";

const isCa = (name: string) => /^(root|services|applications)-g\d+/.test(name);

/** What certificates say, and the CA. A leaf that is issued anew alone restarts nothing. */
export function certificatesSection({ before, after, changes = [] }: Compared): Section {
  const { came, went, stayed } = byKey(
    before.summary.certificates,
    after.summary.certificates,
    ({ name }) => name,
  );
  const authority = changes.filter(({ type, name }) => type.startsWith("tls:") && isCa(name));
  const issued = changes.filter(
    ({ type, name, fate }) =>
      type === "tls:index/locallySignedCert:LocallySignedCert" &&
      fate === "replaced" &&
      !isCa(name),
  );
  const specified = stayed.flatMap(([was, is]) =>
    changedLeaves(was, is).map(
      ([path, one, other]) => `- ${code(is.name)}: ${path} ${arrow(one, other)}`,
    ),
  );
  const lines = [
    ...(authority.length > 0
      ? [
          `- **The CA changes** (${[...new Set(authority.map(({ name, fate }) => `${code(name)} ${fate}`))].join(", ")}): ` +
            "every application needs `npm run env` again",
        ]
      : []),
    ...came.map(({ name }) => `- New: ${code(name)}`),
    ...went.map(({ name }) => `- Gone: ${code(name)}`),
    ...specified,
    ...(issued.length > 0
      ? [`- Issued anew, in place: ${issued.map(({ name }) => code(name)).join(", ")}`]
      : []),
  ];
  return { title: "Certificates", lines: lines.length > 0 ? lines : ["No change."] };
}
