/** Label of a pod, in whatever namespace, that may send to the intake of the stack that it names. */
export const SENDER_LABEL = "tracekeep.io/sends-to";

/** Label of a pod of an application that the stack does not run, with the application's name. */
export const APPLICATION_LABEL = "tracekeep.io/application";
