/**
 * A MethodSCRIPT potentiostat with one coin cell: answers the bytes of the dialect and runs scripts against the
 * plant. It keeps nothing for a host that is away: a script runs on, the cell stays energised, and its data are
 * lost. Written from the vendor's published documents; shares no code with the driver's side.
 */
import type { Felt } from "../plant/felt.ts";
import type { InstrumentTrouble } from "../measurement/instrument-trouble.ts";
import type { CellPlant, DeviceEnd, WorldClock } from "../plant/plant.ts";
import { createInstrumentClock, onInstrumentTime } from "./instrument-clock.ts";
import { INSTRUMENT_MODELS, type ModelName } from "./instrument-models.ts";
import { createPackageWriter } from "./package-writer.ts";
import { createPotentiostat, type MeasurementResolution } from "./potentiostat.ts";
import { compileScript } from "./script-compiler.ts";
import { errorDigits, ScriptTrouble } from "./script-errors.ts";
import { createScriptMachine, type Program } from "./script-machine.ts";

export interface MethodScriptTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly cell: CellPlant;
  /** Default `es4_hr`. */
  readonly model?: ModelName;
  readonly serialNumber: string;
  readonly measurement?: MeasurementResolution;
  /** Firmware with `add_meas` in potential loops and `eis_acdc` in those of impedance. Default true. */
  readonly supportsAddMeas?: boolean;
  /** Input is ignored for this long after an error. Default 75 ms, within the documented 50 to 100. */
  readonly deafMs?: number;
  /** Longest script in bytes. Default 16384. */
  readonly scriptBytesMax?: number;
  /** Elements of one array. Default 20000. */
  readonly arrayElementsMax?: number;
}

export interface MethodScriptTwin {
  readonly isRunning: boolean;
  readonly isCellOn: boolean;
  /** Data packages made, whether or not anybody listened. */
  readonly packageCount: number;
  /** Power off and on: the script, the loaded program and half-received lines are gone, the cell is let go. */
  powerCycle(): void;
  /** From now on; null: all is well again. */
  spoil(trouble: InstrumentTrouble | null, felt?: Felt): void;
}

/** 255 characters and the line end. */
const LINE_BYTES_MAX = 256;
const NEWLINE = 0x0a;

