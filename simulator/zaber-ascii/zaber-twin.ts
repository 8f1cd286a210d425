/**
 * A chain of Zaber devices as seen from its serial port: one reply to each command it is addressed by, alerts when
 * an axis comes to rest, numbered and checked as asked for. Either one controller with two axes or two devices with
 * one axis each.
 */
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";
import type { StageAxis } from "../plant/stage-axes.ts";
import { createTwinAxis, type TwinAxis } from "./zaber-twin-axis.ts";
import { perform, type TwinDevice } from "./zaber-twin-device.ts";
import { packets, readCommand, two, type TwinCommand } from "./zaber-twin-line.ts";

export interface ZaberTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly axes: { readonly x: StageAxis; readonly y: StageAxis };
  readonly travelMm: { readonly x: number; readonly y: number };
  readonly motion: { readonly speedMmS: number; readonly accelerationMmS2: number };
  /** Both axes on device 1, or x on device 1 and y on device 2. Default: one. */
  readonly wiring?: "one-device" | "two-devices";
  /** Default 0.15625. */
  readonly microstepUm?: number;
  /** Where homing leaves each axis, and position 0. Default 0. */
  readonly homeMm?: { readonly x: number; readonly y: number };
  readonly firmware?: string;
  readonly serialNumber?: string;
  /** Settings of each device when the world begins; they outlive a power cycle. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface ZaberTwin {
  readonly x: TwinAxis;
  readonly y: TwinAxis;
  /** Power off and on: places and references are lost, settings stay. Nothing is said of it. */
  powerCycle(): void;
}

const LINE_LENGTH_MAX = 256;

export function createZaberTwin(deps: ZaberTwinDeps): ZaberTwin {
  const { end, clock, axes, travelMm, motion } = deps;
  const microstepUm = deps.microstepUm ?? 0.15625;
  const homeMm = deps.homeMm ?? { x: 0, y: 0 };
  const wiring = deps.wiring ?? "one-device";
  const encoder = new TextEncoder();
  const places = {
    x: { device: 1, axis: 1 },
    y: wiring === "one-device" ? { device: 1, axis: 2 } : { device: 2, axis: 1 },
  };
  let partial = "";

  function axisTwin(which: "x" | "y"): TwinAxis {
    return createTwinAxis({
      clock,
      axis: axes[which],
      microstepUm,
      speedMmS: motion.speedMmS,
      accelerationMmS2: motion.accelerationMmS2,
      travelMm: travelMm[which],
      homeMm: homeMm[which],
      onRest: () => {
        alert(which);
      },
    });
  }

  const x = axisTwin("x");
  const y = axisTwin("y");
  const devices: TwinDevice[] = (wiring === "one-device" ? [[x, y]] : [[x], [y]]).map((own, index) => ({
    address: index + 1,
    axes: own,
    settings: new Map<string, string>([
      ["deviceid", wiring === "one-device" ? "30222" : "50081"],
      ["version", deps.firmware ?? "7.35"],
      ["system.serial", String(Number(deps.serialNumber ?? "118025") + index)],
      ["system.axiscount", String(own.length)],
      ["comm.checksum", "0"],
      ["comm.alert", "0"],
      ...Object.entries(deps.settings ?? {}),
    ]),
    outputs: [false, false, false, false],
    inputs: [false, false, false, false],
  }));

  function flagOf(own: readonly TwinAxis[]): string {
    // Faults before warnings before notes; within an axis they come sorted.
    const flags = own.flatMap((axis) => axis.flags().slice(0, 1));
    return flags.find((flag) => flag.startsWith("F")) ?? flags.find((flag) => flag.startsWith("W")) ?? flags[0] ?? "--";
  }

  function say(text: string): void {
    end.send(encoder.encode(text));
  }

  function alert(which: "x" | "y"): void {
    const { device: address, axis } = places[which];
    const device = devices.find((each) => each.address === address);
    if (device?.settings.get("comm.alert") !== "1") return;
    const own = which === "x" ? x : y;
    const head = `!${two(address)} ${axis} ${own.isBusy ? "BUSY" : "IDLE"}`;
    say(packets(head, { device: address, axis, id: null }, flagOf([own]), hasChecksum(device)));
  }

  function hasChecksum(device: TwinDevice): boolean {
    return device.settings.get("comm.checksum") === "1";
  }

  function answer(device: TwinDevice, command: TwinCommand): void {
    const { axis, id, words } = command;
    const outcome = id !== null && id > 99 ? { isAccepted: false, data: "BADMESSAGEID" } : perform(device, axis, words);
    const own = axis === 0 || axis > device.axes.length ? device.axes : device.axes.slice(axis - 1, axis);
    const state = own.some((each) => each.isBusy) ? "BUSY" : "IDLE";
    const shown = id !== null && id > 99 ? null : id;
    const head =
      `@${two(device.address)} ${Math.min(axis, 9)}${shown === null ? "" : ` ${two(shown)}`} ` +
      `${outcome.isAccepted ? "OK" : "RJ"} ${state} ${flagOf(own)}`;
    say(
      packets(head, { device: device.address, axis: Math.min(axis, 9), id: shown }, outcome.data, hasChecksum(device)),
    );
  }

  function receive(byte: number): void {
    if (byte !== 0x0a && byte !== 0x0d) {
      if (partial.length < LINE_LENGTH_MAX) partial += String.fromCharCode(byte);
      return;
    }
    const command = readCommand(partial);
    partial = "";
    if (command === undefined) return;
    for (const device of devices) {
      if (command.device === 0 || command.device === device.address) answer(device, command);
    }
  }

  end.onData((chunk) => {
    for (const byte of chunk) receive(byte);
  });

  return {
    x,
    y,
    powerCycle() {
      partial = "";
      x.reset();
      y.reset();
    },
  };
}
