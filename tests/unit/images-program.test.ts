import * as pulumi from "@pulumi/pulumi";
import { requireLocked } from "../../components/stack/require-locked";
import { lockComplaint } from "../../components/stack/unlocked-images";
import { configOf, record } from "../helpers/mocks";

describe("the program, where images are not locked", () => {
  const warn = jest.spyOn(pulumi.log, "warn");
  beforeEach(() => warn.mockResolvedValue());

  const images = { requireLock: true };

  /** What the program ends with; undefined if it goes on. */
  async function refusal(options: object, preview = false): Promise<unknown> {
    let refused: unknown;
    await record(
      () => {
        try {
          requireLocked(configOf(options));
        } catch (error) {
          refused = error;
        }
      },
      { preview },
    );
    return refused;
  }

  test("makes nothing of a stack that requires the lock", async () => {
    expect(await refusal({ images })).toEqual(
      new pulumi.RunError(lockComplaint(configOf({ images }))),
    );
    expect(warn).not.toHaveBeenCalled();
  });

  test("warns in a preview, and goes on", async () => {
    expect(await refusal({ images }, true)).toBeUndefined();
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/not:\n[^]*`up` would refuse them\.$/)],
    ]);
  });

  test("says nothing of a stack that takes any", async () => {
    expect(await refusal({})).toBeUndefined();
    expect(warn).not.toHaveBeenCalled();
  });
});
