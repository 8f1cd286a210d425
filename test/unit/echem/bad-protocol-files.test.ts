import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isFault } from "../../../protocols/base/fault.ts";
import type { Finding } from "../../../protocols/base/finding.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../../protocols/input/document.ts";
import { checkCommand } from "../../../tui/commands/check.ts";
import { protocolCommand } from "../../../tui/commands/protocol.ts";
import { loadProtocol } from "../../../tui/load-protocol.ts";
import { createNodeContext } from "../../../tui/rim/node-context.ts";
import type { Output } from "../../../tui/rim/output.ts";
import { readTextFile } from "../../../tui/rim/text-file.ts";

const HEAD = "record: { time_s: 1 }\nmethod:\n";
const CHARGE = "  - { step: constant_current, rate_C: 1, until_voltage_V: 4, until_time_s: 7200 }\n";

function findingsOf(text: string): readonly Finding[] {
  const document = parseDocument(text, "p.yaml");
  const { protocol, findings } = readProtocol(document, [], "p");
  expect(protocol === undefined || document.findings.length > 0).toBe(true);
  return [...document.findings, ...findings];
}

/** Step `line 3`, with a text or a number that is none in one of its fields. */
const withCurrent = (value: string): string =>
  `${HEAD}  - { step: constant_current, current_mA: ${value}, until_time_s: 5 }\n`;
const loop = (to: string): string => `  - { step: loop, loop_to: ${to}, cycle_count: 2 }\n`;
const tag = (name: string): string => `  - { step: tag, tag: ${name} }\n`;

type Case = readonly [what: string, text: string, code: string, where: string, said: RegExp, advice: RegExp];

