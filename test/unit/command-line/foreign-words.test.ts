/** What files that others wrote may do to the terminal of whoever looks at them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { plainJson, plainLines } from "../../../tui/progress/number-text.ts";
import { commandLineHere } from "../../support/command-line-here.ts";

const folder = mkdtempSync(join(tmpdir(), "beamrack-words-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** All control characters but the line's end. */
const STEERING = /(?!\n)\p{Cc}/u;

it("a protocol or campaign with escape sequences for keys is refused in letters alone", async () => {
  const protocol = join(folder, "protocol.json");
  const step = { step: "open_circuit_voltage", until_time_s: 10, "\u001b[2J\u009b5m": 1 };
  writeFileSync(protocol, JSON.stringify({ unicycler: { version: "0.4.4" }, sample: {}, record: {}, method: [step] }));
  const campaign = join(folder, "campaign.yaml");
  writeFileSync(campaign, 'campaign: x\n"\\e]0;owned\\a": 1\ncells: []\n');
  for (const args of [
    ["protocol", "check", protocol],
    ["check", campaign],
  ]) {
    const { exitCode, out, err } = await commandLineHere(args);
    expect(exitCode).toBe(2);
    expect(err).toContain("unknown key");
    expect(out + err).not.toMatch(STEERING);
  }
});

it("lines and tabs of a file that is printed stay, and JSON stays what it means", () => {
  expect(plainLines("a\tb\r\nc\nd\re\u001b[31m\u009b5m")).toBe("a\tb\r\nc\nd?e?[31m?5m");
  const value = { title: "\u007f \u009b5m \u001b[2J" };
  const text = plainJson(JSON.stringify(value));
  expect(text).not.toMatch(STEERING);
  expect(JSON.parse(text)).toEqual(value);
});
