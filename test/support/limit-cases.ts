/**
 * Random protocols on random cells, judged by `check` and run on a simulated cell and channel, whatever the judgement:
 * what passes must never trip a limit.
 */
import { CHEMISTRIES, CHEMISTRY_IDS, type ChemistryId } from "../../protocols/campaign/chemistry.ts";
import { buildLibraryProtocol, LIBRARY } from "../../protocols/echem/library/library.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { readProtocol } from "../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../protocols/input/document.ts";
import type { CellLimits } from "../../protocols/roles/channel.ts";
import { createSampleIntake } from "../../controller/cells/sample-intake.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { cellParameters, drawVariation } from "../../simulator/cell/cell-parameters.ts";
import { runProtocol } from "../../simulator/cell/cell-run.ts";
import { createCell, type CellInitial } from "../../simulator/cell/cell.ts";
import { createMeasuredValues } from "../../simulator/cell/measured-values.ts";
import type { Chance } from "../../simulator/plant/plant.ts";
import { load, repositoryText } from "./campaign-files.ts";
import { TABLES } from "./cell-cases.ts";
import { nominalMahOf } from "./forecast-cells.ts";

export interface LimitCase {
  readonly seed: number;
  readonly chemistry: ChemistryId;
  /** Of the library, or `steps` for a sequence at random. */
  readonly kind: string;
  /** As a file has it. */
  readonly protocolText: string;
  readonly safety: Readonly<Record<string, number>>;
  /** The most charge of a step by the protocol; null where it does not say. */
  readonly mostMah: number | null;
  readonly initial: CellInitial;
}

export interface LimitOutcome {
  readonly kind: string;
  /** Codes of the errors `check` refuses it for; empty where it passes. */
  readonly refusedFor: readonly string[];
  /** What the instrument or the controller would take the cell off for; null where nothing is. */
  readonly trip: "limit" | "sample" | "charge" | null;
}

const SAMPLE_S = 10;
/** Cycles of days cost seconds each; what a limit ends shows in the first of them. */
const SHORT: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  formation: { wetting_h: 0.5, cycles: 1 },
  ageing: { cycles_per_block: 2, blocks: 1 },
  "rate-capability": { cycles: 1 },
  storage: { days: 0.1, periods: 1 },
  activation: { cycles: 1 },
};
/** Spectra are not run by the cell alone. */
const NAMES = LIBRARY.map(({ name }) => name).filter((name) => name !== "impedance");

interface Draw {
  number(low: number, high: number): number;
  /** Evenly over the decades. */
  decades(low: number, high: number): number;
  of<T>(list: readonly T[]): T | undefined;
  is(share: number): boolean;
}

function drawFrom(chance: Chance): Draw {
  const number = (low: number, high: number): number => low + (high - low) * chance.uniform();
  return {
    number,
    decades: (low, high) => low * (high / low) ** chance.uniform(),
    of: (list) => list[Math.min(list.length - 1, Math.floor(list.length * chance.uniform()))],
    is: (share) => chance.uniform() < share,
  };
}

const rounded = (value: number, digits = 3): number => Number(value.toFixed(digits));

