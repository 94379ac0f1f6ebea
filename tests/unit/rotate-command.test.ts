import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { rotateCa, replaceCa, type Surroundings } from "../../commands/rotate/ca";
import { JournalFile, type Journal } from "../../commands/rotate/journal";
import {
  chosenSecrets,
  rotateSecrets,
  type SecretSurroundings,
  type Values,
} from "../../commands/rotate/secrets";
import { withGenerations } from "../../commands/rotate/stack-file-edit";
import { changePassword } from "../../components/grafana/password";
import type { Generations } from "../../components/pki/generations";
import { selfSigned } from "../helpers/self-signed";

const IDENTITY = { certificate: "CERTIFICATE OF BEFORE", key: "KEY" };

/** A stack of which only the generations and what was done to it are known. */
class Rehearsal implements Surroundings {
  readonly stack = "dev";
  outside: string[] = [];
  own = { ca: false, nextCa: false };
  file: Generations = { generation: 1 };
  state: Generations | undefined = { generation: 1 };
  kept: Journal = {};
  /** What was done, in order. */
  done: string[] = [];
  texts: string[] = [];
  answer: boolean | undefined;
  /** Steps whose `up` fails, or is killed. */
  failing = new Map<string, "fails" | "is killed">();
  stillServing: string[] = [];
  wanted = () => this.file;
  deployed = () => Promise.resolve(this.state);
  write = (generations: Generations) => void (this.file = generations);
  deploy = ({ compromised }: { compromised: boolean }) => {
    const what = `${compromised ? "compromised " : ""}up ${JSON.stringify(Object.values(this.file))}`;
    this.done.push(what);
    const failure = this.failing.get(what);
    this.failing.delete(what);
    if (failure === "is killed") throw new Error("killed");
    if (failure === "fails") return Promise.resolve(1);
    this.state = this.file;
    return Promise.resolve(0);
  };
  operator = () => Promise.resolve(IDENTITY);
  settled = () => Promise.resolve(void this.done.push("settled"));
  serving = (before: typeof IDENTITY) => {
    this.done.push(`tried ${before.certificate}`);
    return Promise.resolve(this.stillServing);
  };
  journal = {
    read: () => this.kept,
    write: (change: Partial<Journal>) =>
      void (this.kept = JSON.parse(JSON.stringify({ ...this.kept, ...change })) as Journal),
  };
  ask = (question: string) => {
    this.done.push(`asked ${question}`);
    return Promise.resolve(this.answer);
  };
  say = (text: string) => void this.texts.push(text);
}

const WHOLE = ["up [1,2]", "up [2,1]", "settled", "up [2]", "tried CERTIFICATE OF BEFORE"];

