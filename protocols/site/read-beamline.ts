/** From the sections of the beamline's instruments to the site: names as code knows them, defaults filled in. */
import type { SafetyInput } from "./safety-inputs.ts";
import { ADAM } from "../wire/modbus-io/adam-6000.ts";
import type { DetectorSection, IoSection, StageSection } from "./beamline-schema.ts";
import type { KeepOut } from "./reach-map.ts";
import type { SiteAxis, SiteDetector, SiteIo, SitePattern, SiteStage } from "./site.ts";

export function stageOf(stage: StageSection): SiteStage {
  const common = {
    name: stage.name,
    link: stage.link,
    travelXMm: stage.travel_x_mm,
    travelYMm: stage.travel_y_mm,
    speedMmS: stage.speed_mm_s,
    accelerationMmS2: stage.acceleration_mm_s2,
    settleS: stage.settle_s,
    positionToleranceMm: stage.position_tolerance_mm,
    ...(stage.keep_out === undefined ? {} : { keepOut: stage.keep_out.map(keepOutOf) }),
  };
  if (stage.driver === "grbl") return { ...common, driver: stage.driver };
  return { ...common, driver: stage.driver, axes: { x: axisOf(stage.axes.x), y: axisOf(stage.axes.y) } };
}

function keepOutOf({ name, x_mm: x, y_mm: y }: NonNullable<StageSection["keep_out"]>[number]): KeepOut {
  return { name, fromXMm: x[0], toXMm: x[1], fromYMm: y[0], toYMm: y[1] };
}

function axisOf(axis: Extract<StageSection, { driver: "zaber-ascii" }>["axes"]["x"]): SiteAxis {
  return {
    device: axis.device,
    axis: axis.axis,
    microstepUm: axis.microstep_um,
    originMm: axis.origin_mm,
    isReversed: axis.reversed,
    serialNumber: axis.serial_number ?? null,
  };
}

export function detectorOf(detector: DetectorSection): SiteDetector {
  const common = {
    name: detector.name,
    link: detector.link,
    readOutS: detector.read_out_s,
    folder: detector.folder,
    pattern: detector.pattern === undefined ? null : patternOf(detector.pattern),
    ...(detector.saturation_counts === undefined ? {} : { saturationCounts: detector.saturation_counts }),
  };
  if (detector.driver === "dectris-camserver") return { ...common, driver: detector.driver };
  return {
    ...common,
    driver: detector.driver,
    serialNumber: detector.serial_number ?? null,
    photonEnergyKeV: detector.photon_energy_keV ?? null,
    ...(detector.frames_per_series === undefined ? {} : { framesPerSeries: detector.frames_per_series }),
  };
}

function patternOf(pattern: NonNullable<DetectorSection["pattern"]>): SitePattern {
  return {
    distanceMm: pattern.distance_mm,
    twoThetaDeg: [pattern.two_theta_min_deg, pattern.two_theta_max_deg],
    points: pattern.points,
    caglioti: pattern.caglioti_deg2,
  };
}

export function ioOf(io: IoSection, safetyInputs: readonly SafetyInput[] = []): SiteIo {
  const { inputs, outputs } = io;
  const wired = safetyInputs.flatMap(({ name, source }) =>
    source.kind === "interlock" ? [] : { name, bit: source.bit, troubleLevel: source.troubleLevel },
  );
  return {
    name: io.name,
    driver: io.driver,
    link: io.link,
    unitId: io.unit_id,
    ...(io.look_every_s === undefined ? {} : { lookEveryS: io.look_every_s }),
    map: {
      inputs: {
        shutterOpen: inputs.shutter_open,
        shutterClosed: inputs.shutter_closed,
        safetyShutterOpen: inputs.safety_shutter_open,
        safetyShutterClosed: inputs.safety_shutter_closed,
        interlocks: {
          searched: inputs.interlocks.searched,
          doorClosed: inputs.interlocks.door_closed,
          emergencyOk: inputs.interlocks.emergency_ok,
          motionEnabled: inputs.interlocks.motion_enabled,
          beamPermitted: inputs.interlocks.beam_permitted,
        },
        filters: inputs.filters,
        ...(inputs.permit_alive === undefined ? {} : { permitAlive: inputs.permit_alive }),
        ...(inputs.interlocks_in_series === undefined ? {} : { areInterlocksInSeries: inputs.interlocks_in_series }),
        ...(wired.length === 0 ? {} : { safety: wired }),
      },
      outputs: {
        shutterOpenRequest: outputs.shutter_open_request,
        shutterPermit: outputs.shutter_permit,
        safetyShutterRequest: outputs.safety_shutter_request,
        filters: outputs.filters,
        ...(outputs.heartbeat === undefined ? {} : { heartbeat: outputs.heartbeat }),
      },
    },
    ...(io.unit === "wago-750"
      ? {}
      : {
          adam: {
            model: io.unit,
            outputOffset: io.output_offset ?? ADAM.outputBits,
            hasSafetyRegisters: io.safety_registers ?? true,
          },
        }),
  };
}
