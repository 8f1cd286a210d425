/** The settings of a GRBL 1.1 controller that decide whether it is the stage of the site file. */

/** Numbers as on the wire. Units there are always millimetres, even with `$13=1`. */
export const GRBL_SETTING = {
  reportMask: 10,
  reportInches: 13,
  softLimits: 20,
  homing: 22,
  homingDirectionMask: 23,
  /** mm/min */
  homingLocateFeed: 24,
  /** mm/min */
  homingSeekFeed: 25,
  pullOffMm: 27,
  /** mm/min */
  maximumRateX: 110,
  maximumRateY: 111,
  /** mm/s2 */
  accelerationX: 120,
  accelerationY: 121,
  travelXMm: 130,
  travelYMm: 131,
} as const;

export type GrblSettings = ReadonlyMap<number, number>;

export interface GrblExpectation {
  readonly speedMmS: number;
  readonly accelerationMmS2: number;
  readonly travelXMm: number;
  readonly travelYMm: number;
}

/**
 * What is wrong with the settings read by `$$`, one sentence each; empty when they are the site's. Soft limits and
 * homing must be on, since nothing else keeps the stage inside its travel, and positions must be reported as
 * machine coordinates in millimetres.
 */
export function grblSettingMismatches(settings: GrblSettings, expected: GrblExpectation): string[] {
  const wanted: readonly (readonly [number, string, number])[] = [
    [GRBL_SETTING.maximumRateX, "maximum rate X in mm/min", expected.speedMmS * 60],
    [GRBL_SETTING.maximumRateY, "maximum rate Y in mm/min", expected.speedMmS * 60],
    [GRBL_SETTING.accelerationX, "acceleration X in mm/s2", expected.accelerationMmS2],
    [GRBL_SETTING.accelerationY, "acceleration Y in mm/s2", expected.accelerationMmS2],
    [GRBL_SETTING.travelXMm, "travel X in mm", expected.travelXMm],
    [GRBL_SETTING.travelYMm, "travel Y in mm", expected.travelYMm],
    [GRBL_SETTING.softLimits, "soft limits", 1],
    [GRBL_SETTING.homing, "homing", 1],
    [GRBL_SETTING.reportInches, "reports in inches", 0],
  ];
  const mismatches: string[] = [];
  for (const [number, meaning, value] of wanted) {
    const found = settings.get(number);
    if (found === undefined) mismatches.push(`$${number} (${meaning}) was not listed`);
    else if (Math.abs(found - value) > 1e-3 * Math.max(1, Math.abs(value))) {
      mismatches.push(`$${number} (${meaning}) is ${found}, the site file wants ${value}`);
    }
  }
  const mask = settings.get(GRBL_SETTING.reportMask);
  if (mask === undefined || mask % 2 !== 1) {
    mismatches.push(`$${GRBL_SETTING.reportMask} (report mask) is ${mask ?? "missing"}, bit 0 must be set`);
  }
  return mismatches;
}
