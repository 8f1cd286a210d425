/** Instruments that a site may do without: the robot that changes cells, code readers, gate generators, own sensors. */
import type { LakeshoreInput } from "../wire/lakeshore/lakeshore-lines.ts";
import type { LinkAddress, SensorQuantity, ShutterGate } from "./site.ts";

/** IRELEC's robots by how their states are laid out. */
export type ChangerModel = "CATS" | "ISARA";

export interface SiteSampleChanger {
  readonly name: string;
  readonly driver: "irelec-cats";
  /** Commands that act. */
  readonly link: LinkAddress;
  /** Questions. */
  readonly monitorLink: LinkAddress;
  readonly model: ChangerModel;
  readonly trayCount: number;
  readonly slotsPerTray: number;
  /** Number of the gripper in commands. */
  readonly tool: 2 | 3 | 5;
  readonly readsCodes: boolean;
  /** Added to the stage's coordinates of a cell in the beam, they bring it under the robot's handover place. */
  readonly handoverOffsetXMm: number;
  readonly handoverOffsetYMm: number;
  /** It brings each cell from its place on the rack to the one place in the beam, and back; left out: it loads the rack. */
  readonly toBeam?: SiteCellExchange;
}

/** How long the robot takes, as the site has timed it. */
export interface SiteCellExchange {
  /** One cell back to its place and the next one into the beam. */
  readonly exchangeS: number;
  /** Of it, to take the next one out of its place; a double gripper does that while the one before is exposed. */
  readonly fetchS: number;
}

export interface SiteBarcodeReader {
  readonly name: string;
  readonly driver: "serial-line";
  readonly link: LinkAddress;
  /** What starts a look, for a reader that looks on command. */
  readonly trigger: { readonly on: string; readonly off: string | null } | null;
  /** What tells a code from noise; the line has no checksum. */
  readonly code: SiteCodeRules;
}

export interface SiteCodeRules {
  readonly lengthMin?: number;
  readonly lengthMax?: number;
  /** A regular expression that the whole code matches. */
  readonly pattern?: string;
  /** Printed around every code and taken off. */
  readonly prefix?: string;
  readonly suffix?: string;
  /** What the reader prints when it saw none. */
  readonly noRead?: string;
}

/** A program that turns frames into patterns, wherever it runs. */
export interface SiteIntegrator {
  readonly name: string;
  readonly driver: "json-integrator";
  readonly link: LinkAddress;
  /** The longest it may take for one frame. */
  readonly timeoutS: number;
  /** Where the link leads to a broker. */
  readonly messages?: IntegratorMessages;
}

export interface IntegratorMessages {
  /** Questions go to `<topic>/ask`, answers come on `<topic>/answer`. */
  readonly topic: string;
  /** Who beamrack is at the broker, and the file that holds nothing but the password; null where it asks nobody. */
  readonly user: string | null;
  readonly passwordFile: string | null;
}

interface SiteTriggerCommon {
  readonly name: string;
  readonly link: LinkAddress;
  /** As the device names it; null for the driver's default. */
  readonly output: string | null;
  /** Its gates lie in the shutter's drive line; left out where they drive nothing that beamrack must know of. */
  readonly gates?: ShutterGate;
}

export type SiteTrigger =
  | (SiteTriggerCommon & {
      readonly driver: "srs-dg645";
      readonly serialNumber: string | null;
      /** What is missing is the driver's default: TTL, high during a gate. */
      readonly gate: { readonly amplitudeV?: number; readonly offsetV?: number; readonly isPositive?: boolean };
    })
  | (SiteTriggerCommon & {
      readonly driver: "pandabox";
      /** Of the box's blocks; what is missing is the driver's default. */
      readonly blocks: {
        readonly sequencer?: string;
        readonly counter?: string;
        readonly softBit?: "A" | "B" | "C" | "D";
      };
    });

interface SiteOwnSensorCommon {
  readonly name: string;
  readonly link: LinkAddress;
  readonly quantity: SensorQuantity;
  readonly maximumAgeS: number;
  /** As of a sensor at a broker. */
  readonly alarmAbove: number | null;
  readonly stopAbove: number | null;
}

/** A sensor with a cable of its own. */
export type SiteOwnSensor =
  | (SiteOwnSensorCommon & {
      readonly driver: "lakeshore-336";
      readonly input: LakeshoreInput;
      readonly serialNumber: string | null;
    })
  | (SiteOwnSensorCommon & {
      readonly driver: "eurotherm-modbus";
      readonly unitId: number;
      readonly form: "scaled" | "float";
    })
  | (SiteOwnSensorCommon & {
      readonly driver: "keithley-6485";
      readonly serialNumber: string | null;
      /** Units of the quantity per ampere. */
      readonly perAmpere: number;
      /** Full scale; null for automatic. */
      readonly rangeA: number | null;
      /** From reading to reading; the driver's own when left out. */
      readonly intervalS?: number;
    });
