/**
 * What an ion chamber and a diode read in the beam: currents from the flux (`dose.md` section 2). Every photon has
 * the beam's energy; harmonics are off.
 */
import type { WorldAttenuation } from "../world/world-attenuation.ts";
import type { WorldLayer } from "../world/world-site.ts";

const ELECTRON_C = 1.602176634e-19;
const JOULE_PER_KEV = 1.602176634e-16;
/** Silicon, per pair of electron and hole. */
const SILICON_PAIR_EV = 3.68;

/** Per ion pair, eV. */
export const ION_PAIR_EV = { he: 41.3, n2: 34.8, air: 33.8, ar: 26.4, kr: 24.4 } as const;

export interface BeamMonitor {
  /** Amperes at this flux, photons per second. */
  currentA(fluxPhS: number): number;
  /** Share of the photons that go on behind it. */
  readonly passes: number;
}

export interface IonChamberOptions {
  /** The gas between the plates: its thickness is the plates' length. */
  readonly gas: WorldLayer;
  readonly pairEv: number;
  readonly energyKeV: number;
}

/** Photoelectrons and recoil electrons stay in the gas, scattered photons do not; each pair gives one charge. */
export function createIonChamber(tables: WorldAttenuation, options: IonChamberOptions): BeamMonitor {
  const { gas, pairEv, energyKeV } = options;
  const { stopped, passes } = absorption(tables, gas, energyKeV);
  const keptShare = keptPerCm2G(tables, gas, energyKeV, "loc") / (tables.perCm(gas, energyKeV) / gas.densityGCm3);
  const depositEv = 1000 * energyKeV * stopped * keptShare;
  return { currentA: (fluxPhS) => (fluxPhS * ELECTRON_C * depositEv) / pairEv, passes };
}

/** A silicon diode of the layer's thickness, fully depleted. */
export function createDiode(tables: WorldAttenuation, silicon: WorldLayer, energyKeV: number): BeamMonitor {
  const { stopped, passes } = absorption(tables, silicon, energyKeV);
  const keptShare =
    keptPerCm2G(tables, silicon, energyKeV, "en") / (tables.perCm(silicon, energyKeV) / silicon.densityGCm3);
  const depositEv = 1000 * energyKeV * stopped * keptShare;
  return { currentA: (fluxPhS) => (fluxPhS * ELECTRON_C * depositEv) / SILICON_PAIR_EV, passes };
}

function absorption(tables: WorldAttenuation, layer: WorldLayer, energyKeV: number) {
  const depth = (tables.perCm(layer, energyKeV) * layer.thicknessMm) / 10;
  return { stopped: -Math.expm1(-depth), passes: Math.exp(-depth) };
}

/** Energy kept over energy of the photon, per mass thickness, cm2/g. */
function keptPerCm2G(tables: WorldAttenuation, layer: WorldLayer, energyKeV: number, convention: "en" | "loc"): number {
  return tables.grayPerPhCm2(layer, energyKeV, convention) / (energyKeV * JOULE_PER_KEV * 1000);
}