describe("rotate ca", () => {
  let rehearsal: Rehearsal;
  beforeEach(() => {
    rehearsal = new Rehearsal();
  });
  const withoutQuestions = () => rehearsal.done.filter((what) => !what.startsWith("asked"));

  test("goes through the three steps, says each before it is done, and forgets what it kept", async () => {
    await expect(rotateCa(rehearsal)).resolves.toBe(true);
    expect(withoutQuestions()).toEqual(WHOLE);
    expect(rehearsal.file).toEqual({ generation: 2 });
    expect(rehearsal.kept).toEqual({});
    const said = rehearsal.texts.join("\n");
    for (const step of [1, 2, 3]) expect(said).toContain(`Step ${step} of 3`);
  });

  test("does nothing if it is not agreed to", async () => {
    rehearsal.answer = false;
    await expect(rotateCa(rehearsal)).resolves.toBe(false);
    expect(withoutQuestions()).toEqual([]);
    expect(rehearsal.file).toEqual({ generation: 1 });
  });

  test.each(
    ["up [1,2]", "up [2,1]", "up [2]"].flatMap((at) =>
      (["fails", "is killed"] as const).map((how) => [at, how] as const),
    ),
  )("is resumed where %s %s, which is done again", async (at, how) => {
    rehearsal.failing.set(at, how);
    await expect(rotateCa(rehearsal)).rejects.toThrow();
    await expect(rotateCa(rehearsal)).resolves.toBe(true);
    const twice = WHOLE.flatMap((what) => (what === at ? [what, what] : [what]));
    expect(withoutQuestions()).toEqual(twice);
    expect(rehearsal.texts.join("\n")).toMatch(
      /from CA 1 to CA 2 is at step \d of 3\.\nStep \d of 3: [^]+done again/,
    );
    expect(rehearsal.file).toEqual({ generation: 2 });
  });

  test.each<[string, Generations, Generations, string[]]>([
    ["the first step", { generation: 1, alsoTrusted: 2 }, { generation: 1 }, WHOLE],
    [
      "the second",
      { generation: 2, alsoTrusted: 1 },
      { generation: 1, alsoTrusted: 2 },
      WHOLE.slice(1),
    ],
    ["the third", { generation: 2 }, { generation: 2, alsoTrusted: 1 }, ["up [2]"]],
  ])("is resumed elsewhere, from the stack file alone, at %s", async (_, file, state, expected) => {
    Object.assign(rehearsal, { file, state });
    await expect(rotateCa(rehearsal)).resolves.toBe(true);
    expect(withoutQuestions()).toEqual(expected);
    expect(rehearsal.file).toEqual({ generation: 2 });
  });

  test("stops behind a step while somebody outside needs files, and goes on when it is run again", async () => {
    rehearsal.outside = ["shop"];
    await expect(rotateCa(rehearsal)).resolves.toBe(false);
    expect(withoutQuestions()).toEqual(["up [1,2]"]);
    expect(rehearsal.texts.join("\n")).toContain("npm run env -- --app shop");
    await expect(rotateCa(rehearsal)).resolves.toBe(false);
    expect(withoutQuestions()).toEqual(["up [1,2]", "up [2,1]", "settled"]);
    await expect(rotateCa(rehearsal)).resolves.toBe(true);
    expect(withoutQuestions()).toEqual(WHOLE);
  });

  test("does not take a run after an interrupt for the word of owners of applications", async () => {
    rehearsal.outside = ["shop"];
    rehearsal.failing.set("up [1,2]", "is killed");
    await expect(rotateCa(rehearsal)).rejects.toThrow("killed");
    await expect(rotateCa(rehearsal)).resolves.toBe(false);
    expect(withoutQuestions()).toEqual(["up [1,2]", "up [1,2]"]);
  });

  test("waits for nobody with --yes", async () => {
    rehearsal.outside = ["shop"];
    await expect(rotateCa(rehearsal, { yes: true })).resolves.toBe(true);
    expect(rehearsal.done).toEqual(WHOLE);
  });

  test("fails where the old certificate is still taken, and is not done", async () => {
    rehearsal.stillServing = ["tempo http"];
    await expect(rotateCa(rehearsal)).rejects.toThrow(/still served by: tempo http/);
    rehearsal.stillServing = [];
    await expect(rotateCa(rehearsal)).resolves.toBe(true);
    expect(withoutQuestions()).toEqual([...WHOLE, "up [2]", "tried CERTIFICATE OF BEFORE"]);
  });

  test.each<[string, Partial<Rehearsal>, RegExp]>([
    ["a stack that is not up", { state: undefined }, /is not up/],
    ["a CA of the user's without the next", { own: { ca: true, nextCa: false } }, /nextCa/],
    ["an old stack file", { state: { generation: 3 } }, /whoever rotated it/],
  ])("refuses %s", async (_, changes, message) => {
    Object.assign(rehearsal, changes);
    await expect(rotateCa(rehearsal)).rejects.toThrow(message);
    expect(rehearsal.done).toEqual([]);
    expect(rehearsal.file).toEqual({ generation: 1 });
  });

  test("of a compromised CA is one step to one that nobody knows, from any state", async () => {
    rehearsal.file = { generation: 1, alsoTrusted: 2 };
    rehearsal.outside = ["shop"];
    await expect(replaceCa(rehearsal, { yes: true })).resolves.toBe(true);
    expect(rehearsal.done).toEqual([
      "compromised up [3]",
      "settled",
      "tried CERTIFICATE OF BEFORE",
    ]);
    expect(rehearsal.texts[0]).toMatch(/in one step[^]+refused[^]+npm run env -- --app shop/);
  });

  test("of a compromised CA asks first, and is resumed with the same CA", async () => {
    await expect(replaceCa(rehearsal)).rejects.toThrow(/add --yes\. Nothing was changed/);
    expect(rehearsal.file).toEqual({ generation: 1 });
    rehearsal.failing.set("compromised up [2]", "is killed");
    await expect(replaceCa(rehearsal, { yes: true })).rejects.toThrow("killed");
    await expect(rotateCa(rehearsal)).rejects.toThrow(/--compromised/);
    await expect(replaceCa(rehearsal, { yes: true })).resolves.toBe(true);
    expect(rehearsal.file).toEqual({ generation: 2 });
  });
});

