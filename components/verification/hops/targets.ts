import { DIALLED_SERVICES, type DialledService } from "../../../config/services";
import { causeOf, shortText } from "../causes";
import { askJson, type Context } from "../context";
import { HopFailure, poll, type Hop } from "../hop";
import { answersId } from "./answers";

interface Targets {
  data: { activeTargets: { health: string; lastError: string; labels: Record<string, string> }[] };
}

const isService = (job: string): job is DialledService =>
  (DIALLED_SERVICES as readonly string[]).includes(job);

function scrapeHop(context: Context, job: string, outside: boolean): Hop {
  const service = !outside && isService(job) ? job : undefined;
  return {
    id: `prometheus.scrapes.${job}`,
    name: `Prometheus scrapes ${job}`,
    services: ["prometheus", ...(service ? [service] : [])],
    needs: [answersId("prometheus"), ...(service ? [answersId(service)] : [])],
    outside,
    run: () =>
      // Right after its start Prometheus has scraped nothing; an outside target is asked for once.
      poll(
        outside ? Date.now() + 20_000 : context.deadline,
        async () => {
          const { data } = await askJson<Targets>(context, "prometheus", {
            path: "/api/v1/targets?state=active",
          });
          const targets = data.activeTargets.filter(({ labels }) => labels.job === job);
          if (targets.length === 0) {
            throw new HopFailure(`Prometheus has no job "${job}"`, {
              cause: "its scrape configuration does not name it, or was not loaded",
              look: "scrape_configs of prometheus; the log of prometheus",
            });
          }
          const down = targets.find(({ health }) => health !== "up");
          if (!down) return;
          const seen = down.lastError === "" ? "not scraped yet" : shortText(down.lastError);
          throw new HopFailure(`${down.labels.instance} is not up: ${seen}`, {
            cause:
              causeOf(seen, { client: "prometheus", server: job }) ??
              "see what Prometheus says of it",
            look: `Prometheus' page Status → Targets; scrape_configs "${job}"`,
          });
        },
        1000,
      ),
  };
}

/** One hop a scrape job. */
export function targetHops(context: Context): Hop[] {
  const { jobs, outsideJobs } = context.target;
  return [
    ...jobs.map((job) => scrapeHop(context, job, false)),
    ...outsideJobs.map((job) => scrapeHop(context, job, true)),
  ];
}
