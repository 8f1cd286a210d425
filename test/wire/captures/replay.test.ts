import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CaptureRecord } from "../../../drivers/link/capture-link.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";
import { CONVERSATIONS, held, type Conversation } from "../../support/captured-conversations.ts";
import { readCapture, replayLink } from "../../support/replay-link.ts";

const FOLDER = new URL("../../fixtures/captures/", import.meta.url).pathname;

const captureOf = (family: string): readonly CaptureRecord[] => readCapture(`${FOLDER}${family}.jsonl`);

async function replayed(conversation: Conversation, records: readonly CaptureRecord[]) {
  const time = createVirtualTime();
  const replay = replayLink(records, time.clock, conversation.cable);
  const result = await held(conversation, time, () => replay.openLink).catch((error: unknown) => String(error));
  return { result, deviation: replay.deviation(), remaining: replay.remaining() };
}

describe.each(CONVERSATIONS)("a captured conversation with $family", (conversation) => {
  const { family } = conversation;

  it("is held again by today's driver, byte for byte, and comes to the same", async () => {
    const { result, deviation, remaining } = await replayed(conversation, captureOf(family));
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
    const { deviation } = await replayed(conversation, altered);
    expect(deviation).toMatch(new RegExp(`^line ${last + 1}: .* was written where the capture has `));
  });

  it("fails to replay when the driver stops short of what was captured", async () => {
    const records = captureOf(family);
    const more: CaptureRecord = { t_ms: 1e9, dir: "out", hex: "3f", text: "?" };
    const { deviation, remaining } = await replayed(conversation, [...records.slice(0, -1), more]);
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
