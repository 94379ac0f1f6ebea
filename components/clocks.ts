/** Seconds by which a sender's clock may be wrong, either way, without a loss: an hour, and some. */
export const CLOCK_ERROR = 4200;

/** Seconds that the collector may take to empty its queue after an outage. */
export const CATCHING_UP = 1800;
