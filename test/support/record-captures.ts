/**
 * Writes test/fixtures/captures: one conversation with each simulated instrument, and what came of it. For a new
 * family, or after a change of what a driver sends that is meant: node --import tsx test/support/record-captures.ts
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { captured, CONVERSATIONS } from "./captured-conversations.ts";

const folder = "test/fixtures/captures";
mkdirSync(folder, { recursive: true });
for (const conversation of CONVERSATIONS) {
  const { records, result } = await captured(conversation);
  writeFileSync(
    `${folder}/${conversation.family}.jsonl`,
    records.map((record) => `${JSON.stringify(record)}\n`).join(""),
  );
  writeFileSync(`${folder}/${conversation.family}.result.json`, `${JSON.stringify(result, null, 2)}\n`);
}
