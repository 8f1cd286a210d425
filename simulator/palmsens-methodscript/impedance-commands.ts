/** Impedance loops: a sine at one frequency after the other, evenly on a logarithmic scale, a point for each. */
import { checkCount, optionsOf } from "./command-arguments.ts";
import { MODE_GALVANOSTAT } from "./potentiostat.ts";
import { ScriptRefused, type Builder, type Command } from "./script-builder.ts";
import { ScriptTrouble } from "./script-errors.ts";
import type { Token } from "./script-lexer.ts";
import type { Machine } from "./script-machine.ts";
import {
  putMeasured,
  putValue,
  TYPE_CC,
  TYPE_CD,
  TYPE_CH,
  TYPE_CI,
  TYPE_CJ,
  TYPE_CK,
  TYPE_DC,
  valueAt,
  type Place,
} from "./script-memory.ts";

/** `eis_acdc(e_ac e_dc i_ac i_dc)`: what lay on the cell besides. */
function levelPlaces(builder: Builder, args: readonly Token[]): readonly Place[] | null {
  const [option] = optionsOf(args, "eis_acdc");
  if (option === undefined) return null;
  if (!builder.features.supportsAddMeas)
    throw new ScriptRefused(ScriptTrouble.optionNotAllowed, option[0]?.column ?? args[0]?.column ?? 1);
  const [first = args[0]] = option;
  if (option.length !== 4) throw new ScriptRefused(ScriptTrouble.missingArgument, first?.column ?? 1);
  return option.map((token) => builder.variable(token));
}

/** `meas_loop_eis f zr zi amplitude f_start f_end n e_dc`, and `meas_loop_geis` with currents. */
function spectrum(technique: string, isCurrent: boolean): Command {
  return (builder, args, command) => {
    if (builder.blocks.some((block) => block.kind === "measurement"))
      throw new ScriptRefused(ScriptTrouble.nestedMeasurementLoops, command.column);
    const required = checkCount(args, 8, command, ["eis_acdc"]);
    const [frequency, real, imaginary] = required.slice(0, 3).map((token) => builder.variable(token));
    const [amplitude, from, to, count, level] = required.slice(3).map((token) => builder.value(token));
    const levels = levelPlaces(builder, args);
    const { features } = builder;
    const limits = features.model.impedance;
    let bodyAt = 0;
    let exitAt = 0;

    function frequencyHz(machine: Machine, index: number): number {
      const [start, end, points] = [at(machine, from), at(machine, to), machine.measurement.count];
      return index === 0 || points === 1 ? start : start * (end / start) ** (index / (points - 1));
    }

    function trouble(machine: Machine): number {
      const { state } = machine.potentiostat;
      if (limits === null) return ScriptTrouble.notSupported;
      if ((state.mode === MODE_GALVANOSTAT) !== isCurrent || state.mode === 2) return ScriptTrouble.wrongMode;
      if (!state.isCellOn) return ScriptTrouble.needsCellOn;
      const points = at(machine, count);
      if (!(points >= 1) || !Number.isInteger(points)) return ScriptTrouble.mustBePositive;
      const highestHz = isCurrent ? limits.currentFrequencyMaxHz : limits.frequencyMaxHz;
      const isPossible = (hz: number): boolean => hz >= limits.frequencyMinHz && hz <= highestHz;
      if (!isPossible(at(machine, from)) || !isPossible(at(machine, to))) return ScriptTrouble.frequencyInvalid;
      const largest = isCurrent ? features.model.currentMaxA / Math.SQRT2 : limits.amplitudeMaxVrms;
      const size = at(machine, amplitude);
      return size > 0 && size <= largest ? 0 : ScriptTrouble.amplitudeInvalid;
    }

    function begin(machine: Machine): void {
      const { measurement } = machine;
      const found = trouble(machine) || machine.potentiostat.drive(machine.nowMs(), at(machine, level));
      if (found !== 0) {
        machine.fail(found);
        return;
      }
      machine.say(`M${technique}`);
      machine.open.push("*");
      measurement.taken = 0;
      measurement.count = at(machine, count);
      measurement.exitAt = exitAt;
      measurement.isLate = false;
      next(machine);
    }

    function next(machine: Machine): void {
      const { measurement, potentiostat } = machine;
      if (measurement.taken >= measurement.count) {
        machine.pc = exitAt;
        return;
      }
      const { sine } = potentiostat;
      sine.begin(machine.nowMs());
      machine.pc = bodyAt;
      machine.waitUntil(machine.nowMs() + 1000 * sine.pointS(frequencyHz(machine, measurement.taken)));
    }

    function take(machine: Machine): void {
      const { measurement, potentiostat } = machine;
      const hz = frequencyHz(machine, measurement.taken);
      measurement.taken += 1;
      if (!potentiostat.measureSine(machine.nowMs(), hz, at(machine, amplitude))) {
        machine.fail(ScriptTrouble.notSupported);
        return;
      }
      const { state, sine, voltageRange } = potentiostat;
      const { reading } = sine;
      if (frequency !== undefined) putValue(machine, frequency, hz, false, TYPE_DC);
      put(machine, real, reading.realOhm, TYPE_CC, state.currentStatus, state.currentRange);
      put(machine, imaginary, reading.imaginaryOhm, TYPE_CD, state.voltageStatus, voltageRange);
      if (levels === null) return;
      put(machine, levels[0], reading.voltageAc, TYPE_CH, state.voltageStatus, voltageRange);
      put(machine, levels[1], state.voltageV, TYPE_CI, state.voltageStatus, voltageRange);
      put(machine, levels[2], reading.currentAc, TYPE_CJ, state.currentStatus, state.currentRange);
      put(machine, levels[3], state.currentA, TYPE_CK, state.currentStatus, state.currentRange);
    }

    builder.emit(begin);
    bodyAt = builder.emit(take);
    builder.blocks.push({
      kind: "measurement",
      exits: [],
      otherwise: null,
      hasElse: false,
      close: () => {
        builder.emit(next);
        exitAt = builder.emit((machine) => {
          machine.measurement.exitAt = -1;
          machine.open.pop();
          machine.say("*");
        });
        return exitAt;
      },
    });
  };
}

function at(machine: Machine, place: Place | undefined): number {
  return place === undefined ? NaN : valueAt(machine, place);
}

function put(
  machine: Machine,
  place: Place | undefined,
  value: number,
  type: number,
  status: number,
  range: number,
): void {
  if (place !== undefined) putMeasured(machine, place, value, type, status, range);
}

export const IMPEDANCE_COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["meas_loop_eis", spectrum("000D", false)],
  ["meas_loop_geis", spectrum("000E", true)],
]);
