/** The instruments of a campaign by the parts they play. */
import type { Position } from "../../protocols/base/position.ts";
import type { BeamIo } from "../../protocols/roles/beam-io.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import type { Detector } from "../../protocols/roles/detector.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { SampleChanger } from "../../protocols/roles/sample-changer.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import type { Stage } from "../../protocols/roles/stage.ts";
import type { Trigger } from "../../protocols/roles/trigger.ts";

export interface AddedChannel {
  readonly channel: Channel;
  /** It was no instrument of the campaign so far. */
  readonly isNew: boolean;
}

/** A sensor that is only looked at, with the levels that a site gives it. */
export interface WatchedSensor {
  readonly sensor: Sensor;
  readonly alarmAbove: number | null;
  readonly stopAbove: number | null;
}

export interface CampaignRoles {
  readonly stage: Stage;
  readonly io: BeamIo;
  readonly detector: Detector;
  /** Its gates time the shutter; left out where none does. */
  readonly trigger?: Trigger;
  /** Brings cells to the beam; left out where the stage carries the rack. */
  readonly changer?: SampleChanger;
  readonly ringCurrent: Sensor;
  readonly flux: Sensor;
  /** The diode behind the rack: what of the beam came through a cell. Left out where the site has none. */
  readonly transmitted?: Sensor;
  /** Reads frames as patterns; without it nothing is known of them but their names. */
  readonly integrator?: Integrator;
  /** Everything else that a site measures: over the rack, and of the beam. */
  readonly watched?: readonly WatchedSensor[];
  /**
   * Takes the channel of this position among `channels`, as its last, and among `instruments` where it is a new one;
   * opens nothing yet. Left out where no cell can join a run under way. Throws Fault `site.invalid` for a position that
   * is not wired.
   */
  readonly addChannel?: (position: Position) => AddedChannel;
  /** One per cell, in the order of the campaign's cells. */
  readonly channels: readonly Channel[];
  /** Everything with a link, in the order of connecting. */
  readonly instruments: readonly Instrument[];
  /** Names of the instruments without which nothing is exposed. */
  readonly beamline: readonly string[];
}
