/** The flux and what each filter lets through, by the diode behind an opening of the rack where nothing stands in the beam. */
import type { PlaneMm } from "../../protocols/align/placement.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Probe, Signal } from "./probe.ts";

export interface FilterProbe extends Probe {
  /** One for each filter of the site; resolves when they are read back so. */
  setFilters(filtersIn: readonly boolean[]): Promise<void>;
}

export interface MeanSignal {
  readonly mean: number;
  /** Standard uncertainty of the mean, by how the readings scatter; never less than a tenth of a per mille. */
  readonly sigma: number;
  readonly readings: number;
}

export interface Transmission {
  readonly filter: string;
  readonly transmission: number;
  readonly sigma: number;
}

const READINGS = 4;
/** Readings that differ by more are of a beam that is not steady. */
const SCATTER_MAX = 0.05;
const LEAST_SHARE = 1e-4;

/** At one place with the filters as they are. Rejects with Fault `calibrate.unclear`, and with whatever stops the probe. */
export async function meanSignal(probe: Probe, place: PlaneMm, of: string): Promise<MeanSignal> {
  const found: Signal[] = [];
  for (let reading = 0; reading < READINGS; reading += 1) found.push(await probe.signalAt(place));
  if (found.some(({ isSaturated }) => isSaturated === true)) {
    throw new Fault("calibrate.unclear", of, "the diode reads the most that it can tell: choose a wider range");
  }
  const mean = found.reduce((sum, { signal }) => sum + signal, 0) / READINGS;
  if (!(mean > 0)) throw new Fault("calibrate.unclear", of, `the diode reads ${mean} A with the shutter open`);
  const scatter = Math.sqrt(found.reduce((sum, { signal }) => sum + (signal - mean) ** 2, 0) / (READINGS - 1));
  if (scatter > SCATTER_MAX * mean) {
    const what = `${READINGS} readings scatter by ${((100 * scatter) / mean).toFixed(1)} %`;
    throw new Fault("calibrate.unclear", of, `${what}: beam or diode are not steady`);
  }
  return { mean, sigma: Math.max(scatter / Math.sqrt(READINGS), LEAST_SHARE * mean), readings: READINGS };
}

/** Each filter alone against none; ends without any. Rejects as `meanSignal`. */
export async function filterTransmissions(
  probe: FilterProbe,
  place: PlaneMm,
  filters: readonly string[],
): Promise<readonly Transmission[]> {
  const none = filters.map(() => false);
  await probe.setFilters(none);
  const open = await meanSignal(probe, place, "no filter");
  const found: Transmission[] = [];
  for (const [index, filter] of filters.entries()) {
    await probe.setFilters(filters.map((_, at) => at === index));
    const { mean, sigma } = await meanSignal(probe, place, filter);
    const transmission = mean / open.mean;
    if (transmission > 1 + 3 * ((sigma + open.sigma) / open.mean)) {
      throw new Fault(
        "calibrate.unclear",
        filter,
        `more passes with the filter in (${transmission.toFixed(3)}) than without`,
      );
    }
    const share = Math.hypot(sigma / mean, open.sigma / open.mean);
    found.push({ filter, transmission: Math.min(1, transmission), sigma: share * transmission });
  }
  await probe.setFilters(none);
  return found;
}
