/** PromQL of what a store tells of its own volume: one value without labels each. */
export interface StoreFigures {
  /** Bytes that it has there. */
  used: string;
  /**
   * Bytes a second that it writes to keep them, over `WRITTEN_WINDOW`. Left out where a size bounds
   * what it holds.
   */
  written?: string;
}

/** Long enough for stores that write in batches of up to an hour or two. */
export const WRITTEN_WINDOW = 6 * 3600;