const CASES: readonly Case[] = [
  [
    "a unit beside a number",
    withCurrent("0.5 mA"),
    "file.schema",
    "p.yaml:3 method[0].current_mA",
    /"0\.5 mA"/,
    /key's name/,
  ],
  ["another unit", withCurrent("5e-4A"), "file.schema", "p.yaml:3 method[0].current_mA", /"5e-4A"/, /key's name/],
  [
    "a word for a number",
    withCurrent("half"),
    "file.schema",
    "p.yaml:3 method[0].current_mA",
    /"half"/,
    /^Give a number/,
  ],
  ["no number", withCurrent(".nan"), "file.not-a-number", "p.yaml:3 method[0].current_mA", /\.nan/, /finite/],
  ["NaN by another name", withCurrent("NaN"), "file.schema", "p.yaml:3 method[0].current_mA", /"NaN"/, /Give a number/],
  ["an infinite number", withCurrent("-.inf"), "file.not-a-number", "p.yaml:3 method[0].current_mA", /inf/, /finite/],
  [
    "a number too large for any",
    withCurrent("1e999"),
    "file.not-a-number",
    "p.yaml:3 method[0].current_mA",
    /1e999/,
    /finite/,
  ],
  [
    "a number of more digits than a message holds",
    withCurrent("9".repeat(400)),
    "file.not-a-number",
    "p.yaml:3 method[0].current_mA",
    /^9{77}\.\.\. is/,
    /finite/,
  ],
  [
    "a tag without a name",
    `${HEAD}${CHARGE}${tag('""')}`,
    "file.schema",
    "p.yaml:4 method[1].tag",
    /""/,
    /^Give at least 1 character\.$/,
  ],
  [
    "a loop to a later step",
    `${HEAD}${CHARGE}${loop("3")}${CHARGE}`,
    "protocol.loop",
    "p.yaml:4 method[1].loop_to",
    /step 3/,
    /two steps/,
  ],
  [
    "loops in loops without end",
    `${HEAD}${CHARGE}${CHARGE}${"  - { step: loop, loop_to: 1, cycle_count: 1000000 }\n".repeat(3)}`,
    "protocol.too-long",
    "p.yaml:6 method[3].cycle_count",
    /2\.00e\+12 steps/,
    /multiply/,
  ],
  [
    "a loop to a tag further down",
    `${HEAD}${CHARGE}${loop("a")}${tag("a")}`,
    "protocol.loop",
    "p.yaml:4 method[1].loop_to",
    /forward/,
    /earlier/,
  ],
  [
    "a loop to an unknown tag",
    `${HEAD}${tag("cycling")}${CHARGE}${loop("cyclin")}`,
    "protocol.loop",
    "p.yaml:5 method[2].loop_to",
    /no tag cyclin/,
    /Did you mean cycling\?/,
  ],
  [
    "loops that cross",
    `${HEAD}${tag("a")}${CHARGE}${tag("b")}${CHARGE}${loop("a")}${loop("b")}`,
    "protocol.loop",
    "p.yaml:8 method[5].loop_to",
    /ends outside/,
    /inside the other/,
  ],
  [
    "a tag twice",
    `${HEAD}${tag("a")}${CHARGE}${tag("a")}`,
    "protocol.duplicate-tag",
    "p.yaml:5 method[2].tag",
    /tag a is given twice/,
    /once/,
  ],
  [
    "passes in part",
    `${HEAD}${CHARGE}${CHARGE}  - { step: loop, cycle_count: 2.5 }\n`,
    "file.schema",
    "p.yaml:5 method[2].cycle_count",
    /2\.5/,
    /whole number/,
  ],
  [
    "half a point",
    `${HEAD}  - { step: impedance_spectroscopy, amplitude_V: 0.01, start_frequency_Hz: 100, end_frequency_Hz: 1, points_per_decade: 2.5 }\n`,
    "file.schema",
    "p.yaml:3 method[0].points_per_decade",
    /2\.5/,
    /whole number/,
  ],
  ["an empty block", `safety:\n${HEAD}${CHARGE}`, "file.schema", "p.yaml:1 safety", /null/, /mapping/],
  [
    "a merge key",
    `${HEAD}  - &a { step: open_circuit_voltage, until_time_s: 5 }\n  - { <<: *a, id: b }\n`,
    "file.unknown-key",
    "p.yaml:4 method[1].<<",
    /merge keys/,
    /Write the merged keys out/,
  ],
  [
    "a key twice",
    `${HEAD}  - { step: open_circuit_voltage, until_time_s: 5, until_time_s: 6 }\n`,
    "file.duplicate-key",
    "p.yaml:3 method[0].until_time_s",
    /given twice/,
    /once/,
  ],
  ["an anchor that is not there", `${HEAD}  - *nowhere\n`, "file.syntax", "p.yaml:3 method[0]", /&nowhere/, /anchor/],
];

describe("a protocol file is refused, with path, value and advice,", () => {
  it.each(CASES)("for %s", (_what, text, code, where, said, advice) => {
    const found = findingsOf(text).find((finding) => finding.code === code);
    expect(found?.where).toBe(where);
    expect(found?.what).toMatch(said);
    expect(found?.advice).toMatch(advice);
  });
});

/** Each would cost seconds to minutes, or the whole memory, to a reader that takes it as it comes. */
const BURDENS: readonly (readonly [what: string, text: () => string, code: string, said: RegExp])[] = [
  ["5 million characters", () => HEAD + CHARGE.repeat(60_000), "file.too-large", /characters/],
  ["a million brackets", () => "[".repeat(1_000_000), "file.syntax", /nested more than 64/],
  ["a million braces", () => "{a: ".repeat(1_000_000), "file.syntax", /nested more than 64/],
  [
    "brackets in JSON that is well formed",
    () => `${'{"a":['.repeat(100_000)}${"]}".repeat(100_000)}`,
    "file.syntax",
    /nested more than 64/,
  ],
  ["blocks in blocks", () => "- ".repeat(100_000), "file.syntax", /nested too deeply/],
  ["65 levels and no more", () => `method: ${"[".repeat(65)}${"]".repeat(65)}`, "file.syntax", /nested more than 64/],
  [
    "aliases of aliases",
    () =>
      Array.from(
        { length: 30 },
        (_, level) => `k${level}: &a${level} [${level === 0 ? "1" : `*a${level - 1}, `.repeat(9)}]\n`,
      ).join(""),
    "file.syntax",
    /more than 1000 aliases/,
  ],
  [
    "1001 aliases far from their anchor",
    () => `a: &a 1\nb:\n${"  - [1, 2, 3, 4]\n".repeat(20_000)}c:\n${"  - *a\n".repeat(1001)}`,
    "file.syntax",
    /more than 1000 aliases/,
  ],
  ["an alias of itself", () => `method: &a [*a]\n`, "file.syntax", /nested|aliases|anchor/],
  [
    "50,000 keys",
    () => Array.from({ length: 50_000 }, (_, index) => `k${index}: 1\n`).join(""),
    "file.unknown-key",
    /unknown key k0/,
  ],
  ["one key 50,000 times", () => "a: 1\n".repeat(50_000), "file.duplicate-key", /given twice/],
  [
    "a quote that never ends",
    () => `${HEAD}  - "${"\\x".repeat(500_000)}`,
    "file.syntax",
    /a text of 1000001 characters/,
  ],
  ["50,000 numbers that are none", () => `method: [${".nan, ".repeat(50_000)}]`, "file.not-a-number", /nan/],
  ["20,000 steps", () => HEAD + "  - {step: tag, tag: a}\n".repeat(20_000), "protocol.invalid", /a list of 20000/],
  [
    "4,000 loops to 4,000 tags that are not there",
    () =>
      JSON.stringify({
        record: { time_s: 1 },
        method: Array.from({ length: 8000 }, (_, index) =>
          index < 4000 ? { step: "tag", tag: `t${index}` } : { step: "loop", loop_to: `x${index}`, cycle_count: 2 },
        ),
      }),
    "protocol.loop",
    /no tag x4000/,
  ],
];

describe("a file that is a burden is refused within seconds", () => {
  it.each(BURDENS)("%s", (_what, text, code, said) => {
    const cpu = process.cpuUsage();
    const found = findingsOf(text());
    const spentS = process.cpuUsage(cpu).user / 1e6;
    const told = found.find((finding) => finding.code === code && said.test(finding.what));
    expect(told?.where, JSON.stringify(found.slice(0, 3))).toMatch(/^p\.yaml/);
    expect(told?.advice).not.toBe("");
    // Some tenths of a second alone; a reader with a square in it takes ten times as long and more.
    expect(spentS).toBeLessThan(8);
  });

  it("and says no more than a person would read of one mapping", () => {
    expect(findingsOf(Array.from({ length: 5000 }, (_, index) => `k${index}: 1\n`).join("")).length).toBeLessThan(60);
    expect(findingsOf("a: 1\n".repeat(5000)).length).toBeLessThan(60);
  });
});

describe("an alias", () => {
  it("stands for the last anchor of its name before it, also where what holds it is repeated", () => {
    const text = "a: &a 1\nb: &b [*a, &c 3]\nc: &a 2\nd: *a\ne: *b\nf: &c 4\ng: *b\nh: *c\n";
    const { value, findings } = parseDocument(text, "p.yaml");
    expect(findings).toEqual([]);
    expect(value).toEqual({ a: 1, b: [1, 3], c: 2, d: 2, e: [1, 3], f: 4, g: [1, 3], h: 4 });
    expect(value).toEqual(parse(text));
  });
});

describe("experiment strings that are a burden are refused within seconds", () => {
  it.each([
    [
      "50,000 of them",
      "Rest for 1 hour (5 second period)\n".repeat(50_000),
      /50000 experiment strings/,
      /at most 10000/,
    ],
    ["5 million characters", "Rest for 1 hour\n".repeat(320_000), /5120000 characters/, /At most 4194304/],
    ["words without end", `Charge at ${"1 until for or ".repeat(50_000)}`, /is no experiment step/, /Write such as/],
  ])("%s", (_what, text, said, advice) => {
    const cpu = process.cpuUsage();
    const { protocol, findings } = loadProtocol({ readText: () => text }, "steps.txt");
    expect(process.cpuUsage(cpu).user / 1e6).toBeLessThan(5);
    expect(protocol).toBeUndefined();
    expect(findings[0]?.where).toMatch(/^steps\.txt(:1)?$/);
    expect(findings[0]?.what).toMatch(said);
    expect(findings[0]?.advice).toMatch(advice);
  });
});

describe("files on disk", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "beamrack-protocols-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function file(name: string, content: string | Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  const TEXT = `# 5 \u00b5A\n${HEAD}${CHARGE}`;

  it.each([
    ["UTF-8", Buffer.from(TEXT)],
    ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${TEXT}`)],
    ["UTF-8 with the line ends of another system", Buffer.from(TEXT.replaceAll("\n", "\r\n"))],
  ])("are read in %s", (_name, bytes) => {
    const loaded = loadProtocol({ readText: readTextFile }, file("good.yaml", bytes));
    expect(loaded.findings).toEqual([]);
    expect(loaded.protocol?.steps).toHaveLength(1);
  });

  it.each([
    ["UTF-16 with a mark", Buffer.from(`\ufeff${TEXT}`, "utf16le"), /UTF-16/],
    ["UTF-16 the other way round", Buffer.from(`\ufeff${TEXT}`, "utf16le").swap16(), /UTF-16/],
    ["UTF-16 without a mark", Buffer.from(`${HEAD}${CHARGE}`, "utf16le"), /UTF-16/],
    ["Latin-1", Buffer.from(`${HEAD}${TEXT}`, "latin1"), /not UTF-8 text.*line 3/],
  ])("are refused in %s, and it is said what they look like", (_name, bytes, said) => {
    const path = file("bad.yaml", bytes);
    try {
      readTextFile(path);
      expect.unreachable();
    } catch (error) {
      if (!isFault(error)) throw error;
      expect(error.code).toBe("file.not-text");
      expect(error.message).toMatch(said);
    }
  });

  async function refused(act: "protocol" | "check", path: string): Promise<string> {
    const said = { out: "", err: "" };
    const output = (name: "out" | "err"): Output => ({
      isTerminal: false,
      colour: false,
      columns: () => 80,
      write: (part) => {
        said[name] += part;
      },
      flush: () => Promise.resolve(),
      trouble: null,
    });
    const context = createNodeContext({ json: false, out: output("out"), err: output("err") });
    let exit: number | undefined;
    try {
      exit = await (act === "check" ? checkCommand(context, [path]) : protocolCommand(context, ["check", path]));
    } catch (error) {
      if (!isFault(error)) throw error;
      // The entry prints it, and ends with 2 for what is refused.
      exit = error.severity === "refuse" ? 2 : 1;
      said.err += `${error.where}: ${error.message} ${error.advice}`;
    }
    expect(exit).toBe(2);
    return said.err;
  }

  it.each(["protocol", "check"] as const)("of 100 MB are refused by %s for their size, unread", async (act) => {
    const path = file("large.yaml", HEAD);
    truncateSync(path, 100_000_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(await refused(act, path)).toMatch(
      /large\.yaml: the file has 100000000 bytes; at most 67108864 are read .*Is this/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
  });

  it.each(["protocol", "check"] as const)("with an alias bomb are refused by %s", async (act) => {
    const bomb = BURDENS.find(([what]) => what === "aliases of aliases")?.[1]() ?? "";
    expect(await refused(act, file("bomb.yaml", bomb))).toMatch(/bomb\.yaml:\d+ .*more than 1000 aliases/);
  });

  it("with units and a loop astray are refused by protocol, all that is wrong at once", async () => {
    const said = await refused("protocol", file("units.yaml", withCurrent("0.5 mA") + loop("nowhere")));
    expect(said).toMatch(/units\.yaml:3 method\[0\]\.current_mA/);
    expect(said).toMatch(/units\.yaml:4 method\[1\]\.loop_to/);
    expect(said).toMatch(/The unit stands in the key's name/);
  });
});
