/**
 * Time, voltage and current out of a data package, by its type letters. This is the sample path of the whole rack:
 * it makes no strings, no objects, no promises.
 */
import type { Writable } from "../../protocols/base/writable.ts";
import {
  createPackageFields,
  decodePackage,
  type PackageTrouble,
} from "../../protocols/wire/methodscript/package-decoder.ts";
import {
  TYPE_CURRENT,
  TYPE_POTENTIAL,
  TYPE_SET_CURRENT,
  TYPE_SET_POTENTIAL,
  TYPE_TIME,
} from "../../protocols/wire/methodscript/variable-types.ts";

export interface SampleReader {
  /** Null when the package held a reading, which then stands in the fields below; else why not. */
  read(bytes: Uint8Array, start: number, end: number): PackageTrouble | "no reading";
  /** By the instrument's timer; NaN when the package has none. */
  readonly timeS: number;
  /** Measured, or the set potential when nothing was measured. */
  readonly voltageV: number;
  /** Measured, or the set current; 0 when the package has none, as in an open-circuit measurement. */
  readonly currentA: number;
  /** Status bits of all variables together, as in `protocols/roles/channel.ts`. */
  readonly flags: number;
}

export function createSampleReader(): SampleReader {
  const fields = createPackageFields();
  const { types, values, status } = fields;

  const reader: Writable<SampleReader> = {
    timeS: Number.NaN,
    voltageV: Number.NaN,
    currentA: 0,
    flags: 0,
    read(bytes, start, end) {
      const trouble = decodePackage(bytes, start, end, fields);
      if (trouble !== null) return trouble;
      let timeS = Number.NaN;
      let voltageV = Number.NaN;
      let currentA = 0;
      let flags = 0;
      let setVoltageV = Number.NaN;
      let setCurrentA = 0;
      let hasCurrent = false;
      for (let index = 0; index < fields.count; index += 1) {
        const value = values[index] as number;
        flags |= status[index] as number;
        const type = types[index] as number;
        if (type === TYPE_TIME) timeS = value;
        else if (type === TYPE_POTENTIAL) voltageV = value;
        else if (type === TYPE_SET_POTENTIAL) setVoltageV = value;
        else if (type === TYPE_SET_CURRENT) setCurrentA = value;
        else if (type === TYPE_CURRENT) {
          currentA = value;
          hasCurrent = true;
        }
      }
      if (Number.isNaN(voltageV)) voltageV = setVoltageV;
      if (!hasCurrent) currentA = setCurrentA;
      reader.timeS = timeS;
      reader.voltageV = voltageV;
      reader.currentA = currentA;
      reader.flags = flags;
      // A reading that is not a number is no reading: NaN never reaches a decision.
      return Number.isFinite(timeS) && Number.isFinite(voltageV) && Number.isFinite(currentA) ? null : "no reading";
    },
  };
  return reader;
}

/** One for all channels: a package is read and handed on before the next one comes, and its fields stay in the processor's cache. */
export const CHANNELS_READER: SampleReader = createSampleReader();
