/** The `$` commands that the simulated controller only takes at rest: queries, settings, unlock, check mode, homing. */
import type { TwinCoordinates } from "./grbl-twin-coordinates.ts";
import { placeText } from "./grbl-twin-report.ts";
import type { TwinSettings } from "./grbl-twin-settings.ts";

export interface SystemResult {
  /** Printed before the answer. */
  readonly lines: readonly string[];
  /** 0 answers `ok`. Homing answers by itself when it is done. */
  readonly error: number;
  readonly effect: "none" | "unlock" | "check" | "sleep" | "home";
}

export function runSystemCommand(
  line: string,
  settings: TwinSettings,
  coordinates: TwinCoordinates,
  isLocked: boolean,
): SystemResult {
  switch (line) {
    case "$":
      return printed("[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]");
    case "$$":
      return printed(...settings.lines());
    case "$I":
      return printed("[VER:1.1h.20190830:]", "[OPT:V,15,128]");
    case "$N":
      return printed("$N0=", "$N1=");
    case "$#":
      return printed(
        ...coordinates.offsets.map((place, index) => `[G${54 + index}:${placeText(place, settings.get(13) !== 0)}]`),
      );
    case "$X":
      return isLocked
        ? { lines: ["[MSG:Caution: Unlocked]"], error: 0, effect: "unlock" }
        : { lines: [], error: 0, effect: "none" };
    case "$C":
      return isLocked
        ? { lines: [], error: 8, effect: "none" }
        : { lines: ["[MSG:Enabled]"], error: 0, effect: "check" };
    case "$SLP":
      return { lines: [], error: 0, effect: "sleep" };
    case "$H":
      return settings.get(22) === 0 ? { lines: [], error: 5, effect: "none" } : { lines: [], error: 0, effect: "home" };
    case "$RST=$":
    case "$RST=*":
      settings.restoreDefaults();
      return printed("[MSG:Restoring defaults]");
    default:
      return { lines: [], error: writeSetting(line, settings), effect: "none" };
  }
}

function printed(...lines: string[]): SystemResult {
  return { lines, error: 0, effect: "none" };
}

function writeSetting(line: string, settings: TwinSettings): number {
  const match = /^\$(\d+)=(.*)$/.exec(line);
  if (match?.[1] === undefined || match[2] === undefined) return 3;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(match[2])) return 2;
  return settings.write(Number(match[1]), Number(match[2]));
}
