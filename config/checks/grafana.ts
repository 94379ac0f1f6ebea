import { UNREADABLE } from "../types";
import type { Check } from "./check";

/**
 * What Grafana makes something else of: it puts the password as it is into one line of settings for
 * the database's client, and before that looks in it for variables, as in all of its settings.
 */
const UNSAFE = /[\s'"\\]|\$(__\w+)?\{|%\(/;

/** A password that reaches the database as it was written. */
export const databasePassword: Check = ({ grafana: { database } }) => {
  const password = database?.password.reveal() ?? UNREADABLE;
  if (password === UNREADABLE || !UNSAFE.test(password)) return [];
  return [
    {
      path: "grafana.database.password",
      message:
        'expected no white space, quotes, backslashes, "${" or "%(": Grafana cannot pass them on',
    },
  ];
};
