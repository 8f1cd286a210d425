/**
 * A protocol of the library: a recipe with parameters, each with a default, a unit and bounds. What it builds is a
 * document of the aurora-unicycler form, read and checked like any file from outside.
 */
export interface LibraryParameter {
  /** With its unit, as on the command line and in a campaign file: `rest_min`, `charge_rate_C`. */
  readonly name: string;
  readonly meaning: string;
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly isWhole?: boolean;
}

export type StepFields = Readonly<Record<string, string | number>>;

export interface LibraryEntry {
  readonly name: string;
  readonly title: string;
  /** Where the shape comes from. */
  readonly source: string;
  /** Which values are this project's choice. */
  readonly chosen: string;
  readonly parameters: readonly LibraryParameter[];
  /** Names of the parameters between which the cell is kept, the lower one first: the safety limits follow them. */
  readonly window: readonly [string, string];
  /** `value` gives each parameter by its name. Rates are in C, charge positive; voltages in V. */
  build(value: (name: string) => number): {
    readonly recordS: number;
    /** Record also at each change of this many volts. */
    readonly recordV?: number;
    readonly steps: readonly StepFields[];
  };
}

/** Every recipe charges to an upper voltage and discharges to a lower one; by default the window of LiNiO2/graphite. */
export const VOLTAGES: readonly LibraryParameter[] = [
  { name: "upper_voltage_V", meaning: "end of charge", default: 4.2, least: 0.1, most: 5.5 },
  { name: "lower_voltage_V", meaning: "end of discharge", default: 2.8, least: -1, most: 5 },
];

export const WINDOW = ["lower_voltage_V", "upper_voltage_V"] as const;

export function parameter(name: string, meaning: string, value: number, least: number, most: number): LibraryParameter {
  return { name, meaning, default: value, least, most };
}

export function count(name: string, meaning: string, value: number, least: number, most: number): LibraryParameter {
  return { name, meaning, default: value, least, most, isWhole: true };
}

/** Longer than the step can take in a sound cell: half as long again as the rate says. */
export function timeLimitS(rateC: number): number {
  return Math.ceil((1.5 * 3600) / Math.abs(rateC) / 60) * 60;
}

export function rest(minutes: number, id?: string): StepFields {
  return { step: "open_circuit_voltage", ...named(id), until_time_s: minutes * 60 };
}

export function charge(rateC: number, untilV: number, id?: string): StepFields {
  return {
    step: "constant_current",
    ...named(id),
    rate_C: rateC,
    until_voltage_V: untilV,
    until_time_s: timeLimitS(rateC),
  };
}

export function discharge(rateC: number, untilV: number, id?: string): StepFields {
  return charge(-rateC, untilV, id);
}

export function hold(voltageV: number, untilRateC: number, hours: number, id?: string): StepFields {
  return {
    step: "constant_voltage",
    ...named(id),
    voltage_V: voltageV,
    until_rate_C: untilRateC,
    until_time_s: hours * 3600,
  };
}

export function tag(name: string): StepFields {
  return { step: "tag", tag: name };
}

export function loop(target: string, cycleCount: number): StepFields {
  return { step: "loop", loop_to: target, cycle_count: cycleCount };
}

function named(id: string | undefined): { readonly id?: string } {
  return id === undefined ? {} : { id };
}
