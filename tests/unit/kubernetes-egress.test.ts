import { isRange, isWithin, METADATA_RANGES } from "../../config/addresses";
import { UNREADABLE } from "../../config/types";
import { manifestsOnCluster, workloadsOnCluster } from "../helpers/kubernetes-manifests";
import { OUTSIDE } from "../helpers/outside-options";
import { policyEdges, type Policy } from "../helpers/policy-edges";

const policiesOf = (options: object): Policy[] =>
  manifestsOnCluster(options).filter(({ kind }) => kind === "NetworkPolicy");

/** Where the policies let go out of the stack. */
const outside = (policies: Policy[]) =>
  [...policyEdges(policies, "egress")].filter((edge) => /-> (namespace|[\da-f:.]+\/)/.test(edge));

const anywhere = (who: string, ...ports: (number | string)[]) =>
  ["0.0.0.0/0", "::/0"].flatMap((range) => ports.map((port) => `${who} -> ${range}:${port}`));

test("by default any address is dialled, at the ports of the options' URLs alone", () => {
  expect(outside(policiesOf(OUTSIDE)).sort()).toEqual(
    [
      ...anywhere("tempo", 443),
      "loki -> namespace storage:any",
      ...anywhere("alertmanager", 443, 8443, 9443),
      "alertmanager -> namespace chat:any",
      ...anywhere("grafana", 443, 6443),
      ...anywhere("collector", 4317),
      "prometheus -> 10.1.2.3/32:9100",
      ...anywhere("prometheus", 9101, 8080),
      ...anywhere("till", "any"),
    ].sort(),
  );
});

test("options name the addresses, by what is dialled", () => {
  const egress = {
    objectStorage: ["198.51.100.0/24"],
    alertReceivers: ["203.0.113.8/32", "2001:db8::/32"],
    identityProvider: ["10.0.0.1/32"],
    extraReceivers: ["10.0.0.2/32"],
    scrapeTargets: ["10.0.0.3/32"],
    applications: ["10.0.0.4/32"],
  };
  expect(outside(policiesOf({ ...OUTSIDE, kubernetes: { egress } })).sort()).toEqual(
    [
      "tempo -> 198.51.100.0/24:443",
      // Where it stands in the options, it needs no range.
      "loki -> namespace storage:any",
      "alertmanager -> 203.0.113.8/32:443",
      "alertmanager -> 203.0.113.8/32:8443",
      "alertmanager -> 203.0.113.8/32:9443",
      "alertmanager -> 2001:db8::/32:443",
      "alertmanager -> 2001:db8::/32:8443",
      "alertmanager -> 2001:db8::/32:9443",
      "alertmanager -> namespace chat:any",
      "grafana -> 10.0.0.1/32:443",
      "grafana -> 10.0.0.1/32:6443",
      "collector -> 10.0.0.2/32:4317",
      "prometheus -> 10.1.2.3/32:9100",
      "prometheus -> 10.0.0.3/32:9101",
      "prometheus -> 10.0.0.3/32:8080",
      "till -> 10.0.0.4/32:any",
    ].sort(),
  );
});

test("without anything outside nothing leads out, and an application is scraped where it runs", () => {
  expect(outside(policiesOf({}))).toEqual([]);
  const policies = policiesOf({ apps: [OUTSIDE.apps[1]] });
  expect(policyEdges(policies, "egress")).toContain("prometheus -> till:9000");
  expect(policyEdges(policies, "ingress")).toContain("prometheus -> till:9000");
});

test("of a secret address no more is told than its port", () => {
  const text = JSON.stringify(workloadsOnCluster(OUTSIDE).map(({ dials }) => dials));
  for (const part of ["hooks.example.org", "192.0.2.7", "T0KEN"]) expect(text).not.toContain(part);
});

test("an address that cannot be read without the passphrase may have any port", () => {
  const alerts = { receivers: [{ name: "chat", url: UNREADABLE }] };
  expect(outside(policiesOf({ alerts }))).toEqual(anywhere("alertmanager", "any"));
  // The rest of its kind cannot make it narrower.
  const both = { receivers: [...alerts.receivers, { name: "ops", url: "https://a.example.org/" }] };
  expect(outside(policiesOf({ alerts: both }))).toEqual(anywhere("alertmanager", "any"));
});

test("what is opened has no address at which a cloud hands out credentials", () => {
  const blocks = JSON.stringify(
    policiesOf(OUTSIDE).filter(({ metadata }) => metadata.name === "tempo"),
  );
  for (const range of METADATA_RANGES) expect(blocks).toContain(`"${range}"`);
  const kubernetes = { egress: { objectStorage: ["168.0.0.0/8", "fd00::/8"] } };
  const [{ spec }] = policiesOf({ ...OUTSIDE, kubernetes }).filter(
    ({ metadata }) => metadata.name === "tempo",
  );
  expect(spec.egress).toContainEqual({
    to: [
      { ipBlock: { cidr: "168.0.0.0/8", except: ["168.63.129.16/32"] } },
      {
        ipBlock: {
          cidr: "fd00::/8",
          except: ["fd00:ec2::/32", "fd20:ce::254/128", "fd00:c1::a9fe:a9fe/128"],
        },
      },
    ],
    ports: [{ protocol: "TCP", port: 443 }],
  });
});

test("a further DNS server is asked at the port of DNS alone", () => {
  const kubernetes = { egress: { dns: ["169.254.20.10/32"] } };
  for (const { metadata, spec } of policiesOf({ kubernetes })) {
    const [rule] = (spec.egress ?? []) as { to: object[]; ports: object[] }[];
    if (rule === undefined) {
      expect(["deny-all", "qdrant", "alertmanager"]).toContain(metadata.name);
      continue;
    }
    expect(rule.to).toContainEqual({ ipBlock: { cidr: "169.254.20.10/32" } });
    expect(rule.ports).toEqual([
      { protocol: "UDP", port: 53 },
      { protocol: "TCP", port: 53 },
    ]);
  }
});

test.each([
  [{ objectStorage: ["10.0.0.0"] }, "objectStorage[0]: expected a range of addresses"],
  [{ objectStorage: ["10.0.0.0/33"] }, "objectStorage[0]: expected a range of addresses"],
  [{ extraReceivers: ["2001:db8::/129"] }, "extraReceivers[0]: expected a range of addresses"],
  [{ applications: ["s3.example.org/24"] }, "applications[0]: expected a range of addresses"],
  [{ scrapeTargets: ["169.254.169.254/32"] }, "in 169.254.0.0/16 clouds hand out"],
  [{ alertReceivers: ["fd00:ec2::254/128"] }, "in fd00:ec2::/32 clouds hand out"],
])("%j is refused", (egress, message) => {
  expect(() => policiesOf({ kubernetes: { egress } })).toThrow(message);
});

test.each([
  ["10.1.0.0/16", "10.0.0.0/8", true],
  ["10.0.0.0/8", "10.1.0.0/16", false],
  ["10.0.0.0/8", "10.0.0.0/8", true],
  ["::1/128", "0.0.0.0/0", false],
  ["2001:db8::1/128", "2001:db8::/32", true],
  ["192.0.2.1/32", "::/0", false],
])("%s within %s: %s", (inner, outer, expected) => {
  expect(isRange(inner) && isRange(outer)).toBe(true);
  expect(isWithin(inner, outer)).toBe(expected);
});
