/** Measurement loops: hold a potential or a current, watch the open circuit, sweep. One reading per interval. */
import { argument, checkCount, optionsOf } from "./command-arguments.ts";
import { MODE_GALVANOSTAT } from "./potentiostat.ts";
import { ScriptRefused, type Builder, type Command } from "./script-builder.ts";
import { ScriptTrouble } from "./script-errors.ts";
import type { Token } from "./script-lexer.ts";
import type { LoopShape, Machine } from "./script-machine.ts";
import { putMeasured, putValue, TYPE_AB, TYPE_BA, TYPE_DA, TYPE_DB, valueAt, type Place } from "./script-memory.ts";

/** What distinguishes one kind of loop from another. */
interface LoopPlan {
  /** Four digits of the `M` line. */
  readonly technique: string;
  readonly mode: "potentiostat" | "galvanostat" | "open circuit";
  /** Evaluated when the loop starts: what it is then, or an error number. */
  shape(machine: Machine): LoopShape | number;
  readonly voltage: Place;
  readonly current: Place | null;
}

const POINTS_MAX = 1e9;
/** Of an interval; about what the vendor's filter for this interval averages. */
const AVERAGED_SHARE = 0.1;

function emitLoop(builder: Builder, plan: LoopPlan, args: readonly Token[], command: Token): void {
  if (builder.blocks.some((block) => block.kind === "measurement"))
    throw new ScriptRefused(ScriptTrouble.nestedMeasurementLoops, command.column);
  const extra = addedMeasurements(builder, args);
  const { voltage, current } = plan;
  const isOpenCircuit = plan.mode === "open circuit";
  const isGalvanostat = plan.mode === "galvanostat";
  /** The level lasts through a hold, so only sweeps drive the cell at every point. */
  const isSweep = plan.technique !== "0007" && plan.technique !== "000A" && !isOpenCircuit;
  let bodyAt = 0;
  let exitAt = 0;

  function endScan(machine: Machine): void {
    if (machine.open[machine.open.length - 1] !== "-") return;
    machine.open.pop();
    machine.say("-");
  }

  function begin(machine: Machine): void {
    const { potentiostat, measurement } = machine;
    if (isOpenCircuit && potentiostat.state.isCellOn) {
      machine.fail(ScriptTrouble.openCircuitWithCellOn);
      return;
    }
    if (!isOpenCircuit) {
      if ((potentiostat.state.mode === MODE_GALVANOSTAT) !== isGalvanostat) {
        machine.fail(ScriptTrouble.wrongMode);
        return;
      }
      if (!potentiostat.state.isCellOn) {
        machine.fail(ScriptTrouble.needsCellOn);
        return;
      }
    }
    const shape = plan.shape(machine);
    if (typeof shape === "number") {
      machine.fail(shape);
      return;
    }
    const intervalS = shape.intervalS();
    const count = shape.count();
    if (!(intervalS > 0) || !(count >= 0 && count < POINTS_MAX)) {
      machine.fail(ScriptTrouble.invalidTime);
      return;
    }
    machine.say(`M${plan.technique}`);
    machine.open.push("*");
    measurement.startMs = machine.nowMs();
    measurement.intervalMs = intervalS * 1000;
    potentiostat.setAveraging(AVERAGED_SHARE * intervalS);
    measurement.taken = 0;
    measurement.count = count;
    measurement.shape = shape;
    measurement.exitAt = exitAt;
    measurement.isLate = false;
    next(machine);
  }

  /** Sets the level for the coming point and waits for its time. */
  function next(machine: Machine): void {
    const { potentiostat, measurement } = machine;
    const { taken, shape } = measurement;
    if (taken >= measurement.count) {
      machine.pc = exitAt;
      return;
    }
    const scanPoints = shape.scanPoints();
    if (scanPoints > 0 && taken % scanPoints === 0) {
      endScan(machine);
      machine.say(`C${String(taken / scanPoints).padStart(4, "0")}`);
      machine.open.push("-");
    }
    const nowMs = machine.nowMs();
    if (!isOpenCircuit && (isSweep || taken === 0)) {
      measurement.level = shape.level(taken);
      const trouble = potentiostat.drive(nowMs, measurement.level);
      if (trouble !== 0) {
        machine.fail(trouble);
        return;
      }
    }
    const dueMs = measurement.startMs + (taken + 1) * measurement.intervalMs;
    measurement.isLate = dueMs < nowMs;
    machine.pc = bodyAt;
    machine.waitUntil(Math.max(dueMs, nowMs));
  }

  function take(machine: Machine): void {
    const { potentiostat, measurement } = machine;
    measurement.taken += 1;
    const late = measurement.isLate ? 1 : 0;
    potentiostat.measure(machine.nowMs());
    if (isGalvanostat || isOpenCircuit)
      putMeasured(
        machine,
        voltage,
        potentiostat.state.voltageV,
        TYPE_AB,
        potentiostat.state.voltageStatus | late,
        potentiostat.voltageRange,
      );
    else putValue(machine, voltage, measurement.level, false, TYPE_DA);
    if (current !== null) {
      if (isGalvanostat) putValue(machine, current, measurement.level, false, TYPE_DB);
      else
        putMeasured(
          machine,
          current,
          potentiostat.state.currentA,
          TYPE_BA,
          potentiostat.state.currentStatus | late,
          potentiostat.state.currentRange,
        );
    }
    for (let index = 0; index < extra.length; index += 1) {
      const added = extra[index] as AddedMeasurement;
      if (added.type === TYPE_AB)
        putMeasured(
          machine,
          added.place,
          potentiostat.state.voltageV,
          TYPE_AB,
          potentiostat.state.voltageStatus,
          potentiostat.voltageRange,
        );
      else
        putMeasured(
          machine,
          added.place,
          potentiostat.state.currentA,
          TYPE_BA,
          potentiostat.state.currentStatus,
          potentiostat.state.currentRange,
        );
    }
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
        endScan(machine);
        machine.open.pop();
        machine.say("*");
      });
      return exitAt;
    },
  });
}

