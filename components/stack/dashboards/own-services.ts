import { labelVariable } from "../../grafana/dashboards/variables";
import { ENVIRONMENT_LABEL, RECORDED } from "../../prometheus/metric-names";

/** Whatever is scraped or pushed in the chosen environment, of the chosen services. */
export const CHOSEN_JOBS = `job=~"$service", ${ENVIRONMENT_LABEL}=~"$environment"`;

/** Of a series that the stack's rules record: they have no environment. */
export const ofChosenJobs = (recorded: string): string => `${recorded}{job=~"$service"}`;

/** What has a limit of the stack, and the applications that report what they take. */
const TELLING = `{__name__=~"${RECORDED.memoryLimit}|process_memory_bytes"}`;

/** Variables of a dashboard about the services of the stack. */
export const ownServiceVariables = () => [
  labelVariable("up", ENVIRONMENT_LABEL, {
    name: "environment",
    label: "Environment",
    description: "Environment of what is scraped.",
  }),
  labelVariable(TELLING, "job", {
    name: "service",
    label: "Service",
    description: "Service of the stack, or an application that tells what it takes.",
  }),
];
