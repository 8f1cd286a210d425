/**
 * Orders to the controller, with what a person is told before they are given. Each names its consequence: what comes to
 * pass, and what goes on. Pure.
 */
import { parseOccupant, positionAt, positionIndex } from "../../../protocols/base/position.ts";
import type { BusCommand, StopClass } from "../../../protocols/bus/commands.ts";
import type { BusAlarm } from "../../../protocols/bus/rack-views.ts";
import { nextUntaken, SCREEN_ALARMS_SHELVED_S, shownAlarms } from "../model/shown-alarms.ts";
import { isAlarmAt, isLive, untakenAlarmAt, type RackView } from "../model/rack-view.ts";
import type { Model, Outcome } from "../model/model.ts";
import type { Order } from "../model/screen-state.ts";
import { spanText } from "../text/values.ts";

/** What each class of stop does, from the mildest on. */
export const STOP_CONSEQUENCES: Readonly<Record<StopClass, string>> = {
  exposing:
    "The shutter is closed and nothing more is exposed until somebody resumes. What was given is booked. The cells go on.",
  motion: "Nothing more is exposed and the stage is halted where it stands, until somebody resumes. The cells go on.",
  step: "Every cell's step stops: no cell gets current until it is resumed, one by one, with the time it has left. The beam goes on.",
  "open-circuit":
    "Every cell is switched to open circuit for good: its protocol is over for this run and cannot be resumed. The beam goes on.",
  emergency:
    "Shutter closed, stage halted, every cell switched to open circuit, all at once. Their protocols are over for this run.",
};

/** Why nothing can be ordered now; null when it can. */
function cannotOrder({ rack, author }: Model): string | null {
  if (!isLive(rack)) return "Nothing can be ordered: the controller is not heard. What stands here may be old.";
  if (author === null) return "Nobody is signed in here: this screen can only look. See docs/terminal.md, Signing in.";
  return null;
}

function send(model: Model, order: Order): Outcome {
  const why = cannotOrder(model);
  return why === null ? { effect: { kind: "send", order, reason: "" } } : { refusal: why };
}

function ask(model: Model, order: Order, consequence: string, by: "reason" | "yes" = "reason"): Outcome {
  const why = cannotOrder(model);
  return why === null ? { ask: { order, consequence, by } } : { refusal: why };
}

function ofCampaign(rack: RackView, title: string, command: BusCommand): Order {
  const { campaign } = rack;
  return { title, command, precondition: campaign === null ? null : { topic: "campaign", version: campaign.version } };
}

function ofCell(rack: RackView, positionIndex: number, title: string, command: BusCommand): Order {
  const cell = rack.cells[positionIndex] ?? null;
  const precondition = cell === null ? null : { topic: `cell/${cell.position}`, version: cell.version };
  return { title, command, precondition };
}

export function holdExposing(model: Model): Outcome {
  // Like a stop: whatever has changed since, nothing is to be begun.
  const order: Order = { title: "hold exposing", command: { command: "hold", args: {} }, precondition: null };
  return ask(model, order, "No further exposure is begun until somebody resumes. The cells go on cycling.");
}

export function resumeExposing(model: Model): Outcome {
  const order = ofCampaign(model.rack, "resume exposing", { command: "resume", args: {} });
  return ask(model, order, "The beam goes on to the cells again, as the interlocks and the dose ledger allow.");
}

export function stop(model: Model, stopClass: StopClass): Outcome {
  const command: BusCommand = { command: "stop", args: { class: stopClass } };
  // A stop is obeyed whatever has changed since.
  const order: Order = { title: `stop ${stopClass}`, command, precondition: null };
  if (!isLive(model.rack)) {
    return { refusal: "The controller is not heard: no stop reaches it. Use the hutch's own buttons." };
  }
  return ask(model, order, STOP_CONSEQUENCES[stopClass], stopClass === "emergency" ? "yes" : "reason");
}

export function reArm(model: Model): Outcome {
  const { beam } = model.rack;
  const latched = beam?.latched ?? [];
  if (latched.length === 0) return { refusal: "No interlock waits to be re-armed." };
  const order: Order = { title: "re-arm", command: { command: "re-arm", args: {} }, precondition: null };
  return ask(model, order, `Say that ${latched.join(", ")} may count again: only if you know why it broke.`);
}

export function takeControl(model: Model): Outcome {
  const { control } = model.rack;
  const order: Order = { title: "take control", command: { command: "take-control", args: {} }, precondition: null };
  const holder = control?.holder?.author ?? null;
  if (holder === model.author && holder !== null) return { refusal: "You are in control." };
  if (holder === null) return send(model, order);
  return ask(
    model,
    order,
    `${holder} is in control and is told. Control passes to you after the notice, or when they let go.`,
  );
}

export function releaseControl(model: Model): Outcome {
  const order: Order = {
    title: "let control go",
    command: { command: "release-control", args: {} },
    precondition: null,
  };
  const isMine = model.author !== null && model.rack.control?.holder?.author === model.author;
  return isMine ? send(model, order) : { refusal: "You are not in control." };
}

type CellOrder = "hold" | "resume" | "skip-step" | "end-step" | "expose";

