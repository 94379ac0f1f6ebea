import { parse } from "yaml";
import { alertmanagerWorkload } from "../../components/alertmanager/config";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";
import { PRIVATE_CA } from "../helpers/private-ca";

const URL = "https://hooks.example.org/T0KEN";
const webhook = (rest: object = {}) => ({ alerts: { webhook: { url: URL, ...rest } } });
const workload = (options?: unknown) => alertmanagerWorkload(contextOf("alertmanager", options));

describe("Alertmanager", () => {
  test("is as reviewed", () => {
    expectGolden("alertmanager.txt", workloadText(workload()));
  });

  test("with a webhook behind a private CA is as reviewed", () => {
    expectGolden("alertmanager-webhook.txt", workloadText(workload(webhook({ ca: PRIVATE_CA }))));
  });

  test("sends every alert to the one receiver that there is", () => {
    for (const [options, receiver] of [
      [{}, "nobody"],
      [webhook(), "webhook"],
    ] as const) {
      const document = parse(documentOf(workload(options), "alertmanager.yml")) as {
        route: { receiver: string };
        receivers: { name: string }[];
      };
      expect(document.route.receiver).toBe(receiver);
      expect(document.receivers.map(({ name }) => name)).toEqual([receiver]);
    }
  });

  test("holds the webhook's address in a secret file alone", () => {
    const { files, secretFiles, args, env } = workload(webhook());
    expect(JSON.stringify([files, args, env])).not.toContain("T0KEN");
    expect(secretFiles.map(({ secrets }) => secrets)).toEqual([["alertWebhookUrl"]]);
    expect(documentOf(workload(webhook()), "alertmanager.yml")).toContain(secretFiles[0].path);
  });

  test("opens no gossip port", () => {
    expect(workload().args).toContain("--cluster.listen-address=");
  });
});
