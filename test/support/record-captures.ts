/**
 * Writes test/fixtures/captures: one conversation with each simulated instrument, and what came of it. For a new
 * family, or after a change of what a driver sends that is meant:
 * node --import tsx test/support/record-captures.ts [FAMILY ...]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import type { CaptureRecord } from "../../drivers/link/capture-link.ts";
import { captured, CONVERSATIONS } from "./captured-conversations.ts";

const folder = "test/fixtures/captures";
mkdirSync(folder, { recursive: true });
const wanted = process.argv.slice(2);
for (const conversation of CONVERSATIONS) {
  if (wanted.length > 0 && !wanted.includes(conversation.family)) continue;
  const { records, beside, result } = await captured(conversation);
  const lines = (from: readonly CaptureRecord[]): string =>
    from.map((record) => `${JSON.stringify(record)}\n`).join("");
  writeFileSync(`${folder}/${conversation.family}.jsonl`, lines(records));
  if (beside.length > 0) writeFileSync(`${folder}/${conversation.family}.beside.jsonl`, lines(beside));
  writeFileSync(`${folder}/${conversation.family}.result.json`, `${JSON.stringify(result, null, 2)}\n`);
}
