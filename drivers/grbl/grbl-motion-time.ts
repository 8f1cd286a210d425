/** How long motions of the stage may take, for deadlines. */
import { GRBL_SETTING } from "../../protocols/wire/grbl/grbl-settings.ts";

/** Seek and locate of each axis at the controller's own feeds (1.5 travel and 5 pull-offs), twice over, and a minute. */
export function homingBoundMs(settings: ReadonlyMap<number, number>, travelMm: { x: number; y: number }): number {
  const seekMmS = (settings.get(GRBL_SETTING.homingSeekFeed) ?? 0) / 60;
  const locateMmS = (settings.get(GRBL_SETTING.homingLocateFeed) ?? 0) / 60;
  const pullOffMm = settings.get(GRBL_SETTING.pullOffMm) ?? 0;
  const seekS = seekMmS > 0 ? (1.5 * (travelMm.x + travelMm.y)) / seekMmS : 0;
  const locateS = locateMmS > 0 ? (10 * pullOffMm) / locateMmS : 0;
  return (2 * (seekS + locateS) + 60) * 1000;
}
