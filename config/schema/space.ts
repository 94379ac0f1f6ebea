import * as o from "../types";

const budget = (what: string) =>
  o.size(`Of ${what}. Default: none, it may fill the disk up to what \`alerts.disk\` tells.`);

export const space = o.section(
  "What each store may take of the Docker host's disk, where volumes have no size. Nothing enforces it: `up`, `npm run space` and alerts compare with it. On Kubernetes the claims say it.",
  {
    tempo: budget("Tempo's volume, with local storage").optional(),
    loki: budget("Loki's volume, with local storage").optional(),
    jaeger: budget("Jaeger's volume").optional(),
  },
);
