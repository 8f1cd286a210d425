/** A point of a spectrum out of a data package, by its type letters. Some a minute, so an object for each. */
import type { SpectrumPoint } from "../../protocols/roles/channel.ts";
import { createPackageFields, decodePackage } from "../../protocols/wire/methodscript/package-decoder.ts";
import {
  TYPE_CURRENT,
  TYPE_DC_CURRENT,
  TYPE_DC_POTENTIAL,
  TYPE_FREQUENCY,
  TYPE_IMPEDANCE_IMAGINARY,
  TYPE_IMPEDANCE_REAL,
  TYPE_POTENTIAL,
  TYPE_SET_CURRENT,
  TYPE_SET_POTENTIAL,
  TYPE_TIME,
} from "../../protocols/wire/methodscript/variable-types.ts";

export interface SpectrumReader {
  /** The point, or why there is none. A value that is missing or no number is no reading. */
  read(bytes: Uint8Array, start: number, end: number): SpectrumPoint | string;
}

export function createSpectrumReader(): SpectrumReader {
  const fields = createPackageFields();

  /** The first of these types that the package has; NaN without any. */
  function value(...types: readonly number[]): number {
    for (const type of types) {
      for (let index = 0; index < fields.count; index += 1) {
        if (fields.types[index] === type) return fields.values[index] ?? NaN;
      }
    }
    return NaN;
  }

  return {
    read(bytes, start, end) {
      const trouble = decodePackage(bytes, start, end, fields);
      if (trouble !== null) return trouble;
      let flags = 0;
      for (let index = 0; index < fields.count; index += 1) flags |= fields.status[index] ?? 0;
      const point: SpectrumPoint = {
        stepTimeS: value(TYPE_TIME),
        frequencyHz: value(TYPE_FREQUENCY),
        zRealOhm: value(TYPE_IMPEDANCE_REAL),
        zImagOhm: value(TYPE_IMPEDANCE_IMAGINARY),
        voltageV: value(TYPE_DC_POTENTIAL, TYPE_POTENTIAL, TYPE_SET_POTENTIAL),
        currentA: value(TYPE_DC_CURRENT, TYPE_CURRENT, TYPE_SET_CURRENT),
        flags,
      };
      return Object.values(point).every((one) => Number.isFinite(one)) && point.frequencyHz > 0 ? point : "no reading";
    },
  };
}
