/**
 * The world's own reading of the attenuation tables, and the energy a photon leaves behind. Compton transfer comes
 * from integrating the Klein-Nishina cross section over angle, so that nothing is shared with the closed form.
 */
import { z } from "zod";
import { Fault } from "../../protocols/base/fault.ts";
import type { WorldConvention, WorldLayer } from "./world-site.ts";

const numbers = z.array(z.number());
const tableSchema = z.object({
  elements: z.record(
    z.string(),
    z.object({ energy: numbers, mu: numbers, mu_photo: numbers, mu_inc: numbers, mu_en: numbers }),
  ),
});

type Columns = z.infer<typeof tableSchema>["elements"][string];
type Column = "mu" | "mu_photo" | "mu_inc" | "mu_en";

export interface WorldAttenuation {
  /** Linear attenuation of a layer's material, 1/cm. */
  perCm(layer: WorldLayer, energyKeV: number): number;
  /** Absorbed dose per fluence at the front of a bare layer, Gy per (photon/cm2). */
  grayPerPhCm2(layer: WorldLayer, energyKeV: number, convention: WorldConvention): number;
}

const JOULE_PER_KEV = 1.602176634e-16;
const ELECTRON_KEV = 510.99895;

/** Reads `mass_attenuation.json`; throws Fault `file.schema`. */
export function parseWorldAttenuation(json: unknown): WorldAttenuation {
  const result = tableSchema.safeParse(json);
  if (!result.success) throw new Fault("file.schema", "mass attenuation", result.error.message);
  const elements = new Map<string, Columns>(Object.entries(result.data.elements));
  // A beam has one energy, and every layer of every cell asks for it.
  let transferred = { energyKeV: NaN, share: NaN };

  function transfer(energyKeV: number): number {
    if (transferred.energyKeV !== energyKeV) transferred = { energyKeV, share: comptonTransfer(energyKeV) };
    return transferred.share;
  }

  function mixture(layer: WorldLayer, column: Column, energyKeV: number): number {
    let sum = 0;
    for (const [symbol, fraction] of Object.entries(layer.massFractions)) {
      const element = elements.get(symbol);
      if (element === undefined) throw new Fault("file.schema", layer.name, `no attenuation for element ${symbol}`);
      sum += fraction * logLog(element.energy, element[column], energyKeV);
    }
    return sum;
  }

  return {
    perCm: (layer, energyKeV) => mixture(layer, "mu", energyKeV) * layer.densityGCm3,
    grayPerPhCm2(layer, energyKeV, convention) {
      const absorbed =
        convention === "en"
          ? mixture(layer, "mu_en", energyKeV)
          : mixture(layer, "mu_photo", energyKeV) +
            mixture(layer, "mu_inc", energyKeV) * (convention === "loc" ? transfer(energyKeV) : 1);
      return energyKeV * JOULE_PER_KEV * absorbed * 1000;
    },
  };
}

/** Straight line in ln-ln between the two points of the element's own grid that enclose the energy. */
function logLog(energies: readonly number[], values: readonly number[], energyKeV: number): number {
  const last = energies.length - 1;
  const first = energies[0] ?? Infinity;
  if (!(energyKeV >= first && energyKeV <= (energies[last] ?? -Infinity))) {
    throw new Fault("file.schema", "mass attenuation", `no values at ${energyKeV} keV`);
  }
  let upper = 1;
  while (upper < last && (energies[upper] ?? Infinity) < energyKeV) upper += 1;
  const e0 = energies[upper - 1] ?? first;
  const e1 = energies[upper] ?? first;
  const v0 = values[upper - 1] ?? 0;
  const v1 = values[upper] ?? 0;
  const part = e1 > e0 ? (Math.log(energyKeV) - Math.log(e0)) / (Math.log(e1) - Math.log(e0)) : 0;
  return Math.exp(Math.log(v0) + part * (Math.log(v1) - Math.log(v0)));
}

/** Mean share of the photon's energy that a free electron receives: Klein-Nishina, summed over the angle. */
export function comptonTransfer(energyKeV: number): number {
  const k = energyKeV / ELECTRON_KEV;
  const steps = 2000;
  let scattered = 0;
  let received = 0;
  for (let step = 0; step <= steps; step += 1) {
    const cosine = -1 + (2 * step) / steps;
    const ratio = 1 / (1 + k * (1 - cosine));
    const weight = step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2;
    const crossSection = ratio * ratio * (ratio + 1 / ratio - (1 - cosine * cosine));
    scattered += weight * crossSection;
    received += weight * crossSection * (1 - ratio);
  }
  return received / scattered;
}
