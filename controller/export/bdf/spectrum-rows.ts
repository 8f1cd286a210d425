/** A cell's impedance spectra as one table, point by point in order of time. */
import type { ExportedCampaign, ExportedCell, ExportedSpectrum, ExportedStep } from "../exported-campaign.ts";
import type { SpectrumRows } from "./bdf-columns.ts";

export function spectrumRows(campaign: ExportedCampaign, cell: ExportedCell): SpectrumRows {
  const points = cell.spectra.flatMap((spectrum) => {
    const step = stepOf(cell, spectrum);
    return spectrum.points.map((point) => ({
      ...point,
      spectrum,
      step,
      atMs: pointMs(spectrum, step, point.stepTimeS),
    }));
  });
  const column = (value: (point: (typeof points)[number]) => number): number[] => points.map(value);
  return {
    testTimeS: column(({ atMs }) => atMs / 1000),
    unixTimeS: column(({ atMs }) => (campaign.clock.startMs + atMs) / 1000),
    voltageV: column(({ voltageV }) => voltageV),
    currentA: column(({ currentA }) => currentA),
    cycleCount: column(({ spectrum }) => spectrum.cycle),
    stepCount: column(({ step }) => step?.count ?? 0),
    frequencyHz: column(({ frequencyHz }) => frequencyHz),
    zRealOhm: column(({ zRealOhm }) => zRealOhm),
    zImagOhm: column(({ zImagOhm }) => zImagOhm),
    zAbsoluteOhm: column(({ zRealOhm, zImagOhm }) => Math.hypot(zRealOhm, zImagOhm)),
    phaseDeg: column(({ zRealOhm, zImagOhm }) => (Math.atan2(zImagOhm, zRealOhm) * 180) / Math.PI),
  };
}

/** The step under way when the spectrum came on record. */
function stepOf(cell: ExportedCell, spectrum: ExportedSpectrum): ExportedStep | undefined {
  return cell.steps.findLast((step) => step.step === spectrum.step && step.atMs <= spectrum.atMs);
}

/** Its step's timer reads zero when the step begins. */
function pointMs(spectrum: ExportedSpectrum, step: ExportedStep | undefined, stepTimeS: number): number {
  return step === undefined ? spectrum.atMs : step.atMs + stepTimeS * 1000;
}