const CELL_ORDERS: Readonly<Record<CellOrder, { readonly title: string; readonly consequence: string }>> = {
  hold: {
    title: "hold cell",
    consequence: "Its current is switched off and its step waits, until somebody resumes it. The other cells go on.",
  },
  resume: { title: "resume cell", consequence: "Its protocol goes on where it was held: current flows again." },
  "skip-step": {
    title: "skip step of cell",
    consequence: "The step counts as not done; the next one begins at once. This cannot be taken back.",
  },
  "end-step": {
    title: "end step of cell",
    consequence: "The step counts as done with what it has; the next one begins at once. This cannot be taken back.",
  },
  expose: {
    title: "expose cell",
    consequence: "One exposure beside the sweeps, if dose and beam allow it; it is booked before the shutter opens.",
  },
};

export function cellOrder(model: Model, what: CellOrder): Outcome {
  const { rack, state } = model;
  const position = positionAt(state.positionIndex);
  if ((rack.cells[state.positionIndex] ?? null) === null) return { refusal: `There is no cell at ${position}.` };
  const { title, consequence } = CELL_ORDERS[what];
  const order = ofCell(rack, state.positionIndex, `${title} ${position}`, { command: what, args: { position } });
  return ask(model, order, consequence);
}

const SWAP_CONSEQUENCES = {
  begin:
    "Beam and stage wait, the cell is switched off and proven off. Go in only when the beam waits for the access to be given back. The other cells go on.",
  end: "Say that nobody is there any more: the cell is proven by its voltage and a small current, its step goes on with the time it has left, then the beam does.",
} as const;

/** Access of a person to one cell: beam and stage wait meanwhile. */
export function swap(model: Model, act: "begin" | "end"): Outcome {
  const { rack, state } = model;
  const position = positionAt(state.positionIndex);
  if ((rack.cells[state.positionIndex] ?? null) === null) return { refusal: `There is no cell at ${position}.` };
  const title = act === "begin" ? `access to cell ${position}` : `end of access to cell ${position}`;
  const order: Order = { title, command: { command: "swap", args: { act, position } }, precondition: null };
  return ask(model, order, SWAP_CONSEQUENCES[act]);
}

/** Answered once it is over, minutes later. */
export function alignRack(model: Model): Outcome {
  const { campaign } = model.rack;
  if (campaign === null) return { refusal: "It is not known yet which site this is." };
  const args = { site: campaign.site, name: model.author ?? "" };
  const order: Order = { title: "align the rack", command: { command: "align", args }, precondition: null };
  return ask(
    model,
    order,
    "For some minutes nothing is exposed but points at the rack's openings, booked as all else. The beam goes on where the rack is found to stand. The cells go on.",
  );
}

/** Its text is what is typed. */
export function note(model: Model): Outcome {
  const { rack, state } = model;
  const position = positionAt(state.positionIndex);
  if ((rack.cells[state.positionIndex] ?? null) === null) return { refusal: `There is no cell at ${position}.` };
  const command: BusCommand = { command: "note", args: { position, text: "" } };
  const order: Order = { title: `note on cell ${position}`, command, precondition: null };
  return ask(model, order, "It goes on record with your name, and stands on the cell's screen. Nothing else changes.");
}

/**
 * The alarm under the cursor of the list. Where a cell is under the cursor it is that cell's, never one of elsewhere that
 * nobody has read there; on the rack, whose newest alarms stand at its foot, those come next.
 */
function chosenAlarm({ rack, state }: Model): BusAlarm | { readonly refusal: string } {
  const { alarmId, screen, positionIndex: index } = state;
  const shown = shownAlarms(rack);
  const none = { refusal: "No alarm is open." };
  if (screen === "alarms") {
    const chosen = shown.find(({ id }) => id === alarmId);
    if (chosen !== undefined || alarmId === null) return chosen ?? shown[0] ?? none;
    return { refusal: "That alarm is over; look at the one that is now under the cursor." };
  }
  const position = positionAt(index);
  const isOfOneCell = screen === "cell" || screen === "dose";
  const own = isOfOneCell || screen === "rack" ? untakenAlarmAt(rack, position) : null;
  if (own !== null) return own;
  if (!isOfOneCell || shown.length === 0) return shown[0] ?? none;
  const taken = shown.find((alarm) => isAlarmAt(alarm, position));
  return taken ?? { refusal: `No alarm is open at ${position}; 5 has those of elsewhere.` };
}

export function acknowledge(model: Model): Outcome {
  const alarm = chosenAlarm(model);
  if ("refusal" in alarm) return alarm;
  if (alarm.acknowledged !== null) return { refusal: `${alarm.acknowledged.by} has acknowledged it already.` };
  const next = nextUntaken(model.rack, alarm.id);
  return send(model, {
    title: `acknowledge ${alarm.code} of ${alarm.where}`,
    command: { command: "ack", args: { alarm: alarm.id } },
    precondition: null,
    ...(next === null ? {} : { nextAlarmId: next }),
  });
}

export function shelve(model: Model): Outcome {
  const alarm = chosenAlarm(model);
  if ("refusal" in alarm) return alarm;
  const order: Order = {
    title: `put aside ${alarm.code} of ${alarm.where}`,
    command: { command: "shelve", args: { alarm: alarm.id, for_s: SCREEN_ALARMS_SHELVED_S } },
    precondition: null,
  };
  const forText = spanText(SCREEN_ALARMS_SHELVED_S);
  return ask(
    model,
    order,
    `It is not shown as open for ${forText} of campaign time, though its cause may still stand.`,
  );
}

/** Index of the position that a place such as `B7`, `B7.2` or `channel B7` names; null for another place. */
export function positionIndexOf(where: string): number | null {
  const cell = parseOccupant(where.split(" ").at(-1) ?? "");
  return cell === undefined ? null : positionIndex(cell);
}
