/** `beamrack status`: how a running campaign stands, over the bus. */
import { parseArgs } from "node:util";
import { durationText } from "../../protocols/base/duration-text.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { BusAlarm } from "../../protocols/bus/rack-views.ts";
import { CLIENT_OPTIONS, placeOfClient } from "../bus/client-options.ts";
import { openRack, type RackLook } from "../bus/rack-look.ts";
import type { CommandContext } from "../command-context.ts";
import { diskText } from "../progress/disk-text.ts";
import { plainText } from "../progress/number-text.ts";

export async function statusCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    ...{ args: [...args], allowPositionals: true, strict: true, options: CLIENT_OPTIONS },
  });
  if (positionals.length > 0) throw new Fault("command.usage", "beamrack status", "takes no file and no position");
  const place = placeOfClient(context, values);
  const rack = await openRack({
    ...{ place, clock: context.clock, pid: context.self.pid, rack: values.rack },
    isEnough: ({ campaign, control, alarm, heartbeat, cells }) =>
      [campaign, control, alarm, heartbeat].every((one) => one !== undefined) &&
      cells.length >= (campaign?.cells.total ?? 1),
  });
  const look = rack.look();
  await rack.client.close();
  if (context.json) context.print(JSON.stringify(statusDocument(look)));
  else {
    for (const line of statusLines(look, context.clock.wallMs())) context.print(plainText(line));
    // Where several racks run on one computer only one of them has the usual broker.
    if (values.broker === undefined) context.printError(`from ${place.url}; --broker names another`);
  }
  return 0;
}

/** As CONTRACTS has it. */
function statusDocument({ rack, controller, heartbeat, campaign, control, alarm, cells }: RackLook) {
  return {
    rack,
    controller: { state: controller.state, last_heard: heartbeat?.said_at ?? null, how: controller.how },
    state: campaign?.state ?? null,
    campaign: campaign ?? null,
    control: control?.holder ?? null,
    alarms: alarm?.open ?? [],
    cells: cells.map((cell) => ({
      ...{ position: cell.position, cell: cell.cell, group: cell.group, state: cell.state, step: cell.step },
      ...{ label: cell.label, cycle: cell.cycle, waiting_for: cell.waiting_for },
      ...{ voltage_V: cell.voltage_V, current_A: cell.current_A, soc: cell.soc, dose: cell.dose },
      ...{ held_by: cell.held_by, fault: cell.fault, next_exposure: cell.next_exposure },
    })),
  };
}

/** Without a word for longer than this a controller may hang; a broker notices that later. */
const QUIET_MS = 5000;

/** What people read. @param wallMs the day's time now, by this machine */
export function statusLines(look: RackLook, wallMs: number): readonly string[] {
  const { rack, controller, heartbeat, campaign, control, alarm, cells } = look;
  const lines: string[] = [];
  if (controller.state !== "present") {
    const since = heartbeat === undefined ? "" : `, last heard ${heartbeat.said_at}`;
    const what = controller.state === "gone" ? "gone without a word" : `ended (${String(controller.how)})`;
    lines.push(`The controller is ${what}${since}. What follows is how it stood then.`);
  }
  const quietMs = heartbeat === undefined ? 0 : wallMs - Date.parse(heartbeat.said_at);
  if (controller.state === "present" && quietMs > QUIET_MS) {
    const ago = durationText(Math.round(quietMs / 1000));
    lines.push(`The controller was last heard ${ago} ago, if the clocks agree. What follows may be how it stood then.`);
  }
  if (campaign !== undefined) {
    const { made, partial, aborted } = campaign.exposures;
    const of = campaign.duration_s === null ? "" : ` of ${durationText(campaign.duration_s)}`;
    lines.push(`${campaign.campaign} on ${rack}: ${campaign.state}, ${durationText(campaign.elapsed_s)}${of}`);
    if (campaign.note !== null) lines.push(`beam      waits for ${campaign.note}`);
    lines.push(
      `sweep     ${campaign.sweep.number} of ${campaign.sweep.of}; exposures ${made} made, ${partial} partial, ${aborted} aborted`,
    );
    lines.push(
      `dose      at most ${(100 * campaign.dose.limit_fraction_max).toFixed(1)} % of a limit, ${campaign.dose.refused} refused`,
    );
    lines.push(`cells     ${statesText(campaign.cells.by_state)}`);
    if (campaign.disk !== undefined) lines.push(`disk      ${diskText(campaign.disk)}`);
  } else {
    lines.push(`rack      ${rack}; sweeps, exposures and other groups' cells are not told to you`);
    lines.push(`cells     ${statesText(countsOf(cells.map(({ state }) => state)))}`);
  }
  const holder = control?.holder ?? null;
  lines.push(`control   ${holder === null ? "nobody" : `${holder.author} since ${holder.since}`}`);
  const open = alarm?.open ?? [];
  if (alarm === undefined) lines.push("alarms    not told to you");
  else lines.push(open.length === 0 ? "alarms    none" : `alarms    ${open.length + alarm.unnamed} open`);
  lines.push(...alarmLines(open, alarm?.equal ?? []));
  for (const { position, state, held_by: heldBy, fault, waiting_for: waiting } of cells) {
    if (heldBy !== null) lines.push(`  ${position} held by ${heldBy}`);
    else if (fault !== null) lines.push(`  ${position} ${state}: ${fault.what}`);
    else if (waiting?.who === "operator") lines.push(`  ${position} waits for ${waiting.reason}`);
  }
  return lines;
}

function statesText(counts: Readonly<Record<string, number>>): string {
  const states = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return states.length === 0 ? "none" : states.join(", ");
}

function countsOf(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Equal ones in one line with their numbers; those that follow from another under it, counted. */
function alarmLines(
  open: readonly BusAlarm[],
  equal: NonNullable<NonNullable<RackLook["alarm"]>["equal"]>,
): readonly string[] {
  const lines = equal.map(({ text, code, alarms }) => `  ${rangesText(alarms)} ${text} [${code}]`);
  const told = new Set(equal.flatMap(({ alarms }) => alarms));
  const ids = new Set(open.map(({ id }) => id));
  for (const { id, where, what, code, acknowledged, follows } of open) {
    if (told.has(id) || (follows != null && ids.has(follows))) continue;
    const following = open.filter((alarm) => alarm.follows === id).map((alarm) => alarm.id);
    const seen = acknowledged === null ? "" : `, seen by ${acknowledged.by}`;
    lines.push(`  ${id} ${where}: ${what} [${code}]${seen}`);
    if (following.length > 0) lines.push(`    and ${rangesText(following)}, which follow from it`);
  }
  return lines;
}

/** `3..7,12`. */
function rangesText(numbers: readonly number[]): string {
  const ranges: { readonly from: number; to: number }[] = [];
  for (const number of [...numbers].sort((left, right) => left - right)) {
    const last = ranges.at(-1);
    if (last?.to === number - 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}..${to}`)).join(",");
}
