import { describe, expect, it } from "vitest";
import { canonicalJson, type Json } from "../../../protocols/base/canonical-json.ts";
import { createFindingList } from "../../../controller/record/finding-list.ts";
import { parseSpectrum, SPECTRUM_EVENT, spectrumEventData } from "../../../controller/record/spectrum-event.ts";
import { createSpectraAudit } from "../../../controller/record/verify-spectra.ts";
import { createSpectrumLog } from "../../../controller/cells/spectrum-log.ts";
import type { ProgrammeStep } from "../../../controller/machines/programme.ts";
import type { SpectrumPoint } from "../../../protocols/roles/channel.ts";

const POINTS: readonly SpectrumPoint[] = Array.from({ length: 25 }, (_, index) => {
  const frequencyHz = 1e4 * 10 ** (-index / 6);
  const load = 2 * Math.PI * frequencyHz * 0.002;
  const size = 1 + load * load;
  return {
    ...{
      stepTimeS: index + 1,
      frequencyHz,
      zRealOhm: 5 + 20 / size,
      zImagOhm: (-20 * load) / size - 2 / frequencyHz,
    },
    ...{ voltageV: 3.7, currentA: 1e-7, flags: 0 },
  };
});
const SPECTRUM = {
  ...{ position: "A1", step: 4, cycle: 1, label: "spectrum", plannedCount: 25, points: POINTS },
  excitation: { kind: "voltage", peakV: 0.01 },
} as const;

const STEP: ProgrammeStep = {
  ...{ stepNumber: 4, cycleNumber: 1, label: "spectrum" },
  channelStep: {
    kind: "impedance",
    excitation: SPECTRUM.excitation,
    ...{ startFrequencyHz: 1e4, endFrequencyHz: 1, pointCount: 25, sweepCount: 1, sampleIntervalS: 6, untilTimeS: 60 },
    limits: { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 },
  },
};

function audit(data: Json): readonly string[] {
  const findings = createFindingList();
  const spectra = createSpectraAudit(findings);
  spectra.event({ seq: 7, atMs: 0, type: SPECTRUM_EVENT, dataText: canonicalJson(data), hash: "", wallMs: null });
  return findings.all().map((finding) => `${finding.code} ${finding.where}: ${finding.what}`);
}

describe("a spectrum in the log", () => {
  it("is read again as it was", () => {
    const parsed = parseSpectrum(JSON.parse(canonicalJson(spectrumEventData(SPECTRUM))) as Json);
    expect(parsed).toMatchObject({ spectrum: SPECTRUM });
    expect(audit(spectrumEventData(SPECTRUM))).toEqual([]);
  });

  it.each([
    [{ z_real_ohm: [1] }, "has not 25 values in z_real_ohm"],
    [{ z_imag_ohm: null }, "has no numbers in z_imag_ohm"],
    [{ frequency_Hz: POINTS.map(() => 0) }, "a frequency that is not above zero"],
    [{ points_planned: 3 }, "more than were planned"],
    [{ is_whole: false }, "says not whole with 25 points"],
    [{ excitation: "noise" }, "states no amplitude"],
    [{ position: 3 }, "states no position"],
    [{ series_ohm: 1 }, "resistances that its points do not give"],
    [{ charge_transfer_ohm: null }, "resistances that its points do not give"],
  ])("that was altered by %o does not hold", (wrong, what) => {
    const [finding = ""] = audit({ ...spectrumEventData(SPECTRUM), ...wrong });
    expect(finding).toContain("record.spectrum event 7");
    expect(finding).toContain(what);
  });
});

describe("the spectra of a cell", () => {
  function log() {
    const events: { readonly type: string; readonly data: Readonly<Record<string, Json>> }[] = [];
    const spectra = createSpectrumLog("A1", { record: (type, data) => events.push({ type, data }) }, () => 5000);
    return { events, spectra };
  }

  it("go on record when their step is over, or another begins", () => {
    const { events, spectra } = log();
    spectra.begin(STEP);
    for (const point of POINTS) spectra.point(point);
    expect(events).toEqual([]);
    spectra.end();
    expect(events.map(({ type }) => type)).toEqual(["spectrum-measured"]);
    expect(spectra.last).toMatchObject({ endedAtMs: 5000, step: 4, pointCount: 25, isWhole: true });
    expect(spectra.last?.seriesOhm).toBeCloseTo(5, 1);
    expect(spectra.last?.chargeTransferOhm).toBeGreaterThan(18);
    spectra.begin(STEP);
    for (const point of POINTS.slice(20)) spectra.point(point);
    spectra.begin({ ...STEP, stepNumber: 5 });
    expect(events[1]?.data).toMatchObject({ step: 4, is_whole: false });
    spectra.end();
    expect(events).toHaveLength(2);
  });

  it("that come before it is known of which step they are wait for it", () => {
    const { events, spectra } = log();
    for (const point of POINTS) spectra.point(point);
    spectra.end();
    expect(events).toEqual([]);
    spectra.begin(STEP);
    spectra.end();
    expect(events[0]?.data).toMatchObject({ step: 4, is_whole: true });
  });
});
