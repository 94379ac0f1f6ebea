import type Docker from "dockerode";
import { checkNames, takenNames, type Named } from "../../commands/host-names";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import { parseConfig } from "../../config/parse";
import { dockerTarget } from "../../targets/docker";
import { record } from "../helpers/mocks";

const KINDS: Record<string, Named["kind"]> = {
  "docker:index/container:Container": "container",
  "docker:index/volume:Volume": "volume",
  "docker:index/network:Network": "network",
};

const config = (raw: Record<string, unknown> = {}) =>
  parseConfig(raw, { stack: "dev", environment: {} });

const EVERYTHING = {
  intake: { plaintext: { enabled: true } },
  containerLogs: { enabled: true },
  apps: [{ name: "shop", image: "shop:1", reads: ["tempo"] }],
};

let made: Named[];

beforeAll(async () => {
  const options = config(EVERYTHING);
  const recorded = await record(() => {
    new ObservabilityStack("dev", { config: options, target: dockerTarget(options) });
  });
  made = recorded.flatMap(({ type, inputs }) =>
    type in KINDS ? [{ kind: KINDS[type], name: inputs.name as string }] : [],
  );
}, 120_000);

/** What such a stack makes on its host, as another one finds it. */
const madeBy = (stack: string | undefined, prefix = "tracekeep-dev"): Named[] =>
  made.map(({ kind, name }) => ({ kind, name: name.replace("tracekeep-dev", prefix), stack }));

test("every name that a stack gives is one that another of its prefix finds taken", () => {
  expect(made.length).toBeGreaterThan(50);
  const others = madeBy("other");
  expect(takenNames(config(EVERYTHING), others)).toEqual(others);
  // What is nobody's would be in the way all the same.
  expect(takenNames(config(EVERYTHING), madeBy(undefined))).toEqual(madeBy(undefined));
});

test("what is the stack's own, or of a longer or shorter prefix, is not in the way", () => {
  const near = ["tracekeep-dev-2", "tracekeep", "tracekeep-dev-tempo", "my-tracekeep-dev"];
  const others = near.flatMap((prefix) => madeBy("other", prefix));
  expect(takenNames(config(EVERYTHING), [...madeBy("dev"), ...others])).toEqual([]);
});

describe("before `up`", () => {
  const host = (...there: Named[]) =>
    ({
      listContainers: () =>
        Promise.resolve(
          there.flatMap(({ kind, name, stack }) =>
            kind === "container"
              ? [{ Names: [`/${name}`], Labels: stack ? { "tracekeep.stack": stack } : {} }]
              : [],
          ),
        ),
      listVolumes: () =>
        Promise.resolve({
          Volumes: there.flatMap(({ kind, name, stack }) =>
            kind === "volume"
              ? [{ Name: name, Labels: stack ? { "tracekeep.stack": stack } : null }]
              : [],
          ),
        }),
      listNetworks: () => Promise.resolve([{ Name: "bridge", Labels: {} }]),
    }) as unknown as Docker;
  const said = (docker: Docker, resources?: number) =>
    checkNames(config(), docker, () => Promise.resolve(resources)).then(
      () => "",
      (error: Error) => error.message,
    );

  const kept: Named = { kind: "volume", name: "tracekeep-dev-tempo-data", stack: "other" };
  const running: Named = { kind: "container", name: "tracekeep-dev-tempo", stack: "dev" };

  test("data that another stack has kept is named with it, in one sentence", async () => {
    expect(await said(host(kept))).toBe(
      'The name prefix "tracekeep-dev" of stack "dev" is taken on this Docker host: volume "tracekeep-dev-tempo-data" is stack "other"\'s; nothing was changed.\n' +
        "Give this stack another namePrefix in Pulumi.dev.yaml.",
    );
    expect(await said(host(kept, { ...running, stack: undefined }))).toContain(
      'container "tracekeep-dev-tempo" is none of tracekeep\'s, as 1 more such names are',
    );
  });

  test.each([
    ["of another state", 0, 'A stack "dev" of another state is on this Docker host already'],
    ["of this state", 7, ""],
    ["of a state that does not say how much it has", undefined, ""],
  ])("containers of the stack's own name, %s", async (_, resources, message) => {
    expect(await said(host(running), resources)).toContain(message);
    if (message === "") expect(await said(host(running), resources)).toBe("");
  });

  test("kept data of the stack's own name is gone on with", async () => {
    expect(await said(host({ ...kept, stack: "dev" }), 0)).toBe("");
  });
});