interface AddedMeasurement {
  readonly type: number;
  readonly place: Place;
}

/** `add_meas(channel type variable)`: a further quantity with every point. */
function addedMeasurements(builder: Builder, args: readonly Token[]): readonly AddedMeasurement[] {
  return optionsOf(args, "add_meas").map((option) => {
    const [channel, type, name] = option;
    if (channel === undefined || type === undefined || name === undefined)
      throw new ScriptRefused(ScriptTrouble.missingArgument, (channel ?? args[0])?.column ?? 1);
    const number = builder.type(type);
    if (!builder.features.supportsAddMeas || (number !== TYPE_AB && number !== TYPE_BA))
      throw new ScriptRefused(ScriptTrouble.optionNotAllowed, type.column);
    return { type: number, place: builder.variable(name) };
  });
}

function places(builder: Builder, args: readonly Token[], variables: number): readonly Place[] {
  return args.map((token, index) => (index < variables ? builder.variable(token) : builder.value(token)));
}

function place(all: readonly Place[], index: number): Place {
  return all[index] as Place;
}

/** Points of a hold: one after each whole interval. The sum keeps 2 s / 100 ms at 20 in binary. */
function holdCount(intervalS: number, runS: number): number {
  return Math.floor(runS / intervalS + 1e-9);
}

const NO_SCANS = (): number => 0;

/** `meas_loop_ca p c e interval run` and `meas_loop_cp p c i interval run`. */
function hold(technique: string, mode: "potentiostat" | "galvanostat"): Command {
  return (builder, args, command) => {
    const all = places(builder, checkCount(args, 5, command, ["add_meas"]), 2);
    const interval = place(all, 3);
    const plan: LoopPlan = {
      technique,
      mode,
      shape: (machine) => ({
        intervalS: () => valueAt(machine, interval),
        count: () => holdCount(valueAt(machine, interval), valueAt(machine, place(all, 4))),
        level: () => valueAt(machine, place(all, 2)),
        scanPoints: NO_SCANS,
      }),
      voltage: place(all, 0),
      current: place(all, 1),
    };
    emitLoop(builder, plan, args, command);
  };
}

/** `meas_loop_ocp p interval run`. */
const openCircuit: Command = (builder, args, command) => {
  const all = places(builder, checkCount(args, 3, command), 1);
  const interval = place(all, 1);
  const plan: LoopPlan = {
    technique: "000B",
    mode: "open circuit",
    shape: (machine) => ({
      intervalS: () => valueAt(machine, interval),
      count: () => holdCount(valueAt(machine, interval), valueAt(machine, place(all, 2))),
      level: () => 0,
      scanPoints: NO_SCANS,
    }),
    voltage: place(all, 0),
    current: null,
  };
  emitLoop(builder, plan, args, command);
};

