/** How a spectrum stands in the log: whole, each point with its time and with what the cell stood at. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { spectrumResistances, type SpectrumResistances } from "../../protocols/echem/spectrum-resistances.ts";
import type { SpectrumExcitation, SpectrumPoint } from "../../protocols/roles/channel.ts";
import { isRecord } from "./ledger-row.ts";

export const SPECTRUM_EVENT = "spectrum-measured";

export interface RecordedSpectrum {
  readonly position: string;
  readonly step: number;
  readonly cycle: number;
  readonly label: string;
  readonly excitation: SpectrumExcitation;
  /** As many as the whole step has. */
  readonly plannedCount: number;
  readonly points: readonly SpectrumPoint[];
}

/** Null where the points do not give them. */
export function resistancesOf(points: readonly SpectrumPoint[]): SpectrumResistances | null {
  return spectrumResistances(points);
}

export function spectrumEventData(spectrum: RecordedSpectrum): { readonly [key: string]: Json } {
  const { excitation, points } = spectrum;
  const resistances = resistancesOf(points);
  return {
    position: spectrum.position,
    step: spectrum.step,
    cycle: spectrum.cycle,
    label: spectrum.label,
    excitation: excitation.kind,
    ...(excitation.kind === "voltage" ? { amplitude_V: excitation.peakV } : { amplitude_A: excitation.peakA }),
    points_planned: spectrum.plannedCount,
    is_whole: points.length === spectrum.plannedCount,
    time_s: points.map((point) => point.stepTimeS),
    frequency_Hz: points.map((point) => point.frequencyHz),
    z_real_ohm: points.map((point) => point.zRealOhm),
    z_imag_ohm: points.map((point) => point.zImagOhm),
    voltage_V: points.map((point) => point.voltageV),
    current_A: points.map((point) => point.currentA),
    flags: points.map((point) => point.flags),
    series_ohm: resistances?.seriesOhm ?? null,
    charge_transfer_ohm: resistances?.chargeTransferOhm ?? null,
  };
}

/** The reason why the data are none that this project writes, or the spectrum with the resistances it states. */
export function parseSpectrum(
  data: Json | undefined,
): { readonly spectrum: RecordedSpectrum; readonly stated: Readonly<Record<string, Json>> } | string {
  if (!isRecord(data)) return "is no object";
  const { position, step, cycle, label, points_planned: plannedCount, is_whole: isWhole } = data;
  if (typeof position !== "string" || typeof label !== "string") return "states no position or label";
  if (typeof step !== "number" || typeof cycle !== "number") return "states no step or cycle";
  const excitation = excitationOf(data);
  if (excitation === undefined) return "states no amplitude";
  const columns = COLUMNS.map((name) => numbersOf(data[name]));
  const [times, frequencies, reals, imaginaries, volts, amperes, flags] = columns;
  const lacking = COLUMNS.filter((_, index) => columns[index] === undefined);
  if (lacking.length > 0) return `has no numbers in ${lacking.join(", ")}`;
  const count = frequencies?.length ?? 0;
  if (count === 0) return "has no points";
  const odd = COLUMNS.filter((_, index) => columns[index]?.length !== count);
  if (odd.length > 0) return `has not ${count} values in ${odd.join(", ")}`;
  if (frequencies?.some((hz) => !(hz > 0)) !== false) return "has a frequency that is not above zero";
  if (typeof plannedCount !== "number" || count > plannedCount) return `has ${count} points, more than were planned`;
  if (isWhole !== (count === plannedCount)) return `says ${isWhole === true ? "" : "not "}whole with ${count} points`;
  const points = frequencies.map((frequencyHz, index) => ({
    stepTimeS: times?.[index] ?? NaN,
    frequencyHz,
    zRealOhm: reals?.[index] ?? NaN,
    zImagOhm: imaginaries?.[index] ?? NaN,
    voltageV: volts?.[index] ?? NaN,
    currentA: amperes?.[index] ?? NaN,
    flags: flags?.[index] ?? 0,
  }));
  return { spectrum: { position, step, cycle, label, excitation, plannedCount, points }, stated: data };
}

const COLUMNS = ["time_s", "frequency_Hz", "z_real_ohm", "z_imag_ohm", "voltage_V", "current_A", "flags"] as const;

function excitationOf(data: Readonly<Record<string, Json>>): SpectrumExcitation | undefined {
  const { excitation, amplitude_V: peakV, amplitude_A: peakA } = data;
  if (excitation === "voltage" && typeof peakV === "number" && peakV > 0) return { kind: "voltage", peakV };
  if (excitation === "current" && typeof peakA === "number" && peakA > 0) return { kind: "current", peakA };
  return undefined;
}

function numbersOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value.filter((one): one is number => typeof one === "number" && Number.isFinite(one));
  return numbers.length === value.length ? numbers : undefined;
}
