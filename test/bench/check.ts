/**
 * How long `check` takes for 96 cells, each of another capacity, so that nothing is judged once for all, on a protocol
 * of 500 steps that cycles with holds and rests. Prints one line per figure with its bound.
 *
 *   npm run -s build && node dist/test/bench/check.js [--json]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ALL_POSITIONS } from "../../protocols/base/position.ts";
import { checkCampaign } from "../../protocols/campaign/check-campaign.ts";
import { loadCampaign } from "../../tui/load-campaign.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";

const BOUND_S = 2;
const STEPS = 500;
const CYCLE = [
  "{ step: open_circuit_voltage, until_time_s: 600 }",
  "{ step: constant_current, rate_C: C/2, until_voltage_V: 4.2, until_time_s: 10800 }",
  "{ step: constant_voltage, voltage_V: 4.2, until_rate_C: C/20, until_time_s: 7200 }",
  "{ step: open_circuit_voltage, until_time_s: 600 }",
  "{ step: constant_current, rate_C: D/2, until_voltage_V: 2.8, until_time_s: 10800 }",
] as const;

const { values } = parseArgs({ options: { json: { type: "boolean" } } });
const context = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const shipped = join(packageRoot().folder, "protocols/campaigns/formation-day.yaml");
const method = Array.from({ length: STEPS }, (_, index) => `  - ${CYCLE[index % CYCLE.length] ?? ""}`);
const protocolText = [
  "record: { time_s: 10 }",
  "safety: { max_voltage_V: 4.25, min_voltage_V: 2.5 }",
  "method:",
  ...method,
].join("\n");
const overrides = ALL_POSITIONS.map(
  (position, index) => `      ${position}: { nominal_capacity_mAh: ${(3.9 + 0.004 * index).toFixed(3)} }`,
);
const text = readFileSync(shipped, "utf8").replace(
  /max_current_mA: 1, min_current_mA: -1/,
  "max_current_mA: 9, min_current_mA: -9",
);
const cellsAt = text.indexOf("\ncells:");
const campaignText = [
  text.slice(0, cellsAt),
  "cells:",
  "  - positions: A1..H12",
  "    barcode: B-{position}",
  "    electrolyte: LP57",
  "    overrides:",
  ...overrides,
  text.slice(text.indexOf("\npresets:")),
].join("\n");

const startedMs = context.clock.monoMs();
const loaded = loadCampaign(
  {
    attenuationTables: () => context.attenuationTables(),
    readText: (path) => {
      if (path === shipped) return campaignText;
      return path.endsWith("lno-formation-day.yaml") ? protocolText : context.readText(path);
    },
  },
  shipped,
);
if (loaded.kind === "refused") throw new Error(loaded.findings.map((finding) => finding.what).join("\n"));
const { campaign, site, document } = loaded;
const loadedMs = context.clock.monoMs();
const check = checkCampaign(campaign, site, context.attenuationTables(), document);
const endedMs = context.clock.monoMs();

const kinds = check.forecast.protocols.length;
const steps = check.forecast.protocols.reduce((sum, protocol) => sum + protocol.steps.length, 0);
if (kinds !== ALL_POSITIONS.length || steps !== kinds * STEPS) throw new Error(`${kinds} kinds, ${steps} steps`);
const figures = {
  cells: campaign.cells.length,
  steps: STEPS,
  load_s: (loadedMs - startedMs) / 1000,
  check_s: (endedMs - loadedMs) / 1000,
  total_s: (endedMs - startedMs) / 1000,
  bound_s: BOUND_S,
};
if (values.json === true) context.print(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) context.print(`${name.padEnd(12)} ${value.toPrecision(4)}`);
