/** Tests of a stack that is up. */
export interface TestsOnStack {
  /** Like `test`; fails at once where the stack did not come up. */
  onStack: (name: string, run: () => Promise<void>, timeout?: number) => void;
  /** To be called when `up` has ended well. */
  cameUp: () => void;
}

/** @param usual milliseconds that a test may take. */
export function testsOnStack(usual: number): TestsOnStack {
  let isUp = false;
  return {
    onStack: (name, run, timeout = usual) =>
      test(
        name,
        async () => {
          if (!isUp) throw new Error("not run: the `up` before it failed");
          await run();
        },
        timeout,
      ),
    cameUp: () => {
      isUp = true;
    },
  };
}
