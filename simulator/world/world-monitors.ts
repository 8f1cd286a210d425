/**
 * The monitors that stand in the beam of every simulated beamline: an ion chamber upstream of the fast shutter, and a
 * diode behind the filters, where the sample is.
 */
import { createDiode, createIonChamber, ION_PAIR_EV } from "../measurement/beam-monitors.ts";
import type { ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { BeamTrace } from "./beam-trace.ts";
import type { WorldAttenuation } from "./world-attenuation.ts";
import type { WorldLayer } from "./world-site.ts";

export interface WorldMonitors {
  /** Amperes. */
  ionChamberA(atMs: number): number;
  diodeA(atMs: number): number;
}

/** Five centimetres of nitrogen at one bar and 20 degrees, and a third of a millimetre of silicon; both chosen. */
const GAS: WorldLayer = { name: "nitrogen", thicknessMm: 50, densityGCm3: 0.001165, massFractions: { N: 1 } };
const SILICON: WorldLayer = { name: "silicon", thicknessMm: 0.3, densityGCm3: 2.33, massFractions: { Si: 1 } };

/** Made when first asked for: not every table of attenuation knows nitrogen and silicon. */
export function createWorldMonitors(
  tables: WorldAttenuation,
  energyKeV: number,
  beam: Pick<ObservedBeamPlant, "fluxPhS" | "safetyShutterFraction">,
  trace: Pick<BeamTrace, "samplePhS">,
  /** Share of the beam that reaches the diode, where the rack stands before it. */
  reaches: (atMs: number) => number = () => 1,
): WorldMonitors {
  const made: { chamber?: ReturnType<typeof createIonChamber>; diode?: ReturnType<typeof createDiode> } = {};
  return {
    ionChamberA(atMs) {
      made.chamber ??= createIonChamber(tables, { gas: GAS, pairEv: ION_PAIR_EV.n2, energyKeV });
      return made.chamber.currentA(beam.fluxPhS(atMs) * beam.safetyShutterFraction(atMs));
    },
    diodeA(atMs) {
      made.diode ??= createDiode(tables, SILICON, energyKeV);
      const phS = trace.samplePhS(atMs);
      return made.diode.currentA(phS === 0 ? 0 : phS * reaches(atMs));
    },
  };
}
