/** The disk under the record, in a line: `120 GB free, full in about 3 d 4 h`. */
import type { BusCampaign } from "../../protocols/bus/rack-views.ts";
import { durationText } from "../../protocols/base/duration-text.ts";

export function diskText({ free_GB: freeGb, hours_left: hoursLeft }: NonNullable<BusCampaign["disk"]>): string {
  return `${freeGb} GB free${hoursLeft === null ? "" : `, full in about ${durationText(hoursLeft * 3600)}`}`;
}
