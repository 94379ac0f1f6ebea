import lock from "../../package-lock.json";

interface Entry {
  version?: string;
  optionalDependencies?: Record<string, string>;
}

const packages = lock.packages as unknown as Record<string, Entry | undefined>;

/** Whether a package that stands at `from` finds `name`, going up as Node does. */
function isLocked(from: string, name: string): boolean {
  for (
    let directory = from;
    ;
    directory = directory.replace(/(^|\/)node_modules\/(?!.*node_modules\/).*$/, "")
  ) {
    const prefix = directory === "" ? "" : `${directory}/`;
    if (packages[`${prefix}node_modules/${name}`]?.version !== undefined) return true;
    if (directory === "") return false;
  }
}

// Where one is missing, `npm ci` refuses the whole lockfile, on every platform.
test("the lockfile holds the optional packages of all platforms", () => {
  const missing = Object.entries(packages).flatMap(([place, entry]) =>
    Object.keys(entry?.optionalDependencies ?? {}).filter((name) => !isLocked(place, name)),
  );
  expect(missing).toEqual([]);
});
