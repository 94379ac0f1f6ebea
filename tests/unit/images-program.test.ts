import * as pulumi from "@pulumi/pulumi";
import { requireLocked } from "../../components/stack/require-locked";
import { lockComplaint } from "../../components/stack/unlocked-images";
import { configOf, record } from "../helpers/mocks";

describe("the program, where images are not locked", () => {
  const warn = jest.spyOn(pulumi.log, "warn");
  beforeEach(() => warn.mockResolvedValue());

  const images = { requireLock: true };

  test("makes nothing of a stack that requires the lock", async () => {
    const refused = new pulumi.RunError(lockComplaint(configOf({ images })));
    await record(() => expect(() => requireLocked(configOf({ images }))).toThrow(refused));
    expect(warn).not.toHaveBeenCalled();
  });

  test("warns in a preview, and goes on", async () => {
    await record(() => requireLocked(configOf({ images })), { preview: true });
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/not:\n[^]*`up` would refuse them\.$/)],
    ]);
  });

  test("says nothing of a stack that takes any", async () => {
    await record(() => requireLocked(configOf()));
    expect(warn).not.toHaveBeenCalled();
  });
});
