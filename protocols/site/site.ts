/** The hardware of a site as the rest of beamrack sees it: parsed, checked, every default filled in. */
import type { SafetyInput } from "./safety-inputs.ts";
import type { Position } from "../base/position.ts";
import type { RackPlacement } from "../align/placement.ts";
import type { BeamProfile } from "../dose/beam-profile.ts";
import type { Layer } from "../dose/layer-stack.ts";
import type { Interlock } from "../roles/beam-io.ts";
import type { CyclerMap } from "../wire/modbus-cycler/register-map.ts";
import type { AdamModel } from "../wire/modbus-io/adam-6000.ts";
import type { ModbusIoMap } from "../wire/modbus-io/modbus-io-map.ts";
import type { NewareAddress } from "../wire/neware/channel-address.ts";
import type { SiteAlignment } from "./alignment.ts";
import type { KeepOut } from "./reach-map.ts";
import type { CorrectionFrame } from "../calibration/correction-frames.ts";
import type { MeasuredKind, SiteCalibrations } from "../calibration/calibration.ts";
import type { SiteBroker } from "./broker-schema.ts";
import type { SiteBarcodeReader, SiteIntegrator, SiteOwnSensor, SiteSampleChanger, SiteTrigger } from "./further.ts";

/** Where an instrument is plugged in. */
export type LinkAddress =
  | { readonly kind: "serial"; readonly path: string; readonly baud: number }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "http"; readonly host: string; readonly port: number }
  /** A two-wire bus: several units may share it, each with a number of its own. */
  | { readonly kind: "modbus-rtu"; readonly path: string; readonly baud: number; readonly parity: Parity }
  | { readonly kind: "mqtt"; readonly url: string };

export type Parity = "none" | "even" | "odd";

/** Stage coordinates of cell centres: A1 at the origin, columns along x, rows along y. */
export interface RackGeometry {
  readonly pitchMm: number;
  readonly originXMm: number;
  readonly originYMm: number;
  /** A blocked place off the cells where a beam that cannot be closed does no harm. */
  readonly shadow?: { readonly xMm: number; readonly yMm: number };
  /** Within what of its place a cell comes to lie that is taken out and put back; left out: half a millimetre. */
  readonly remountMm?: number;
  /** Where the stage waits, and people reach the rack; left out where it waits in the shadow itself. */
  readonly park?: { readonly xMm: number; readonly yMm: number };
  /** Where it stands by measurement; left out where the numbers above are believed. Never part of a site's hash. */
  readonly placement?: RackPlacement;
  /** When that was measured, UTC, ms. */
  readonly alignedAtMs?: number;
}

interface SiteStageCommon {
  readonly name: string;
  readonly link: LinkAddress;
  readonly travelXMm: number;
  readonly travelYMm: number;
  readonly speedMmS: number;
  readonly accelerationMmS2: number;
  /** Wait after coming to rest, before the shutter may open. */
  readonly settleS: number;
  readonly positionToleranceMm: number;
  /** Where it may not stand, nor pass; left out where nothing is in its way. */
  readonly keepOut?: readonly KeepOut[];
}

export type SiteStage =
  | (SiteStageCommon & { readonly driver: "grbl" })
  | (SiteStageCommon & {
      readonly driver: "zaber-ascii";
      readonly axes: { readonly x: SiteAxis; readonly y: SiteAxis };
    });

/** An axis of a chain of devices. */
export interface SiteAxis {
  readonly device: number;
  readonly axis: number;
  readonly microstepUm: number;
  /** The axis' own position at which the rack's coordinate is 0. */
  readonly originMm: number;
  /** The rack's coordinate counts against the axis. */
  readonly isReversed: boolean;
  readonly serialNumber: string | null;
}

export interface SiteShutter {
  /** Time from one switch to the other, each way. */
  readonly travelS: number;
  /** The permit lapses after this long without a heartbeat. */
  readonly watchdogMs: number;
  /** Worst case for the shutter upstream to close. */
  readonly safetyShutterCloseS: number;
  /** How the site's trigger times its opening; left out where software alone opens and closes it. */
  readonly gate?: ShutterGate;
}

/**
 * A gate generator's output in series with request and permit in the shutter's drive line: all three hold it open, any
 * of them lets it fall shut.
 */
export interface ShutterGate {
  /** The detector counts from at most this long before the gate: what reading back and firing the trigger may take. */
  readonly leadS: number;
}