describe("the stack file of a rotation", () => {
  const text = "# Mine.\nconfig:\n  tracekeep:target: docker # where\n";
  const certificatesIn = (yaml: string) =>
    (parse(yaml) as { config: Record<string, unknown> }).config["tracekeep:certificates"];

  test("gets the generations, and keeps the rest and its comments", () => {
    const step = withGenerations(text, { generation: 1, alsoTrusted: 2 });
    expect(step).toBe(
      "# Mine.\nconfig:\n  tracekeep:certificates:\n    generation: 1\n    alsoTrusted: 2\n" +
        "  tracekeep:target: docker # where\n",
    );
    const done = withGenerations(step, { generation: 2 });
    expect(done).toBe(step.replace("generation: 1\n    alsoTrusted: 2", "generation: 2"));
  });

  test.each([
    ["is empty", ""],
    ["has no options", "config: {}\n"],
    ["has the group without a value", "config:\n  tracekeep:certificates:\n"],
  ])("gets them where it %s", (_, empty) => {
    expect(certificatesIn(withGenerations(empty, { generation: 2 }))).toEqual({ generation: 2 });
  });

  test.each(["dev", "host", "prod"])(
    "of the stack %s differs in lines of its own alone",
    (stack) => {
      const file = readFileSync(join(__dirname, `../../Pulumi.${stack}.yaml`), "utf8");
      const old = file.split("\n");
      const step = withGenerations(file, { generation: 1, alsoTrusted: 2 }).split("\n");
      const added = step.filter((line) => !old.includes(line)).map((line) => line.trim());
      expect(added.filter((line) => !line.endsWith("certificates:"))).toEqual([
        "generation: 1",
        "alsoTrusted: 2",
      ]);
      expect(old.filter((line) => !step.includes(line))).toEqual([]);
    },
  );

  test("that is all on one line goes through a whole rotation, too", () => {
    const flow =
      "config: { tracekeep:certificates: { lifetime: 60d, ca: { certificate: OLD }, nextCa: { certificate: NEXT } } }\n";
    const middle = withGenerations(flow, { generation: 2, alsoTrusted: 1 });
    const done = withGenerations(middle, { generation: 2 });
    expect([certificatesIn(middle), certificatesIn(done)]).toEqual([
      {
        ...{ lifetime: "60d", generation: 2, alsoTrusted: 1 },
        ...{ ca: { certificate: "OLD" }, nextCa: { certificate: "NEXT" } },
      },
      { lifetime: "60d", generation: 2, ca: { certificate: "NEXT" } },
    ]);
  });

  test("has the user's next CA in the other's place at the end, and not before", () => {
    const own =
      "config:\n  tracekeep:certificates:\n    ca:\n      certificate: OLD\n      privateKey:\n        secure: v1:old\n" +
      "    nextCa:\n      certificate: NEXT\n      privateKey:\n        secure: v1:next\n";
    const middle = withGenerations(own, { generation: 2, alsoTrusted: 1 });
    expect(certificatesIn(middle)).toMatchObject({
      ca: { certificate: "OLD" },
      nextCa: { certificate: "NEXT" },
    });
    expect(certificatesIn(withGenerations(middle, { generation: 2 }))).toEqual({
      generation: 2,
      ca: { certificate: "NEXT", privateKey: { secure: "v1:next" } },
    });
  });
});