export function createMethodScriptTwin(deps: MethodScriptTwinDeps): MethodScriptTwin {
  const { end, clock } = deps;
  const model = INSTRUMENT_MODELS[deps.model ?? "es4_hr"];
  const deafMs = deps.deafMs ?? 75;
  const scriptBytesMax = deps.scriptBytesMax ?? 16_384;
  const features = {
    model,
    supportsAddMeas: deps.supportsAddMeas ?? true,
    arrayElementsMax: deps.arrayElementsMax ?? 20_000,
  };
  const ticking = createInstrumentClock(clock);
  const potentiostat = createPotentiostat(model, deps.cell, deps.measurement ?? {});
  const registers = new Map<string, string>();

  let line = "";
  let isLineTooLong = false;
  let deafUntilMs = Number.NEGATIVE_INFINITY;
  let packageCount = 0;
  let refusesAll = false;
  let feltTrouble: Felt | undefined;
  let loaded: Program | null = null;
  /** The script being received after `l` or `e`, or null. */
  let receiving: { readonly command: "l" | "e"; readonly lines: string[]; bytes: number } | null = null;

  const machine = createScriptMachine({
    clock: ticking,
    potentiostat,
    writer: createPackageWriter(),
    send: (bytes) => {
      if (bytes[0] === 0x50) packageCount += 1;
      end.send(bytes);
    },
    onEnd: (error) => {
      if (error === null) {
        say("\n");
        return;
      }
      // No blank line and no `on_finished:` after a run-time error; the cell stays as it is.
      say(`!${errorDigits(error.code)}: Line ${error.line}\n`);
      goDeaf();
    },
  });

  function say(text: string): void {
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
    end.send(bytes);
  }

  function goDeaf(): void {
    deafUntilMs = clock.nowMs() + deafMs;
  }

  function refuse(command: string, code: number): void {
    say(`${command}!${errorDigits(code)}\n`);
    goDeaf();
  }

  function onLine(text: string): void {
    if (receiving !== null) {
      onScriptLine(text);
      return;
    }
    if (text === "") return;
    if (refusesAll) {
      feltTrouble?.();
      refuse(text.charAt(0), ScriptTrouble.flashFailed);
      return;
    }
    if (text === "Z" || text === "Y" || text === "h" || text === "H" || text === "R") {
      onRunTimeCommand(text);
      return;
    }
    const first = text.charAt(0);
    if (machine.isRunning()) {
      refuse(first, ScriptTrouble.wrongModeNow);
      return;
    }
    switch (text) {
      case "t":
        say(`t${model.version[0]}\n`);
        say(`${model.version[1]}\n`);
        return;
      case "i":
      case "m":
        say(`${text}${deps.serialNumber}\n`);
        return;
      case "v":
        say("v0108\n");
        return;
      case "l":
      case "e":
        say(text);
        receiving = { command: text, lines: [], bytes: 0 };
        return;
      case "r":
        if (loaded === null) refuse("r", ScriptTrouble.noScript);
        else {
          say("r\n");
          machine.start(loaded);
        }
        return;
      default:
        onRegister(text, first);
    }
  }

  function onRegister(text: string, first: string): void {
    const register = /^[GS]([0-9A-F]{2})(.*)$/.exec(text);
    if (register === null) {
      refuse(first, ScriptTrouble.unknownCommand);
      return;
    }
    const [, name = "", value = ""] = register;
    if (first === "S") {
      registers.set(name, value);
      say("S\n");
    } else if (registers.has(name)) say(`G${registers.get(name) ?? ""}\n`);
    else refuse("G", ScriptTrouble.unknownRegister);
  }

  function onRunTimeCommand(command: "Z" | "Y" | "h" | "H" | "R"): void {
    if (!machine.isRunning()) {
      refuse(command, ScriptTrouble.wrongModeNow);
      return;
    }
    switch (command) {
      case "Z":
        say("Z\n");
        machine.stop();
        return;
      case "Y":
        if (machine.measurement.exitAt < 0) refuse("Y", ScriptTrouble.wrongModeNow);
        else {
          say("Y\n");
          machine.endMeasurement();
        }
        return;
      case "h":
        say("h\n");
        machine.halt();
        return;
      case "H":
        say("H\n");
        machine.resume();
        return;
      case "R":
        refuse("R", ScriptTrouble.notSupported);
    }
  }

  function onScriptLine(text: string): void {
    if (receiving === null) return;
    if (text !== "") {
      receiving.bytes += text.length + 1;
      // The rest is read and dropped, so that the answer still comes after the blank line.
      if (receiving.bytes <= scriptBytesMax) receiving.lines.push(text);
      return;
    }
    const { command, lines, bytes } = receiving;
    receiving = null;
    loaded = null;
    if (bytes > scriptBytesMax) {
      refuseScript(ScriptTrouble.scriptTooLarge, lines.length + 1, 1);
      return;
    }
    const compiled = compileScript(lines, features);
    if ("error" in compiled) {
      refuseScript(compiled.error.code, compiled.error.line, compiled.error.column);
      return;
    }
    loaded = compiled.program;
    say("\n");
    if (command === "e") machine.start(loaded);
  }

  /** The echo went out when the command came, so only the rest of the answer follows. */
  function refuseScript(code: number, lineNumber: number, column: number): void {
    say(`!${errorDigits(code)}: Line ${lineNumber}, Col ${column}\n`);
    goDeaf();
  }

  end.onData((chunk) => {
    for (const byte of chunk) {
      if (clock.nowMs() < deafUntilMs) {
        line = "";
        isLineTooLong = false;
        continue;
      }
      if (byte !== NEWLINE) {
        if (line.length + 1 >= LINE_BYTES_MAX) isLineTooLong = true;
        else line += String.fromCharCode(byte);
        continue;
      }
      const text = line;
      const wasTooLong = isLineTooLong;
      line = "";
      isLineTooLong = false;
      if (!wasTooLong) onLine(text);
      else {
        const command = receiving === null ? text.charAt(0) : "";
        receiving = null;
        refuse(command, ScriptTrouble.commandTooLong);
      }
    }
  });

  return {
    get isRunning() {
      return machine.isRunning();
    },
    get isCellOn() {
      return potentiostat.state.isCellOn;
    },
    get packageCount() {
      return packageCount;
    },
    powerCycle() {
      machine.kill();
      potentiostat.switchOff(clock.nowMs());
      potentiostat.setMode(0);
      loaded = null;
      receiving = null;
      line = "";
      isLineTooLong = false;
    },
    spoil(trouble, felt) {
      if (trouble?.how === "fails") {
        if (machine.isRunning()) felt?.();
        machine.breakOff(ScriptTrouble.cellOverloaded);
        return;
      }
      feltTrouble = felt;
      refusesAll = trouble?.how === "errors";
      potentiostat.jumpRanges(trouble?.how === "range-jumps", felt);
      // What runs is dated by the clock that is off.
      if (trouble?.how === "clock" && machine.isRunning()) felt?.();
      if (trouble?.how !== "clock" && !ticking.isOff) return;
      if (!ticking.isOff) onInstrumentTime(potentiostat, ticking);
      ticking.drift(trouble?.how === "clock" ? trouble.share : 0);
    },
  };
}
