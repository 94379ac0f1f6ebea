import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { lockImages, type WantedImage } from "../../commands/images/lock";
import { RegistryError } from "../../commands/images/registry-error";
import { wantedImages } from "../../commands/images/scope";
import { lockComplaint, unlockedImages } from "../../components/stack/unlocked-images";
import { imageOf, IMAGES } from "../../config/images";
import {
  formatLock,
  localName,
  parseLock,
  type ImageEntry,
  type ImagesLock,
  type LockedImage,
} from "../../config/images-lock";
import { LOCK_FILE, readLock } from "../../config/images-lock-file";
import { parseConfig } from "../../config/parse";

const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;

/** An image of the table, as if it had been looked up. */
function locked(service: keyof typeof IMAGES, letter: string): LockedImage {
  const { repository, tag, licence, source } = IMAGES[service];
  const one = { digest: digestOf("d"), id: digestOf("e"), size: 1_500_000 };
  const platforms = { "linux/arm64": one, "linux/amd64": { ...one, size: 7 } };
  return { repository, tag, licence, source, digest: digestOf(letter), platforms };
}

/** An image of the table that nobody could look at. */
function open(service: keyof typeof IMAGES, reason: string): ImageEntry {
  const { repository, tag, licence, source } = IMAGES[service];
  return { repository, tag, licence, source, digest: null, reason };
}

const lockOf = (...images: ImagesLock["images"]): ImagesLock => ({ version: 1, images });

const configOf = (imagesLock: ImagesLock, options: object = {}) =>
  parseConfig(options, { stack: "dev", environment: {}, imagesLock });

describe("images.lock.json", () => {
  const text = fs.readFileSync(LOCK_FILE, "utf8");
  const lock = parseLock(text);

  test("has every image of this version, and no other", () => {
    const known = lock.images.map(({ repository, tag, licence, source }) => ({
      ...{ repository, tag, licence, source },
    }));
    expect(known).toEqual(wantedImages());
  });

  test("stands in the order in which it is always written", () => {
    expect(formatLock(lock)).toBe(text);
    expect(formatLock({ ...lock, images: [...lock.images].reverse() })).toBe(text);
  });
});

describe("a lock", () => {
  test("is the same text whatever the order of images, platforms and keys", () => {
    const [tempo, loki] = [locked("tempo", "a"), locked("loki", "b")];
    const turned = Object.fromEntries(
      Object.entries({
        ...tempo,
        platforms: Object.fromEntries(Object.entries(tempo.platforms).reverse()),
      }).reverse(),
    ) as unknown as LockedImage;
    const written = formatLock(lockOf(loki, turned));
    expect(written).toBe(formatLock(lockOf(tempo, loki)));
    expect(parseLock(written)).toEqual(lockOf(loki, tempo));
  });

  const { platforms, ...withoutPlatforms } = locked("tempo", "a");
  test.each([
    ["no JSON", "<<<<<<< HEAD", /it is no JSON/],
    ["another version", JSON.stringify({ version: 2, images: [] }), /^version: /],
    [
      "a digest that is none",
      lockOf({ ...locked("tempo", "a"), digest: "sha256:1" }),
      /^images\.0/,
    ],
    ["a digest without platforms", lockOf(withoutPlatforms as LockedImage), /^images\.0/],
    [
      "a platform that nothing of the stack runs on",
      lockOf({
        ...withoutPlatforms,
        platforms: { "windows/amd64": platforms["linux/amd64"] },
      }),
      /^images\.0/,
    ],
    [
      "null without a reason",
      lockOf({ ...withoutPlatforms, digest: null } as unknown as LockedImage),
      /^images\.0: expected an image with digests, or with null and a reason$/,
    ],
  ])("with %s is refused", (_, lock, message) => {
    const text = typeof lock === "string" ? lock : JSON.stringify(lock);
    expect(() => parseLock(text)).toThrow(message);
  });

  test("whose file is broken says what to do; one without a file locks nothing", () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-lock-")), "a.json");
    expect(readLock(file)).toEqual(lockOf());
    fs.writeFileSync(file, "{}");
    expect(() => readLock(file)).toThrow(/a\.json is no lock .*\n.*npm run images -- lock/);
    fs.rmSync(path.dirname(file), { recursive: true });
  });
});

describe("an image's reference", () => {
  const lock = lockOf(locked("tempo", "a"));

  test("ends with the digest where the lock has one, at a mirror too", () => {
    expect(imageOf(configOf(lock), "tempo")).toBe(`docker.io/grafana/tempo:3.0.3@${digestOf("a")}`);
    expect(imageOf(configOf(lock, { images: { registry: "r.example/m/" } }), "tempo")).toBe(
      `r.example/m/grafana/tempo:3.0.3@${digestOf("a")}`,
    );
    expect(imageOf(configOf(lock), "loki")).toBe("docker.io/grafana/loki:3.7.6");
  });

  test("takes no digest of another tag, nor one for an override", () => {
    const old = lockOf({ ...locked("tempo", "a"), tag: "3.0.2" });
    expect(imageOf(configOf(old), "tempo")).toBe("docker.io/grafana/tempo:3.0.3");
    const overrides = { tempo: "r.example/tempo:mine" };
    expect(imageOf(configOf(lock, { images: { overrides } }), "tempo")).toBe(overrides.tempo);
  });

  test("is the name with its tag on a host that does not pull", () => {
    expect(localName(`127.0.0.1:5000/a/b:1.0@${digestOf("a")}`)).toBe("127.0.0.1:5000/a/b:1.0");
    const untagged = `127.0.0.1:5000/a/b@${digestOf("a")}`;
    expect(localName(untagged)).toBe(untagged);
    expect(localName("a/b:1")).toBe("a/b:1");
  });
});