test("the journal of a rotation is readable by its user alone, and goes with its end", () => {
  const before = process.env.TRACEKEEP_HOME;
  const directory = mkdtempSync(join(tmpdir(), "tracekeep-"));
  process.env.TRACEKEEP_HOME = directory;
  try {
    const journal = new JournalFile("dev");
    expect(journal.read()).toEqual({});
    journal.write({ ca: { to: 2, done: 1, compromised: false } });
    journal.write({ secrets: { qdrantApiKey: "old" } });
    const file = join(directory, "dev", "rotation.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(new JournalFile("dev").read()).toEqual(JSON.parse(readFileSync(file, "utf8")));
    journal.write({ secrets: undefined });
    journal.write({ ca: undefined });
    expect(() => statSync(file)).toThrow("ENOENT");
  } finally {
    rmSync(directory, { recursive: true });
    if (before === undefined) delete process.env.TRACEKEEP_HOME;
    else process.env.TRACEKEEP_HOME = before;
  }
});

describe("rotate secrets", () => {
  class Secrets implements SecretSurroundings {
    readonly stack = "dev";
    off: string[] = [];
    outside = ["shop"];
    state: Values = { grafanaAdminPassword: "p1", qdrantApiKey: "k1", qdrantReadOnlyKey: "r1" };
    grafana = "p1";
    kept: Journal = {};
    fail: "replace" | "changePassword" | "deploy" | undefined;
    stillOpening: string[] = [];
    asItsFile = true;
    texts: string[] = [];
    runs = (service: string) => !this.off.includes(service);
    isAsItsFile = () => Promise.resolve(this.asItsFile);
    values = () => Promise.resolve({ ...this.state });
    #failing(what: typeof this.fail) {
      const fails = this.fail === what;
      if (fails) this.fail = undefined;
      return fails;
    }
    replace = (names: readonly (keyof Values)[]) => {
      if (this.#failing("replace")) throw new Error("killed");
      for (const name of names) this.state[name] = this.state[name]!.replace("1", "2");
      return Promise.resolve();
    };
    changePassword = (old: string, next: string) => {
      if (this.#failing("changePassword")) throw new Error("killed");
      expect([old, next]).toContain(this.grafana);
      this.grafana = next;
      return Promise.resolve();
    };
    deploy = () => Promise.resolve(this.#failing("deploy") ? 1 : 0);
    opening = () => Promise.resolve(this.stillOpening);
    journal = {
      read: () => this.kept,
      write: (change: Partial<Journal>) =>
        void (this.kept = JSON.parse(JSON.stringify({ ...this.kept, ...change })) as Journal),
    };
    say = (text: string) => void this.texts.push(text);
  }

  test.each(["replace", "changePassword", "deploy", undefined] as const)(
    "makes each anew once, interrupted at: %s",
    async (fail) => {
      const secrets = new Secrets();
      secrets.fail = fail;
      if (fail) await expect(rotateSecrets(secrets, [])).rejects.toThrow();
      await rotateSecrets(secrets, []);
      expect(secrets.state).toEqual({
        grafanaAdminPassword: "p2",
        qdrantApiKey: "k2",
        qdrantReadOnlyKey: "r2",
      });
      expect(secrets.grafana).toBe("p2");
      expect(secrets.kept).toEqual({});
      expect(secrets.texts.join("\n")).not.toMatch(/[pkr][12]\b/);
    },
  );

  test("makes none anew while the stack file asks for something else, too", async () => {
    const secrets = new Secrets();
    secrets.asItsFile = false;
    await expect(rotateSecrets(secrets, [])).rejects.toThrow(
      /not as its file says[^]+Nothing was changed/,
    );
    expect([secrets.state.qdrantApiKey, secrets.kept]).toEqual(["k1", {}]);
  });

  test("goes on after an interrupt, when the stack cannot be as its file says", async () => {
    const secrets = new Secrets();
    secrets.fail = "deploy";
    await expect(rotateSecrets(secrets, [])).rejects.toThrow();
    secrets.asItsFile = false;
    await rotateSecrets(secrets, []);
    expect(secrets.state.qdrantApiKey).toBe("k2");
  });

  test("fails where an old one still opens something", async () => {
    const secrets = new Secrets();
    secrets.stillOpening = ["qdrantApiKey"];
    await expect(rotateSecrets(secrets, [])).rejects.toThrow(
      "Still taken, of before: qdrantApiKey",
    );
  });

  test.each<[string[], string[], string[] | RegExp]>([
    [[], [], ["grafanaAdminPassword", "qdrantApiKey", "qdrantReadOnlyKey"]],
    [[], ["grafana"], ["qdrantApiKey", "qdrantReadOnlyKey"]],
    [["qdrantApiKey"], [], ["qdrantApiKey"]],
    [["qdrantApiKey"], ["qdrant"], /is of qdrant, which is switched off/],
    [["grafanaSecretKey"], [], /cannot be rotated/],
    [["password"], [], /no generated secret "password" \(known: grafanaAdminPassword/],
  ])("of %j with %j off", (names, off, expected) => {
    const chosen = () => chosenSecrets(names, (service) => !off.includes(service));
    if (expected instanceof RegExp) expect(chosen).toThrow(expected);
    else expect(chosen()).toEqual(expected);
  });

  describe("tells Grafana", () => {
    let server: Server;
    let password: string;
    let tls: Awaited<ReturnType<typeof selfSigned>>;
    const address = () => ({
      ...{ host: "127.0.0.1", port: (server.address() as AddressInfo).port },
      ...{ serverName: "grafana", root: tls.certificate },
    });
    beforeAll(async () => {
      tls = await selfSigned("grafana");
      server = createServer({ cert: tls.certificate, key: tls.privateKey }, (request, response) => {
        const login = Buffer.from(request.headers.authorization!.slice(6), "base64").toString();
        const known = login === `admin:${password}`;
        let body = "";
        request.on("data", (chunk: Buffer) => (body += chunk.toString()));
        request.on("end", () => {
          const { url, method } = request;
          if (known && method === "PUT" && url === "/api/user/password") {
            const { oldPassword, newPassword } = JSON.parse(body) as Record<string, string>;
            if (oldPassword === password) password = newPassword;
          }
          response.writeHead(known ? 200 : 401).end();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterAll(() => void server.close());

    test.each(["old", "new"])("its password, be it the %s one now", async (now) => {
      password = now;
      await changePassword(address(), "admin", { old: "old", next: "new" });
      expect(password).toBe("new");
    });

    test("or says that somebody else did", async () => {
      password = "changed by hand";
      const change = changePassword(address(), "admin", { old: "old", next: "new" });
      await expect(change).rejects.toThrow(/takes neither/);
    });
  });
});