function stepCount(from: number, to: number, step: number): number {
  return Math.round(Math.abs(to - from) / step);
}

/** `meas_loop_lsv p c begin end step rate`, and `meas_loop_lsp` with currents. */
function sweep(technique: string, mode: "potentiostat" | "galvanostat"): Command {
  return (builder, args, command) => {
    const all = places(builder, checkCount(args, 6, command, ["add_meas"]), 2);
    const plan: LoopPlan = {
      technique,
      mode,
      shape(machine) {
        const begin = valueAt(machine, place(all, 2));
        const end = valueAt(machine, place(all, 3));
        const step = Math.abs(valueAt(machine, place(all, 4)));
        if (step === 0) return ScriptTrouble.mustBePositive;
        const points = stepCount(begin, end, step) + 1;
        const stride = end < begin ? -step : step;
        return {
          intervalS: () => Math.abs(stride) / valueAt(machine, place(all, 5)),
          count: () => points,
          level: (index) => begin + index * stride,
          scanPoints: NO_SCANS,
        };
      },
      voltage: place(all, 0),
      current: place(all, 1),
    };
    emitLoop(builder, plan, args, command);
  };
}

/** `meas_loop_cv p c begin v1 v2 step rate [nscans(n)]`: begin to v1, to v2, back to begin, each scan with both ends. */
const cyclic: Command = (builder, args, command) => {
  const all = places(builder, checkCount(args, 7, command, ["add_meas", "nscans"]), 2);
  const scansToken = optionsOf(args, "nscans")[0]?.[0];
  const scans = scansToken === undefined ? null : builder.value(scansToken);
  const plan: LoopPlan = {
    technique: "0005",
    mode: "potentiostat",
    shape(machine) {
      const begin = valueAt(machine, place(all, 2));
      const step = Math.abs(valueAt(machine, place(all, 5)));
      if (step === 0) return ScriptTrouble.mustBePositive;
      const corners = [begin, valueAt(machine, place(all, 3)), valueAt(machine, place(all, 4)), begin];
      const counts = [0, 1, 2].map((leg) => stepCount(corners[leg] ?? 0, corners[leg + 1] ?? 0, step));
      const perScan = counts.reduce((sum, count) => sum + count, 1);
      const scanCount = scans === null ? 1 : Math.round(valueAt(machine, scans));
      if (!(scanCount > 0)) return ScriptTrouble.mustBePositive;
      return {
        intervalS: () => step / valueAt(machine, place(all, 6)),
        count: () => perScan * scanCount,
        level(index) {
          let left = index % perScan;
          for (let leg = 0; leg < 3; leg += 1) {
            const count = counts[leg] ?? 0;
            const from = corners[leg] ?? 0;
            const to = corners[leg + 1] ?? 0;
            if (left <= count) return from + Math.sign(to - from) * left * step;
            left -= count;
          }
          return begin;
        },
        scanPoints: () => (scanCount > 1 ? perScan : 0),
      };
    },
    voltage: place(all, 0),
    current: place(all, 1),
  };
  emitLoop(builder, plan, args, command);
};

/** Techniques this twin knows by name only: the block is read, and running it is refused as not supported. */
const unsupported: Command = (builder, args, command) => {
  if (builder.blocks.some((block) => block.kind === "measurement"))
    throw new ScriptRefused(ScriptTrouble.nestedMeasurementLoops, command.column);
  argument(args, 0, command);
  builder.emit((machine) => {
    machine.fail(ScriptTrouble.notSupported);
  });
  builder.blocks.push({
    kind: "measurement",
    exits: [],
    otherwise: null,
    hasElse: false,
    close: () => builder.emit(() => undefined),
  });
};

const UNSUPPORTED = ["acv", "dpv", "swv", "npv", "pad", "ca_alt_mux", "cp_alt_mux", "ocp_alt_mux"] as const;

export const MEASUREMENT_COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["meas_loop_ca", hold("0007", "potentiostat")],
  ["meas_loop_cp", hold("000A", "galvanostat")],
  ["meas_loop_ocp", openCircuit],
  ["meas_loop_lsv", sweep("0000", "potentiostat")],
  ["meas_loop_lsp", sweep("000F", "galvanostat")],
  ["meas_loop_cv", cyclic],
  ...UNSUPPORTED.map((name): [string, Command] => [`meas_loop_${name}`, unsupported]),
]);
