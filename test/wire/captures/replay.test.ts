import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CaptureRecord } from "../../../drivers/link/capture-link.ts";
import { CONVERSATIONS, replayed, type Conversation } from "../../support/captured-conversations.ts";
import { readCapture } from "../../support/replay-link.ts";

const FOLDER = new URL("../../fixtures/captures/", import.meta.url).pathname;

const captureOf = (family: string): readonly CaptureRecord[] => readCapture(`${FOLDER}${family}.jsonl`);

const besideOf = ({ family, beside }: Conversation): readonly CaptureRecord[] =>
  beside === undefined ? [] : captureOf(`${family}.beside`);

describe.each(CONVERSATIONS)("a captured conversation with $family", (conversation) => {
  const { family } = conversation;

  it("is held again by today's driver, byte for byte, and comes to the same", async () => {
    const { result, deviation, remaining } = await replayed(conversation, captureOf(family), besideOf(conversation));
    expect(deviation).toBeUndefined();
    expect(remaining).toEqual([]);
    expect(result).toEqual(JSON.parse(readFileSync(`${FOLDER}${family}.result.json`, "utf8")));
  });

  it("fails to replay when the driver ought to have sent something else", async () => {
    const records = captureOf(family);
    const last = records.findLastIndex((record) => record.dir === "out" && record.hex !== null);
    const altered = records.map((record, index) =>
      index === last ? { ...record, hex: `${record.hex?.slice(0, -2) ?? ""}5f` } : record,
    );
    const { deviation } = await replayed(conversation, altered, besideOf(conversation));
    expect(deviation).toMatch(new RegExp(`^line ${last + 1}: .* was written where the capture has `));
  });

  it("fails to replay when the driver stops short of what was captured", async () => {
    const records = captureOf(family);
    const more: CaptureRecord = { t_ms: 1e9, dir: "out", hex: "3f", text: "?" };
    const { deviation, remaining } = await replayed(
      conversation,
      [...records.slice(0, -1), more],
      besideOf(conversation),
    );
    expect([deviation ?? "", ...remaining.map(({ text }) => text)].join()).toContain("?");
  });
});

describe("capturing", () => {
  it("leaves the logins out", () => {
    const withheld = CONVERSATIONS.flatMap(({ family }) =>
      captureOf(family).flatMap((record) => (record.hex === null ? [`${family}: ${record.text}`] : [])),
    );
    expect(withheld).toEqual(["neware-bts: a login", "mqtt-sensor: CONNECT, which may carry a password"]);
    for (const { family } of CONVERSATIONS) {
      expect(readFileSync(`${FOLDER}${family}.jsonl`, "utf8")).not.toMatch(/<password>/);
    }
  });
});