export function limitCase(seed: number): LimitCase {
  const draw = drawFrom(createChance(seed).stream("case"));
  const chemistry = draw.of(CHEMISTRY_IDS) ?? "lno-graphite";
  const { voltageMinV, voltageMaxV, hardMinV, hardMaxV } = CHEMISTRIES[chemistry];
  const upperV = rounded(draw.is(0.6) ? voltageMaxV : voltageMaxV - draw.number(0, 0.3));
  const lowerV = rounded(draw.is(0.6) ? voltageMinV : voltageMinV + draw.number(0, 0.4));
  const name = draw.is(0.5) ? draw.of(NAMES) : undefined;
  const built = name === undefined ? undefined : library(name, draw, lowerV, upperV);
  const method = built ?? steps(draw, lowerV, upperV);
  const strongest = Math.max(0.1, ...method.map((step) => Math.abs(Number(step["rate_C"] ?? 0))));
  // Steps of voltage alone begin with what the cell gives.
  const room = name === "pitt" ? draw.decades(5, 200) : draw.number(0.95, 4);
  const currentMa = rounded(Math.min(200, nominalMahOf(chemistry) * strongest * room));
  // Cells come as assembled, or nearly empty.
  const initial: CellInitial = draw.is(0.3) ? { pristine: true } : { soc: draw.number(0, 0.06) };
  const safety = {
    max_voltage_V: rounded(Math.min(hardMaxV, upperV + draw.number(-0.005, 0.15))),
    min_voltage_V: rounded(Math.max(hardMinV, lowerV - draw.number(-0.005, 0.6))),
    ...{ max_current_mA: currentMa, min_current_mA: -currentMa },
  };
  const mostMah = draw.is(0.3) ? rounded(nominalMahOf(chemistry) * draw.number(0.3, 1.8)) : null;
  return {
    ...{ seed, chemistry, initial, kind: built === undefined || name === undefined ? "steps" : name, mostMah, safety },
    protocolText: JSON.stringify({
      record: { time_s: SAMPLE_S },
      ...(mostMah === null ? {} : { safety: { max_capacity_mAh: mostMah } }),
      method,
    }),
  };
}

type Step = Readonly<Record<string, unknown>>;

function library(name: string, draw: Draw, lowerV: number, upperV: number): readonly Step[] | undefined {
  const entry = LIBRARY.find((known) => known.name === name);
  const given: Record<string, number> = { ...SHORT[name] };
  for (const { name: key, default: usual } of entry?.parameters ?? []) {
    if (key === "lower_voltage_V") given[key] = lowerV;
    else if (key === "upper_voltage_V") given[key] = upperV;
    else if (key === "storage_voltage_V" || key === "to_voltage_V") given[key] = rounded(upperV - draw.number(0, 0.15));
    else if (key === "from_voltage_V") given[key] = rounded(lowerV + draw.number(0.5, 0.8) * (upperV - lowerV));
    else if (key.endsWith("_rate_C") || key === "rate_C") given[key] = rounded(usual * draw.decades(0.7, 2));
    else if (key === "rest_min") given[key] = rounded(usual * draw.number(0.2, 1));
    else if (key === "pulse_min") given[key] = 60;
  }
  const document = buildLibraryProtocol(name, given);
  return document.ok ? document.document.method.map((step) => ({ ...step })) : undefined;
}

/** Two to seven steps, most of them sensible; a loop over them now and then. */
function steps(draw: Draw, lowerV: number, upperV: number): readonly Step[] {
  const made: Step[] = [{ step: "open_circuit_voltage", until_time_s: 60 }];
  const count = Math.floor(draw.number(2, 8));
  let isCharge = true;
  let atV = NaN;
  for (let index = 0; index < count; index += 1) {
    if (draw.is(0.2)) made.push({ step: "open_circuit_voltage", until_time_s: Math.round(draw.number(60, 7200)) });
    else if (draw.is(0.25)) {
      // Mostly where the current before it ended, else anywhere.
      const voltageV = Number.isFinite(atV) && draw.is(0.7) ? atV : rounded(draw.number(lowerV, upperV));
      made.push({
        ...{ step: "constant_voltage", voltage_V: voltageV, until_rate_C: rounded(draw.decades(0.01, 0.2)) },
        until_time_s: Math.round(draw.number(600, 14_400)),
      });
      atV = voltageV;
    } else {
      const rateC = draw.decades(0.05, 3);
      const span = upperV - lowerV;
      const far = draw.is(0.5) ? 0 : draw.number(0, 0.3) * span;
      const untilV = rounded(isCharge ? upperV - far : lowerV + far);
      const hasVoltage = draw.is(0.8);
      made.push({
        ...{ step: "constant_current", rate_C: rounded((isCharge ? 1 : -1) * rateC, 4) },
        ...(hasVoltage ? { until_voltage_V: untilV } : {}),
        until_time_s: Math.round((3600 / rateC) * (hasVoltage ? draw.number(0.2, 1.5) : draw.number(0.05, 1.1))),
      });
      atV = hasVoltage ? untilV : NaN;
      isCharge = !isCharge;
    }
  }
  if (draw.is(0.3)) made.push({ step: "loop", loop_to: 1, cycle_count: Math.floor(draw.number(2, 5)) });
  return made;
}

