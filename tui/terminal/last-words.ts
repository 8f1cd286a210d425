/** What is left on the terminal when the screens are gone: one line on how the run stands. Pure. */
import { isLive, untakenCount, type RackView } from "./model/rack-view.ts";
import { countText, longSpanText } from "./text/values.ts";

export function lastWords(rack: RackView): string {
  const { campaign } = rack;
  if (campaign === null) return "Left. Nothing was heard of a campaign.";
  const untaken = untakenCount(rack);
  const of = campaign.duration_s === null ? "" : ` of ${longSpanText(campaign.duration_s)}`;
  const parts = [
    `${campaign.campaign} on ${campaign.site} ${campaign.state}`,
    `${longSpanText(campaign.elapsed_s)}${of}`,
    untaken === 0
      ? "no alarm untaken"
      : `${countText(untaken)} ${untaken === 1 ? "alarm" : "alarms"} that nobody has taken`,
  ];
  const rest = isLive(rack) ? "It goes on by itself." : "That was when it was last heard.";
  return `Left. ${parts.join(", ")}. ${rest}`;
}
