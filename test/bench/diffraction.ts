/**
 * How long a powder frame takes: 2,500 points of a working NMC811 cell, from its state to Poisson counts, beside a
 * bare loop over as many points, and the frame as a NeXus file. Prints one line per figure with its bound.
 *
 *   npm run -s build && node dist/test/bench/diffraction.js [--frames 3000] [--json]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseCellDesign } from "../../simulator/cell/cell-design.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { drawTexture, stackOfDesign } from "../../simulator/diffraction/cell-stack.ts";
import { createPatternSource } from "../../simulator/diffraction/pattern-source.ts";
import { parseStructures } from "../../simulator/diffraction/structures.ts";
import { openFrameWriter } from "../../simulator/frames/nexus-frame.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";

const BOUND_MS = 0.3;

const { values } = parseArgs({ options: { frames: { type: "string", default: "3000" }, json: { type: "boolean" } } });
const frames = Number(values.frames);
const context = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});

function table(name: string): unknown {
  return JSON.parse(readFileSync(join(packageRoot().folder, `protocols/data/cells/${name}.json`), "utf8"));
}

const structures = parseStructures(table("structures"));
const source = createPatternSource({ structures, energyKeV: 60, chance: createChance(1) });
const stack = stackOfDesign(structures, parseCellDesign(table("nmc811-graphite-siox")));
const exposure = {
  exposureS: 1,
  fluxPhS: 1e11,
  transmission: 1,
  texture: drawTexture(createChance(1).stream("texture"), structures, stack),
};

/** A cell on charge, another lithium content every time. */
function stateOf(turn: number) {
  const charge = (turn % 590) / 1000;
  return {
    positiveMean: 0.854 - charge,
    positiveSurface: 0.844 - charge,
    negativeMean: 0.026 + 1.5 * charge,
    rateC: 0.1,
  };
}

function millisecondsEach(turns: number, work: (turn: number) => void): number {
  const startedMs = context.clock.monoMs();
  for (let turn = 0; turn < turns; turn += 1) work(turn);
  return (context.clock.monoMs() - startedMs) / turns;
}

const points = source.twoThetaDeg.length;
const bare = new Int32Array(points);
const firstRoundMs = millisecondsEach(590, (turn) => source.pattern(stateOf(turn), exposure));
const bareMs = millisecondsEach(frames, (turn) => {
  for (let point = 0; point < points; point += 1) bare[point] = (bare[point] ?? 0) + turn;
});
const expectedMs = millisecondsEach(frames, (turn) => source.expected(stateOf(turn), exposure));
const patternMs = millisecondsEach(frames, (turn) => source.pattern(stateOf(turn), exposure));
const writer = await openFrameWriter();
const counts = source.pattern(stateOf(0), exposure);
const meta = {
  title: "bench",
  sampleName: "bench",
  startTime: "2026-03-02T08:00:00Z",
  exposureS: 1,
  energyKeV: source.energyKeV,
  wavelengthA: source.wavelengthA,
  fluxPhS: exposure.fluxPhS,
  twoThetaDeg: source.twoThetaDeg,
};
const nexusMs = millisecondsEach(100, () => writer.frameToNexus(meta, counts));

const figures = {
  points,
  frames,
  pattern_ms: patternMs,
  bound_ms: BOUND_MS,
  ratio_to_bound: patternMs / BOUND_MS,
  expected_only_ms: expectedMs,
  first_round_ms: firstRoundMs,
  bare_loop_ms: bareMs,
  pattern_over_bare_loop: patternMs / bareMs,
  nexus_file_ms: nexusMs,
};
if (values.json === true) context.print(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) context.print(`${name.padEnd(26)} ${value.toPrecision(5)}`);
