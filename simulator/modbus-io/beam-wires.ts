/** The wires between an input/output unit's terminals and shutters, filters and interlocks. Bit numbers from 0. */
import type { GateLine } from "../plant/gate-line.ts";
import type { BeamPlant } from "../plant/plant.ts";

export interface BeamWiring {
  readonly inputs: {
    readonly shutterOpen: number;
    readonly shutterClosed: number;
    readonly safetyShutterOpen: number;
    readonly safetyShutterClosed: number;
    /** Several on one input are wired in series. */
    readonly interlocks: Readonly<Record<string, number>>;
    readonly filters: readonly number[];
    /** Contacts at the rack; `troubleLevel`: of the input when there is trouble. */
    readonly safety?: readonly { readonly name: string; readonly bit: number; readonly troubleLevel: boolean }[];
  };
  readonly outputs: {
    readonly shutterOpenRequest: number;
    readonly shutterPermit: number;
    readonly safetyShutterRequest: number;
    readonly filters: readonly number[];
  };
}

export interface BeamWires {
  /** One more than the highest input in use. */
  readonly inputCount: number;
  /** The level at an input's terminal; terminals without a wire read off. */
  input(atMs: number, bit: number): boolean;
  /** Carries the outputs to what they are wired to. `isPermitAlive`: what else lies in the shutter's drive line. */
  drive(atMs: number, isOn: (bit: number) => boolean, isPermitAlive: boolean): void;
}

const NO_WIRE = (): boolean => false;

/** `gate`: what else must be high for the shutter to be driven open, where a gate generator times it. */
export function createBeamWires(beam: BeamPlant, { inputs, outputs }: BeamWiring, gate?: GateLine): BeamWires {
  /** By bit; read each second for hours on end, so by index and without a function for each look. */
  const contacts: ((atMs: number) => boolean)[] = [];
  const wire = (bit: number, read: (atMs: number) => boolean): void => {
    while (contacts.length <= bit) contacts.push(NO_WIRE);
    const before = contacts[bit] ?? NO_WIRE;
    contacts[bit] = before === NO_WIRE ? read : (atMs) => before(atMs) && read(atMs);
  };
  wire(inputs.shutterOpen, (atMs) => beam.shutterOpenSwitch(atMs));
  wire(inputs.shutterClosed, (atMs) => beam.shutterClosedSwitch(atMs));
  wire(inputs.safetyShutterOpen, (atMs) => beam.safetyShutterOpenSwitch(atMs));
  wire(inputs.safetyShutterClosed, (atMs) => beam.safetyShutterClosedSwitch(atMs));
  for (const [name, bit] of Object.entries(inputs.interlocks)) wire(bit, (atMs) => beam.interlock(atMs, name));
  inputs.filters.forEach((bit, index) => {
    wire(bit, (atMs) => beam.filterInSwitch(atMs, index));
  });
  for (const { name, bit, troubleLevel } of inputs.safety ?? []) {
    wire(bit, () => (beam.hasTrouble?.(name) === true) === troubleLevel);
  }
  let isPermitted = false;
  let shutter = false;
  let safetyShutter = false;
  const filters = outputs.filters.map(() => false);

  function driveShutter(atMs: number): void {
    const isDriven = isPermitted && (gate?.isHigh ?? true);
    if (isDriven === shutter) return;
    shutter = isDriven;
    beam.driveShutter(atMs, shutter);
  }

  gate?.onChange(driveShutter);

  return {
    inputCount: contacts.length,
    input: (atMs, bit) => contacts[bit]?.(atMs) ?? false,
    drive(atMs, isOn, isPermitAlive) {
      isPermitted = isOn(outputs.shutterOpenRequest) && isOn(outputs.shutterPermit) && isPermitAlive;
      driveShutter(atMs);
      if (isOn(outputs.safetyShutterRequest) !== safetyShutter) {
        safetyShutter = !safetyShutter;
        beam.driveSafetyShutter(atMs, safetyShutter);
      }
      outputs.filters.forEach((bit, index) => {
        if (isOn(bit) === filters[index]) return;
        filters[index] = isOn(bit);
        beam.driveFilter(atMs, index, isOn(bit));
      });
    },
  };
}
