/** What a run is made of, and what is seen of it. */
import type { AccessDesk } from "../access/access-desk.ts";
import type { AlignDesk, KeepAlignment } from "../align/align-desk.ts";
import type { AmendDesk } from "../amendments/amend-desk.ts";
import type { ChangerDesk } from "../changer/changer-desk.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { LatticeTables } from "../../protocols/diffraction/lattice-tables.ts";
import type { InputLevels } from "../../protocols/roles/beam-io.ts";
import type { IdentitySource } from "../custody/identity-proof.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { BeamVerdict } from "../../protocols/verdict/beam-verdict.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { CampaignActor } from "../machines/campaign-machine.ts";
import type { RecordStore } from "../record/store.ts";
import type { Decided } from "../schedule/wish-plan.ts";
import type { LeftRun } from "../resume/read-run.ts";
import type { Alarms } from "./alarms.ts";
import type { ActorViews } from "./actor-views.ts";
import type { CampaignRoles } from "./roles.ts";
import type { CampaignStops } from "../stops/campaign-stops.ts";
import type { SweepDesk } from "./sweep-desk.ts";
import type { SweepBoundS, Tally } from "./tally.ts";
import type { CommandedWish, ExposeCommand } from "../triggers/commanded.ts";
import type { WishDesk } from "./wish-desk.ts";

export interface CampaignRunDeps {
  readonly campaign: Campaign;
  /** Of the campaign that the record was begun with; left out where nobody amends it. */
  readonly campaignHash?: string;
  readonly site: Site;
  readonly clock: Clock;
  readonly store: RecordStore;
  readonly roles: CampaignRoles;
  readonly tables: AttenuationTables;
  /** How lattices go with lithium; needed to compare control spots. */
  readonly lattice?: LatticeTables;
  /** Campaign time after which nothing new is begun. */
  readonly endAtMs: number;
  /** Chance in [0, 1) for the pauses between tries of a lost instrument; none in the virtual world. */
  readonly jitter?: () => number;
  /** A disk that refuses the record is waited for, and nothing exposed meanwhile; otherwise it ends the run. */
  readonly waitsForDisk?: boolean;
  /** What each cell is held against before its first current, in the order of the campaign's cells; where it names a custody. */
  readonly identity?: IdentitySource;
  /** What a sweep must take at least; sweeps are told without it where left out. */
  readonly sweepBoundS?: SweepBoundS;
  /** Every request and opening is kept for whoever knows the truth. */
  readonly keepsClaims?: boolean;
  /** Takes what is found where the rack is aligned by the run; left out where the site has no file for it. */
  readonly keepAlignment?: KeepAlignment;
  /** What a run before left in the folder: this one goes on from there. */
  readonly left?: LeftRun;
  /** Who says that what was held, or waits to be re-armed, may go on. */
  readonly resumedBy?: string;
}

export interface CampaignRun {
  readonly actor: CampaignActor;
  /** In force now: it is amended in place. */
  readonly campaign: Campaign;
  readonly amendments: AmendDesk;
  /** Of the rack, by the run itself. */
  readonly alignment: Pick<AlignDesk, "refusal" | "order" | "obstacle">;
  /** Persons at the rack. */
  readonly access: Omit<AccessDesk, "roles" | "guard" | "goOn">;
  readonly views: ActorViews;
  readonly tally: Tally;
  readonly alarms: Alarms;
  /** Where triggers and people ask for exposures with windows. */
  readonly wishes: WishDesk;
  /** An exposure by command; refused with its reason, or asked for. */
  expose(command: ExposeCommand): CommandedWish;
  /** What the scheduler decided last; null where nothing has a window. */
  planned(): Decided | null;
  /** How many fit before the end, and when each is due. */
  readonly sweeps: Pick<SweepDesk, "sweepCountPlanned" | "window">;
  limitFractionMax(): number;
  /** With open bookings counted in full. */
  limitFractionBooked(): number;
  /** Of one cell, by the upper value of what was settled. */
  limitFractionOf(cellIndex: number): number;
  openBookingCount(): number;
  /** Of the folder: with those that processes before left in it. */
  sampleCount(): number;
  /** The last sample and the charge of each cell, for those who show them. */
  readonly samples: Pick<SampleIntake, "lastAtMs" | "lastVoltageV" | "lastCurrentA" | "chargeAh" | "totals">;
  /** What the safety supervisor read last; null before it did. */
  levels(): InputLevels | null;
  /** The last look at control spots; null before the first, and in a campaign without controls. */
  beamEffect(): BeamVerdict | null;
  /** What the beam waits for, if it waits. */
  /** Of a site whose cells a robot brings to the beam: where they are, and the arm's stop. */
  readonly changer?: Pick<ChangerDesk, "inBeam" | "fetched" | "obstacle" | "isMoving">;
  note(): string | null;
  /** Every stop is carried out here, whoever orders it. */
  readonly stops: CampaignStops;
  /** The store could not be written, or a part of beamrack broke: nothing more is done. */
  failure(): Error | null;
  isDone(): boolean;
  start(): void;
  /** A person ends the run: what is held from here on is held for that, and not beyond it. */
  noteEnd(reason: string): void;
}
