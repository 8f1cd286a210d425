/**
 * A process that takes samples without end and is killed in the middle, again and again: what it had acknowledged must
 * be there, once and in order. Samples carry their number, so that a lost or doubled one shows.
 *
 *   node --import tsx test/crash/record/kill-samples.ts [--kills 50] [--seed 1] [--json]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { ownProcess } from "../../support/own-process.ts";

const CHILD = ownProcess(new URL("./endless-samples.ts", import.meta.url));
export const CHANNELS = 8;

export interface KillReport {
  readonly kills: number;
  /** Numbers of samples a channel that the processes said were durable. */
  readonly acknowledged: number;
  readonly stored: number;
  readonly lost: number;
  readonly doubled: number;
  /** Errors of the audit after each kill. */
  readonly findings: readonly string[];
}

/** Each process goes on with the number after the last one on record. */
export async function killAgainAndAgain(folder: string, kills: number, seed: number): Promise<KillReport> {
  const chance = createChance(seed);
  const findings: string[] = [];
  let acknowledged = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    const child = spawn(process.execPath, [...CHILD, folder], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = 3 + Math.floor(chance.uniform() * 60);
    const afterMs = chance.uniform() * 20;
    let text = "";
    let isDoomed = false;
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      text += chunk;
      if (isDoomed || text.split("\n").length <= lines) return;
      isDoomed = true;
      // At no place of its own choosing: it writes, packs or waits.
      setTimeout(() => child.kill("SIGKILL"), afterMs);
    });
    const [, signal] = (await once(child, "close")) as [number | null, string | null];
    if (signal !== "SIGKILL") findings.push(`kill ${kill}: the process ended by itself`);
    // The last line may be cut; those before it were written after their samples were durable.
    acknowledged = Math.max(acknowledged, Number(text.split("\n").at(-2) ?? 0));
    for (const { severity, where, what } of verifyRecord(folder).findings)
      if (severity === "error") findings.push(`kill ${kill}: ${where} ${what}`);
  }
  return { kills, acknowledged, findings, ...count(folder, acknowledged) };
}

function count(folder: string, acknowledged: number): Pick<KillReport, "stored" | "lost" | "doubled"> {
  const record = openRecord(folder);
  let stored = 0;
  let lost = 0;
  let doubled = 0;
  for (let channel = 0; channel < CHANNELS; channel += 1) {
    const numbers = [...record.samples(channel)].map(({ voltageV }) => Math.round(voltageV * 1e6));
    const known = new Set(numbers);
    stored += numbers.length;
    doubled += numbers.length - known.size;
    for (let number = 1; number <= acknowledged; number += 1) if (!known.has(number)) lost += 1;
  }
  record.close();
  return { stored, lost, doubled };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "50" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean" },
    },
  });
  const place = mkdtempSync(join(tmpdir(), "beamrack-kills-"));
  const report = await killAgainAndAgain(join(place, "record"), Number(values.kills), Number(values.seed));
  rmSync(place, { recursive: true, force: true });
  const { kills, acknowledged, stored, lost, doubled, findings } = report;
  if (values.json === true) console.log(JSON.stringify(report));
  else
    console.log(
      `${kills} kills: ${acknowledged * CHANNELS} samples acknowledged, ${stored} stored, ${lost} of those acknowledged lost (bound 0), ${doubled} twice (bound 0); ${findings.length} errors by the audit (bound 0)`,
    );
  for (const finding of findings) console.log(finding);
  process.exitCode = lost + doubled + findings.length === 0 ? 0 : 3;
}