/** A powder pattern as the detector's frames give it. */
export interface SitePattern {
  /** Sample to detector. */
  readonly distanceMm: number;
  /** First and last bin, degrees 2theta. */
  readonly twoThetaDeg: readonly [number, number];
  readonly points: number;
  /** Width of a line of a perfect powder (Caglioti): full width squared at half maximum, degrees squared. */
  readonly caglioti: { readonly U: number; readonly V: number; readonly W: number };
}

interface SiteDetectorCommon {
  readonly name: string;
  readonly link: LinkAddress;
  readonly readOutS: number;
  /** Folder for frames on the detector's own disk. */
  readonly folder: string;
  /** What its frames come to, once averaged over the rings; null where the site does not say. */
  readonly pattern: SitePattern | null;
  /** Counts in one bin or pixel from which on it no longer counts; left out where the site does not say. */
  readonly saturationCounts?: number;
}

export type SiteDetector =
  | (SiteDetectorCommon & { readonly driver: "dectris-camserver" })
  | (SiteDetectorCommon & {
      readonly driver: "dectris-simplon";
      readonly serialNumber: string | null;
      /** Set at the detector; null for keeping its own. */
      readonly photonEnergyKeV: number | null;
      /** Armed at once; left out: one. */
      readonly framesPerSeries?: number;
    });

interface SiteChannelCommon {
  readonly name: string;
  readonly position: Position;
  readonly link: LinkAddress;
  readonly serialNumber: string | null;
  readonly voltageMinV: number;
  readonly voltageMaxV: number;
  /** Largest current either way. */
  readonly currentMaxA: number;
  readonly sampleIntervalMinS: number;
  readonly techniques: readonly ChannelTechnique[];
  /** Of both current leads and their contacts together, to the cell and back; left out where the site does not say. */
  readonly leadResistanceOhm?: number;
}

export type SiteChannel =
  | (SiteChannelCommon & { readonly driver: "palmsens-methodscript" | "keithley-smu" })
  | (SiteChannelCommon & {
      readonly driver: "neware-bts";
      readonly cabinet: SiteNewareCabinet;
      readonly address: NewareAddress;
    })
  | (SiteChannelCommon & {
      readonly driver: "modbus-cycler";
      readonly map: CyclerMap;
      /** Null for the map's own. */
      readonly unitId: number | null;
    });

/** What the channels of a cabinet share: one client, one connection, one folder of step files. */
export interface SiteNewareCabinet {
  readonly name: string;
  /** As the instrument's computer sees it. */
  readonly stepFileFolder: string;
  /** The same folder as this computer sees it. */
  readonly writeFolder: string;
  /** Where the instrument's computer keeps its own copy of the data; null for its default. */
  readonly backupFolder: string | null;
}

export const CHANNEL_TECHNIQUES = [
  "open_circuit_voltage",
  "constant_current",
  "constant_voltage",
  "impedance_spectroscopy",
  "voltage_scan",
] as const;
export type ChannelTechnique = (typeof CHANNEL_TECHNIQUES)[number];

export interface SiteIo {
  readonly name: string;
  readonly driver: "modbus-io";
  readonly link: LinkAddress;
  readonly unitId: number;
  /** Its inputs are read so often while no permit of the shutter lives; once a second where the site does not say. */
  readonly lookEveryS?: number;
  readonly map: ModbusIoMap;
  /** Of an ADAM module; a WAGO 750 without. */
  readonly adam?: SiteAdam;
}

export interface SiteAdam {
  readonly model: AdamModel;
  /** Address of the first output. */
  readonly outputOffset: number;
  /** False where the module does not tell of its communication safety and the site vouches for it. */
  readonly hasSafetyRegisters: boolean;
}

/** A filter of the attenuator: `name`, thickness, density and composition, as the dose code wants them. */
export type SiteFilter = Layer;

/** How the current of the flux monitor becomes photons per second at the sample. */
export interface SiteFluxMonitor {
  /** Quantity of the sensor that gives the current. */
  readonly kind: "ion_chamber" | "diode";
  /** The gas between the plates, or the diode's silicon. */
  readonly layer: Layer;
  /** eV per pair; of silicon for a diode. */
  readonly pairEv: number;
  readonly darkA: number;
  /** Photons at the sample for each in the monitor: windows and air in between, calibration against a diode. */
  readonly factor: number;
  /** It watches the shutter then, and doses go by the ring current: it may stand behind filters too. */
  readonly isBehindShutter?: boolean;
}

