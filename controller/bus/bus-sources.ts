/** What the views of the bus are made from. */
import { placeText } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { DiskForecast } from "../run/disk-watch.ts";
import type { CampaignRoles } from "../run/roles.ts";
import type { CampaignRun } from "../run/run-types.ts";
import type { BusAlarmDesk } from "./bus-alarm-desk.ts";
import type { BusFold } from "./bus-fold.ts";
import type { Versions } from "./versions.ts";

export interface BusSources {
  readonly campaign: Campaign;
  readonly site: Site;
  readonly world: "virtual" | "bench" | "site";
  readonly seed: number | null;
  /** That the virtual world was given. */
  readonly faults: string | null;
  readonly run: CampaignRun;
  readonly roles: CampaignRoles;
  readonly fold: BusFold;
  readonly alarmDesk: BusAlarmDesk;
  readonly versions: Versions;
  /** How long an instrument takes to answer, of late; null while nobody knows. */
  readonly answerMs?: ((instrument: string) => number | null) | undefined;
  /** Of the disk under the record; null while nobody knows. */
  readonly disk?: (() => DiskForecast | null) | undefined;
  /** Campaign milliseconds. */
  readonly nowMs: () => number;
  /** UTC milliseconds at campaign time zero. */
  readonly startMs: number;
  /** When the campaign's time is over, campaign milliseconds; Infinity where nothing says so. */
  readonly endAtMs: number;
  /** Seconds of the campaign for one of the day; 0 when it stands still. */
  readonly pace: () => number;
}

/** A campaign time as it stands on the bus. */
export function timeText({ startMs }: Pick<BusSources, "startMs">, atMs: number): string {
  return new Date(startMs + atMs).toISOString();
}

/** Null for what is not known, never came, or never ends. */
export function timeTextOrNull(sources: Pick<BusSources, "startMs">, atMs: number | null | undefined): string | null {
  return atMs == null || !Number.isFinite(atMs) ? null : timeText(sources, atMs);
}

/** The place, and the cell's own name where another lay there before it. */
export function placed(position: string): { readonly position: string; readonly occupant?: string } {
  const place = placeText(position);
  return place === position ? { position } : { position: place, occupant: position };
}
