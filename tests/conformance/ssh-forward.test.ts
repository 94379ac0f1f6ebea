import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { withForwards } from "../../components/verification/forward";
import { verificationExpectations } from "../../components/verification/target";
import type { VerificationTarget } from "../../components/verification/target";
import { parseConfig } from "../../config/parse";
import { startSshd, type LocalSshd } from "../helpers/local-sshd";
import { isListening } from "../helpers/ports";
import { describeWith } from "../helpers/skip";

const config = parseConfig({}, { stack: "dev", environment: {} });

function body(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`http://${address}/`, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
    }).on("error", reject);
  });
}

type Login = Parameters<LocalSshd["options"]>[0] & { more?: string[] };

describeWith(["sshd"], "a Docker host behind ssh", () => {
  let sshd: LocalSshd;
  let service: Server;

  function target({ more = [], ...login }: Login = {}) {
    const published = `127.0.0.1:${(service.address() as AddressInfo).port}`;
    return {
      ...verificationExpectations(config),
      endpoints: { tempo: { http: published }, loki: { http: published } },
      tls: { root: "" },
      application: { certificate: "", key: "" },
      operator: { certificate: "", key: "" },
      remote: {
        kind: "ssh",
        sshDestination: sshd.address,
        sshOptions: [...sshd.options(login), ...more],
      },
    } satisfies VerificationTarget;
  }

  beforeAll(async () => {
    sshd = await startSshd();
    service = createServer((_, response) => response.end("the service"));
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  }, 30_000);

  afterAll(() => {
    sshd?.stop();
    service?.close();
  });

  test("its ports are forwarded while the work lasts, and closed then", async () => {
    const given = target();
    let local = "";
    const seen = await withForwards(given, async ({ endpoints }) => {
      local = endpoints.tempo?.http ?? "";
      expect(endpoints.loki?.http).toBe(local);
      return body(local);
    });
    expect(seen).toBe("the service");
    expect(local).not.toBe(given.endpoints.tempo.http);
    const localPort = Number(local.split(":")[1]);
    for (let tries = 0; tries < 40 && (await isListening(localPort)); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await isListening(localPort)).toBe(false);
  }, 30_000);

  test("forwards are closed when the work fails", async () => {
    await expect(
      withForwards(target(), () => Promise.reject(new Error("the work failed"))),
    ).rejects.toThrow("the work failed");
  }, 30_000);

  test.each<[string, Login]>([
    ["an unknown host key", { knownHosts: "none" }],
    [
      "an unknown host key, even where the user's options would take it",
      { knownHosts: "none", more: ["-o", "StrictHostKeyChecking=no"] },
    ],
    ["a key that the host does not know", { key: "stranger" }],
  ])(
    "%s is an error, and nothing is done",
    async (_, login) => {
      const work = jest.fn(() => Promise.resolve());
      await expect(withForwards(target(login), work)).rejects.toThrow(
        /ssh could not open the forwards/,
      );
      expect(work).not.toHaveBeenCalled();
    },
    30_000,
  );
});