describe("a stack that requires the lock", () => {
  const services = Object.keys(IMAGES) as (keyof typeof IMAGES)[];
  const whole = lockOf(...services.map((service) => locked(service, "a")));
  const requiring = (lock: ImagesLock, options: Record<string, object> = {}) =>
    lockComplaint(configOf(lock, { ...options, images: { requireLock: true, ...options.images } }));

  test("takes what is locked, and names what is not with the reason", () => {
    expect(requiring(whole)).toBeUndefined();
    const others = whole.images.filter(({ repository }) => !/tempo/.test(repository));
    expect(requiring(lockOf(...others, open("tempo", "it rained")))).toBe(
      [
        'Stack "dev" takes locked images only (images.requireLock), and these are not:',
        "  docker.io/grafana/tempo:3.0.3 (tempo): it rained",
        "Lock them: npm run images -- lock (docs/images.md).",
      ].join("\n"),
    );
  });

  test("takes an override and an application's image with a digest only", () => {
    const of = (image: string) => requiring(whole, { images: { overrides: { tempo: image } } });
    expect(of(`mine@${digestOf("a")}`)).toBeUndefined();
    expect(of("mine:1")).toMatch(/mine:1 \(tempo\): images\.overrides\.tempo names it without/);
    const app = (image: string) => requiring(whole, { apps: [{ name: "shop", image }] as never });
    expect(app(`shop:1@${digestOf("a")}`)).toBeUndefined();
    expect(app("shop:1")).toMatch(/shop:1 \(shop\): apps names it without a digest/);
    expect(app("shop:1@sha256:abc")).toMatch(/shop:1@sha256:abc \(shop\)/);
  });

  test("leaves alone what is switched off, and a stack that requires nothing", () => {
    const others = whole.images.filter(({ repository }) => !/jaeger/.test(repository));
    expect(requiring(lockOf(...others), { jaeger: { enabled: false } })).toBeUndefined();
    expect(requiring(lockOf(...others))).toMatch(/jaeger/);
    expect(lockComplaint(configOf(lockOf()))).toBeUndefined();
    expect(unlockedImages(configOf(lockOf())).length).toBeGreaterThan(5);
  });

  test("names an image that several services run once", () => {
    const logs = { enabled: true, directory: "/var/lib/docker/containers" };
    const lines = requiring(lockOf(), { containerLogs: logs })!.split("\n");
    const collector = lines.filter((line) => line.includes("opentelemetry-collector"));
    expect(collector).toEqual([expect.stringContaining("(collector, log-agent)")]);
  });
});

describe("locking", () => {
  const wanted: WantedImage[] = wantedImages().filter(({ repository }) =>
    /tempo|loki/.test(repository),
  );
  const found = ({ digest, platforms }: LockedImage) => ({ digest, platforms });
  const unreachable = () => Promise.reject(new RegistryError("the registry does not answer"));

  test("takes what the registries say, and says what moved", async () => {
    const old = lockOf(locked("loki", "0"), { ...locked("tempo", "0"), tag: "1.0" });
    const { lock, outcomes } = await lockImages(wanted, old, () =>
      Promise.resolve(found(locked("tempo", "a"))),
    );
    expect(lock.images.map(({ digest }) => digest)).toEqual([digestOf("a"), digestOf("a")]);
    expect(outcomes.map(({ ok, words }) => [ok, words])).toEqual([
      [
        true,
        `docker.io/grafana/loki:3.7.6 ${digestOf("a")} (the tag moved; it was ${digestOf("0")}): linux/amd64 1 MB, linux/arm64 2 MB`,
      ],
      [true, `docker.io/grafana/tempo:3.0.3 ${digestOf("a")}: linux/amd64 1 MB, linux/arm64 2 MB`],
    ]);
  });

  test("keeps what is known of this tag, and makes nothing up where a registry is away", async () => {
    const old = lockOf(locked("loki", "b"), { ...locked("tempo", "c"), tag: "1.0" });
    const { lock, outcomes } = await lockImages(wanted, old, unreachable);
    expect(lock.images).toEqual([
      locked("loki", "b"),
      open("tempo", "the registry does not answer"),
    ]);
    expect(outcomes).toEqual([
      {
        ok: false,
        words: "docker.io/grafana/loki:3.7.6 stays as it was: the registry does not answer",
      },
      {
        ok: false,
        words: "docker.io/grafana/tempo:3.0.3 not locked: the registry does not answer",
      },
    ]);
  });

  test("hides no fault of its own", async () => {
    const broken = () => Promise.reject(new TypeError("a slip"));
    await expect(lockImages(wanted, lockOf(), broken)).rejects.toThrow("a slip");
  });
});