export interface SiteBeam {
  readonly energyKeV: number;
  /** Photons per second at the sample position, before filters, at the reference ring current. */
  readonly fluxReferencePhS: number;
  readonly ringCurrentReferenceMa: number;
  /** The most the beam can ever give: charged when nothing better is known. */
  readonly fluxMaxPhS: number;
  readonly profile: BeamProfile;
  /** Left out where a sensor gives the flux itself. */
  readonly monitor?: SiteFluxMonitor;
  /** Fractions of the dose: 0.1 is ten per cent. */
  readonly uncertainty: {
    /** Of the flux monitor's word. */
    readonly flux: number;
    /** Of the flux as the ring current tells it, when the monitor does not: twice that of the monitor unless the file says so. */
    readonly fluxByRingCurrent: number;
    readonly profile: number;
    readonly position: number;
  };
}

export const SENSOR_QUANTITIES = [
  "ring_current",
  "flux",
  "ion_chamber",
  "diode",
  "temperature",
  "gas",
  "humidity",
] as const;
export type SensorQuantity = (typeof SENSOR_QUANTITIES)[number];
/** The unit in which each is given; another is refused. */
export const SENSOR_UNITS: Readonly<Record<SensorQuantity, string>> = {
  ring_current: "mA",
  flux: "ph/s",
  ion_chamber: "A",
  diode: "A",
  temperature: "degC",
  gas: "ppm",
  humidity: "%",
};
/** Without them no exposure is planned or charged: one sensor of each. */
export function beamQuantities(site: { readonly beam: SiteBeam }): readonly SensorQuantity[] {
  return ["ring_current", site.beam.monitor?.kind ?? "flux"];
}
/** What hangs over the rack: there may be several of each, each with levels of its own. */
export const RACK_QUANTITIES = ["temperature", "gas", "humidity"] as const satisfies readonly SensorQuantity[];

export interface SiteSensor {
  readonly name: string;
  readonly quantity: SensorQuantity;
  /** As `SENSOR_UNITS` has it. */
  readonly unit: string;
  readonly topic: string;
  /** Dotted path into a JSON payload; null when the payload is the number itself. */
  readonly jsonPath: string | null;
  readonly maximumAgeS: number;
  /** Above it an alarm is raised; null for none. */
  readonly alarmAbove: number | null;
  /** Above it exposing ends and every cell is put on open circuit; null for never. */
  readonly stopAbove: number | null;
}

/** One broker and what is heard on it. */
export interface SiteSensorSource {
  readonly name: string;
  readonly driver: "mqtt-sensor";
  readonly link: LinkAddress;
  readonly sensors: readonly SiteSensor[];
}

/** What the virtual world charges for talking and for making a record durable. */
export interface SiteLatencies {
  readonly serialRoundTripMs: number;
  readonly tcpRoundTripMs: number;
  readonly commitMs: number;
}

export interface Site {
  readonly name: string;
  readonly title: string;
  readonly rack: RackGeometry;
  readonly stage: SiteStage;
  readonly shutter: SiteShutter;
  readonly detector: SiteDetector;
  /** In the order of positions; one for each wired position. */
  readonly channels: readonly SiteChannel[];
  readonly io: SiteIo;
  readonly filters: readonly SiteFilter[];
  readonly beam: SiteBeam;
  readonly sensorSources: readonly SiteSensorSource[];
  /** Conditions that must hold for an exposure. */
  readonly interlocks: readonly Interlock[];
  readonly latencies: SiteLatencies;
  /** Left out where the embedded broker is on its usual port of this machine. */
  readonly broker?: SiteBroker;
  /** Left out where the site has none: the hash of a site without them stays what it was. */
  readonly sampleChanger?: SiteSampleChanger;
  readonly barcodeReader?: SiteBarcodeReader;
  readonly integrator?: SiteIntegrator;
  readonly trigger?: SiteTrigger;
  /** Sensors with a cable each, or with a bus. */
  readonly sensors?: readonly SiteOwnSensor[];
  /** Inputs that tell of trouble at the rack. */
  readonly safetyInputs?: readonly SafetyInput[];
  /** How rack, cells and beam are found. */
  readonly alignment?: SiteAlignment;
  /** What was measured of this site, and how old it may be. */
  readonly calibrations?: SiteCalibrations;
  /** Of what is required, where it was measured. */
  readonly measured?: readonly MeasuredKind[];
  /** What a running campaign takes beside the cells, by `calibrations.frames` and what was measured. */
  readonly corrections?: readonly CorrectionFrame[];
}
