import { call, type Address } from "../verification/client";

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

/** Whether Grafana lets somebody in with a password. @throws {Error} if it answers anything else. */
export async function isLetIn(address: Address, user: string, password: string): Promise<boolean> {
  const { status } = await call(address, { path: "/api/user", headers: basic(user, password) });
  if (status === 200 || status === 401) return status === 200;
  throw new Error(`Grafana answered ${status} to a login; see its log.`);
}

/**
 * Makes a user of Grafana have another password: it keeps that in its database, and takes the one
 * that it is started with for an empty database alone. Done already, it is left.
 *
 * @throws {Error} if it takes neither, or refuses the change.
 */
export async function changePassword(
  address: Address,
  user: string,
  { old, next }: { old: string; next: string },
): Promise<void> {
  if (await isLetIn(address, user, next)) return;
  const { status } = await call(address, {
    method: "PUT",
    path: "/api/user/password",
    headers: { ...basic(user, old), "content-type": "application/json" },
    body: JSON.stringify({ oldPassword: old, newPassword: next, confirmNew: next }),
  });
  if (status === 200) return;
  throw new Error(
    status === 401
      ? "Grafana takes neither the old password nor the new one: somebody changed it there. Set it with `grafana cli admin reset-admin-password` to what `npm run env -- --operator` says, then run this again."
      : `Grafana answered ${status} to the change of its password; see its log.`,
  );
}