const CAMPAIGN = repositoryText("test/fixtures/world/small.yaml");
const SITE = repositoryText("protocols/sites/reference.yaml");

/** One cell of this chemistry in place of the small campaign's ten. */
function campaignText({ chemistry, safety }: LimitCase): string {
  const document = CAMPAIGN.replace("chemistry: lno-graphite", `chemistry: ${chemistry}`)
    .replace("nominal_capacity_mAh: 4.09", `nominal_capacity_mAh: ${nominalMahOf(chemistry)}`)
    .replace(/safety: \{.*\}/, `safety: ${JSON.stringify(safety)}`);
  return document;
}

/** What the instrument or the controller takes the cell off for first. */
type Trip = "unproven" | "limit" | "sample" | "charge" | null;
/** A channel measures charge no worse than this. */
const CHARGE_GAIN = 1.002;

/** Null where the cell would not have been let through the proof before its first current. */
export function limitOutcome(one: LimitCase): LimitOutcome | null {
  const loaded = load(
    { "small.yaml": campaignText(one), "cycle.yaml": one.protocolText, "site.yaml": SITE },
    "small.yaml",
  );
  const refusedFor = loaded.findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
  if ((loaded.kind === "refused") !== refusedFor.length > 0) throw new Error(JSON.stringify(loaded.findings));
  const { protocol } = readProtocol(parseDocument(one.protocolText, "cycle.json"), [], "cycle");
  if (protocol === undefined) return { kind: one.kind, refusedFor, trip: null };
  const trip = run(one, protocol);
  return trip === "unproven" ? null : { kind: one.kind, refusedFor, trip };
}

/** Internal steps this many times as long as those of exact runs: a tenth of a per cent is enough here. */
const PACE = 4;
const NOISE_V = 0.001;

function run({ seed, chemistry, safety, mostMah, initial }: LimitCase, protocol: Protocol): Trip {
  const limits: CellLimits = {
    voltageMaxV: safety["max_voltage_V"] ?? NaN,
    voltageMinV: safety["min_voltage_V"] ?? NaN,
    currentMaxA: (safety["max_current_mA"] ?? NaN) / 1000,
    currentMinA: (safety["min_current_mA"] ?? NaN) / 1000,
  };
  const chance = createChance(seed);
  const design = TABLES.designOf(chemistry);
  const variation = drawVariation(chance.stream("cell"), design, TABLES.models);
  const cell = createCell(design, cellParameters(design, TABLES.models, variation, { sideReactions: true }), initial);
  const measured = createMeasuredValues(TABLES.models, chance.stream("channel"));
  const openCircuitV = measured.voltageV(cell.state.voltageV);
  // A cell delivered at its very limit is taken off by the noise of its readings, whatever its protocol does.
  const isInside = openCircuitV >= limits.voltageMinV + NOISE_V && openCircuitV <= limits.voltageMaxV - NOISE_V;
  if (!isInside) return "unproven";
  const passed: string[] = [];
  const intake = createSampleIntake(1, {
    sink: { sample: () => undefined },
    limits: [limits],
    limitPassed(_cellIndex, what) {
      passed.push(what);
    },
    overloadsInRowMax: 3,
  });
  intake.stepStarted(0, 0);
  const steps = runProtocol(
    cell,
    protocol,
    {
      ...{ nominalCapacityMah: nominalMahOf(chemistry), sampleS: SAMPLE_S, sampleTimesS: undefined, pace: PACE },
      ...{ thermal: undefined, channel: limits },
    },
    ({ timeS, voltageV, currentA }) => {
      intake.sample(0, timeS, measured.voltageV(voltageV), measured.currentA(currentA), 0);
    },
  );
  if (steps.some(({ endedBy }) => endedBy === "limit")) return "limit";
  const mostC = 3.6 * (mostMah ?? Infinity);
  if (passed.length > 0) return "sample";
  return steps.some(({ chargeC }) => CHARGE_GAIN * Math.abs(chargeC) > mostC) ? "charge" : null;
}
