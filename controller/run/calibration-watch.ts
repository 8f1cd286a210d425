/**
 * What a site demands to be measured runs out while a campaign goes on: told some hours ahead, and when it has. Then exposures go
 * on, with the alarm beside them, or wait for a person, as the site says.
 */
import { durationText } from "../../protocols/base/duration-text.ts";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { MeasuredKind } from "../../protocols/calibration/calibration.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { BeamIo } from "../../protocols/roles/beam-io.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { Alarms } from "./alarms.ts";
import type { Obstacle } from "./sweep-desk.ts";

export interface CalibrationWatchDeps {
  readonly site: Pick<Site, "measured" | "calibrations">;
  /** Its start is campaign time zero. */
  readonly campaign: Pick<Campaign, "startMs">;
  readonly clock: Pick<Clock, "monoMs" | "setTimeout" | "clearTimeout">;
  readonly alarms: Pick<Alarms, "raise" | "clear">;
  readonly roles: { readonly io: Pick<BeamIo, "isLocked"> };
  /** What stands in the beam's way may have changed. */
  readonly changed: () => void;
}

export interface CalibrationWatch {
  start(): void;
  /** Something was measured anew: the site says what, and until when it holds. */
  measured(): void;
  /** `isAligning`: what an alignment measures is not waited for by that. */
  obstacle(isAligning?: boolean): Obstacle | null;
}

/** Time for a person to come, and for a measurement; of one that holds for less than a day, a sixth of it. */
const AHEAD_MS = 4 * 3_600_000;
const AHEAD_SHARE = 1 / 6;
/** The longest that a timer takes, and then some. */
const LOOK_MS = 24 * 3_600_000;

const BY_ALIGNMENT: readonly MeasuredKind["kind"][] = ["alignment", "beam_size"];

const SOON = "calibration.expires-soon";
const EXPIRED = "calibration.expired";

export function createCalibrationWatch(deps: CalibrationWatchDeps): CalibrationWatch {
  const { site, clock, alarms } = deps;
  const all = (): readonly MeasuredKind[] => site.measured ?? [];
  // Nothing is exposed in a rehearsal, and nothing waits for a measurement.
  const isHolding = site.calibrations?.whenExpired === "hold" && deps.roles.io.isLocked !== true;
  let timer: TimerHandle;

  const utcMs = (): number => deps.campaign.startMs + clock.monoMs();

  function aheadMs({ atMs, untilMs }: MeasuredKind): number {
    return untilMs - Math.min(AHEAD_MS, AHEAD_SHARE * (untilMs - atMs));
  }

  function tell(one: MeasuredKind): void {
    const { kind, atMs, untilMs } = one;
    const nowMs = utcMs();
    const measured = `${kind} was measured ${minute(atMs)}`;
    const state = untilMs <= nowMs ? EXPIRED : aheadMs(one) <= nowMs ? SOON : null;
    for (const code of [SOON, EXPIRED] as const) if (code !== state) alarms.clear(code, kind);
    if (state === null) return;
    const { advice } = FAULT_CATALOGUE[state];
    const until = `until ${minute(untilMs)}`;
    const after = isHolding ? "nothing is exposed from then on" : "exposures go on by what was measured";
    const what =
      state === SOON
        ? `${measured} and holds ${until}, ${durationText((untilMs - nowMs) / 1000)} from now`
        : `${measured} and held ${until}: ${after}`;
    alarms.raise({ code: state, where: kind, what, advice });
  }

  function look(): void {
    for (const one of all()) tell(one);
    const nowMs = utcMs();
    const next = all()
      .flatMap((one) => [aheadMs(one), one.untilMs])
      .filter((atMs) => atMs > nowMs);
    clock.clearTimeout(timer);
    if (next.length === 0) return;
    timer = clock.setTimeout(
      () => {
        look();
        deps.changed();
      },
      Math.min(LOOK_MS, Math.min(...next) - nowMs),
    );
  }

  return {
    start: look,
    measured: look,
    obstacle(isAligning = false) {
      const isMissed = ({ kind, untilMs }: MeasuredKind): boolean =>
        untilMs <= utcMs() && !(isAligning && BY_ALIGNMENT.includes(kind));
      const expired = isHolding ? all().filter(isMissed) : [];
      if (expired.length === 0) return null;
      const kinds = expired.map(({ kind }) => kind).join(", ");
      return { reason: `${kinds} to be measured anew: what was measured has expired`, who: "operator" };
    },
  };
}

/** `2026-03-02 08:00 UTC`. */
function minute(utcMs: number): string {
  return `${new Date(utcMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
