import type { StackConfig } from "../../../config/parse";
import { badBelow } from "../../grafana/dashboards/fields";

const bytes = (state: string) =>
  `sum(system_filesystem_usage_bytes{job="collector", state="${state}"})`;

/** The file system of the volumes, as users other than root see it. */
export const DISK = {
  used: bytes("used"),
  free: bytes("free"),
  freeShare: `${bytes("free")} / (${bytes("used")} + ${bytes("free")})`,
} as const;

/** Left below what the alerts call full. */
export const diskLeft = ({ alerts: { disk } }: StackConfig) =>
  badBelow(1 - disk.warning, 1 - disk.critical);
