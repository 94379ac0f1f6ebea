// Transpiled alone: type by type, as the CLI's own loader does it, the pack would start in ten seconds
// in place of two.
require("tsx/cjs");
require("./index.ts");
