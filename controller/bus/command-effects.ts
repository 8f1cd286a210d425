/** What a command does to a run, and why it would make no sense at the moment. */
import type { BusCommand } from "../../protocols/bus/commands.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { UserRole } from "../../protocols/bus/users.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { isPresent, presentAt, presentIndex } from "../../protocols/campaign/present-cell.ts";
import type { GivenBack, OpenAccess } from "../access/whose-access.ts";
import type { AlignOutcome } from "../align/align-desk.ts";
import type { AmendOrder, AmendOutcome } from "../amendments/amend-desk.ts";
import type { CellActEvent } from "../machines/cell-news.ts";
import type { CampaignRun } from "../run/run-types.ts";
import type { StopUnderWay } from "../stops/stop-desk.ts";
import { commandedWish, type ExposeCommand } from "../triggers/commanded.ts";
import type { BusAlarmDesk } from "./bus-alarm-desk.ts";
import { partsOf, stateName } from "./run-parts.ts";

export interface CommandEffectsDeps {
  readonly run: CampaignRun;
  readonly campaign: Campaign;
  readonly alarmDesk: BusAlarmDesk;
  /** Left out where the run is not amended. */
  readonly proposals?: Proposals;
  /** Names of all instruments. */
  readonly instruments: readonly string[];
  /** Campaign milliseconds. */
  readonly nowMs: () => number;
}

export interface CommandEffects {
  obstacle(command: BusCommand, role: UserRole, by: Pick<OrderedBy, "author" | "reason">): string | null;
  /**
   * Gives the order to the machines. Never throws, never waits. Of a stop: what comes of it, device by device; of an
   * amendment, or of the rack's alignment, what became of it.
   */
  carryOut(command: BusCommand, by: OrderedBy): UnderWay | undefined;
}

export type UnderWay = ({ readonly kind: "stop" } & StopUnderWay) | AmendmentUnderWay | AlignmentUnderWay;

export interface AlignmentUnderWay {
  readonly kind: "alignment";
  /** Never rejects. */
  readonly over: Promise<AlignOutcome>;
}

export interface AmendmentUnderWay {
  readonly kind: "amendment";
  /** Never rejects. */
  readonly over: Promise<AmendOutcome>;
}

/** Amendments that are proposed to the run, in its folder. */
export interface Proposals {
  /** By its hash; a text says why there is none. */
  read(hash: string): (Pick<AmendOrder, "campaignHash" | "texts"> & { readonly campaign: Campaign }) | string;
  /** It is in force now. */
  inForce(campaign: Campaign): void;
}

export interface OrderedBy {
  readonly author: string;
  readonly role: UserRole;
  readonly reason: string;
}

type StopArgs = Extract<BusCommand, { command: "stop" }>["args"];
type SwapArgs = Extract<BusCommand, { command: "swap" }>["args"];
type AmendArgs = Extract<BusCommand, { command: "amend" }>["args"];

const ACTS = {
  hold: "HOLD_CELL",
  resume: "RESUME_CELL",
  "skip-step": "SKIP_STEP",
  "end-step": "END_STEP",
} as const satisfies Readonly<Record<string, CellActEvent["type"]>>;

const NOT_REARMED: Readonly<Record<string, string>> = {
  blind: "the hutch cannot be seen; ask again once its unit answers",
  rearming: "the output watchdog is being brought in order; ask again",
  notRearmed: "the output watchdog is not in order; ask again once it is",
  withdrawing: "the shutter permit is being taken away; ask again",
};

const TROUBLE_CODE = "notify.failed";

const OVER: readonly string[] = ["isolated", "complete", "stopped", "opening", "stopping", "finishing"];

export function createCommandEffects(deps: CommandEffectsDeps): CommandEffects {
  const { run, campaign, alarmDesk } = deps;

  function isExposingHeld(): boolean {
    const snapshot = run.actor.getSnapshot();
    return snapshot.matches({ running: { beam: "held" } }) || snapshot.matches({ running: { beam: "stopping" } });
  }

  /** The cell at a place, which is what people name. */
  function at(place: string): string {
    return presentAt(campaign.cells, place);
  }

  function cellObstacle(act: keyof typeof ACTS, position: string): string | null {
    const cellIndex = presentIndex(campaign.cells, position);
    const view = run.views.cell(cellIndex);
    if (view === undefined) return `${position} has not begun`;
    if (OVER.includes(view.state)) return `${position} is ${view.state}: nothing more is done with the cell`;
    if (act === "resume" && view.heldBy === null) return `${position} is not held`;
    if (act === "hold" && view.heldBy !== null) return `${position} is held already, by ${view.heldBy}`;
    // Held it is off, and is looked at before anything drives it: a person may skip more than one step.
    if (act === "hold" || act === "resume" || view.heldBy !== null) return null;
    const unfit = run.views.unfitNext(cellIndex);
    return unfit?.kind === "harmful" ? `the step that follows would harm ${position}: ${unfit.what}` : null;
  }

  function exposeObstacle(position: string, by: ExposeCommand["by"]): string | null {
    const cellIndex = presentIndex(campaign.cells, position);
    const answer = commandedWish(campaign, { by, position: at(position), author: "", id: "" }, deps.nowMs());
    if (!answer.ok) return answer.what;
    if (run.views.belief(cellIndex) !== "unknown") return null;
    return `${position} is ${run.views.stateOf(cellIndex)}: which cell is there is not proven`;
  }

  /** The supervisor takes it in one of its states, and tells in the log alone that it was for nothing in the others. */
  function rearmObstacle(): string | null {
    if (run.views.latchedInterlocks().length === 0) return "no interlock waits for it";
    const state = stateName(partsOf(run).supervisor?.value);
    return state === "holding" ? null : (NOT_REARMED[state] ?? `the safety supervisor is ${state}; ask again`);
  }

  function swapObstacle(args: SwapArgs, by: OpenAccess): string | null {
    // What is given back is driven, to be proven; what is left out is not.
    if (args.act === "end" && args.left_out !== true && run.stops.troubles().length > 0) {
      return run.stops.troubles().join("; ");
    }
    if (args.act === "aim") return run.access.aim.refusal(by.reason);
    if (args.position === undefined) return run.access.rack.refusal(args.act, by, codesOf(args));
    return run.access.refusal(args.act, at(args.position), by, givenBack(args));
  }

  function swap(args: SwapArgs, by: OpenAccess): void {
    const { act, position } = args;
    if (act === "aim") run.access.aim.vouch(by);
    else if (position === undefined && act === "begin") run.access.rack.begin(by);
    else if (position === undefined) run.access.rack.end(by, codesOf(args));
    else if (act === "begin") run.access.begin(at(position), by);
    else run.access.end(at(position), by, givenBack(args));
  }

  function orderCell(act: keyof typeof ACTS, position: string, author: string, reason: string): void {
    run.actor.send({ type: "CELL_ORDERED", position: at(position), event: { type: ACTS[act], author, reason } });
  }

  /** Of whom a stop is meant for; undefined: all. */
  function meant({ position, group }: StopArgs): readonly string[] | undefined {
    if (position !== undefined) return [at(position)];
    if (group === undefined) return undefined;
    const isOwn = (cellIndex: number): boolean => isPresent(campaign.cells, cellIndex);
    return campaign.cells.flatMap((cell, cellIndex) =>
      cell.group === group && isOwn(cellIndex) ? [cell.position] : [],
    );
  }

  function stop(args: StopArgs, author: string, reason: string): StopUnderWay {
    const positions = meant(args);
    return run.stops.order({
      ...{ stopClass: args.class, author, reason: reason === "" ? `stop ${args.class}` : reason },
      ...(positions === undefined ? {} : { positions }),
    });
  }

  async function amend({ proposal, based_on: basedOn, name }: AmendArgs, reason: string): Promise<AmendOutcome> {
    const found = deps.proposals?.read(proposal) ?? "";
    if (typeof found === "string") {
      const advice = "Give it with beamrack amend.";
      return {
        kind: "refused",
        refusals: [{ severity: "error", code: "amend.refused", where: "proposal", what: found, advice }],
      };
    }
    const { campaign: proposed, campaignHash, texts } = found;
    const outcome = await run.amendments.order({ proposed, campaignHash, texts, author: name, reason, basedOn });
    if (outcome.kind === "amended") deps.proposals?.inForce(proposed);
    return outcome;
  }

  /** What a person has repaired is tried again. */
  function retryLinks(where: string): void {
    const parts = partsOf(run);
    for (const name of deps.instruments) {
      const link = parts.link(name);
      if (link?.value === "isolated" && (name === where || link.context.fault?.where === where)) parts.repaired(name);
    }
  }

  /** Of a program beside the controller, by its name; whether it sends its notices or not, the run goes on. */
  function trouble(of: string, what: string | null): void {
    if (what === null) run.alarms.clear(TROUBLE_CODE, of);
    else run.alarms.raise({ code: TROUBLE_CODE, where: of, what, advice: FAULT_CATALOGUE[TROUBLE_CODE].advice });
  }

  return {
    obstacle(order, role, by) {
      const snapshot = run.actor.getSnapshot();
      const isAboutControl = order.command === "release-control" || order.command === "take-control";
      const isAboutAlarm = order.command === "ack" || order.command === "shelve";
      if (isAboutControl || isAboutAlarm || order.command === "note") return null;
      if (snapshot.status !== "active" || run.failure() !== null) return "the campaign is over";
      if (snapshot.value === "connecting" && !isEmergency(order)) {
        return "the instruments are still being asked who they are; nothing takes orders yet";
      }
      switch (order.command) {
        case "hold":
          if (order.args.position !== undefined) return cellObstacle("hold", order.args.position);
          return isExposingHeld() ? "exposing is held already" : null;
        case "resume":
          if (run.stops.troubles().length > 0) return run.stops.troubles().join("; ");
          if (order.args.position !== undefined) return cellObstacle("resume", order.args.position);
          if (snapshot.matches({ running: { beam: "stopping" } })) {
            return "the exposure under way is being ended first; ask again once exposing is held";
          }
          return isExposingHeld() ? null : "exposing is not held";
        case "skip-step":
        case "end-step":
          return cellObstacle(order.command, order.args.position);
        case "expose":
          return exposeObstacle(order.args.position, askedBy(role));
        case "re-arm":
          return rearmObstacle();
        case "stop":
          return meant(order.args)?.length === 0 ? `there is no cell of ${String(order.args.group)}` : null;
        case "swap":
          return swapObstacle(order.args, by);
        case "amend":
          if (deps.proposals !== undefined) return null;
          return "this run is repeated from its begin and not amended";
        case "align":
          return run.alignment.refusal(order.args.site);
        case "trouble":
          return null;
      }
    },

    carryOut(order, by) {
      if (order.command === "stop") return { kind: "stop", ...stop(order.args, by.author, by.reason) };
      if (order.command === "amend") return { kind: "amendment", over: amend(order.args, by.reason) };
      if (order.command === "align") {
        const over = run.alignment.order({ author: order.args.name, reason: by.reason });
        return { kind: "alignment", over };
      }
      give(order, by);
      return undefined;
    },
  };

  function give(
    order: Exclude<BusCommand, { command: "stop" | "amend" | "align" }>,
    { author, role, reason }: OrderedBy,
  ): void {
    switch (order.command) {
      case "hold":
      case "resume":
        if (order.args.position !== undefined) orderCell(order.command, order.args.position, author, reason);
        else if (order.command === "hold") run.actor.send({ type: "STOP_EXPOSING", author, reason });
        else run.actor.send({ type: "RESUME_EXPOSING", author });
        return;
      case "skip-step":
      case "end-step":
        orderCell(order.command, order.args.position, author, reason);
        return;
      case "ack": {
        alarmDesk.acknowledge(order.args.alarm, author, deps.nowMs());
        const alarm = run.alarms.open.find(({ id }) => id === order.args.alarm);
        if (alarm?.code.startsWith("link.") === true) retryLinks(alarm.where);
        if (alarm !== undefined) run.stops.acknowledged(alarm);
        return;
      }
      case "shelve":
        alarmDesk.shelve(order.args.alarm, author, deps.nowMs() + order.args.for_s * 1000);
        return;
      case "expose": {
        const { position, within_s: withinS } = order.args;
        run.expose({
          ...{ by: askedBy(role), position: at(position), author, id: `${author} ${String(Math.round(deps.nowMs()))}` },
          ...(withinS === undefined ? {} : { withinS }),
          reason: `${author} asks for it${reason === "" ? "" : `: ${reason}`}`,
        });
        return;
      }
      case "swap":
        swap(order.args, { author, reason });
        return;
      case "trouble":
        trouble(order.args.of, order.args.what);
        return;
      case "re-arm":
        run.actor.send({ type: "RE_ARM", author });
        return;
      // On record already, which is all there is to it.
      case "note":
      case "take-control":
      case "release-control":
    }
  }
}

function givenBack({ cell, left_out: isLeftOut }: SwapArgs): GivenBack {
  return { ...(cell === undefined ? {} : { code: cell }), ...(isLeftOut === undefined ? {} : { isLeftOut }) };
}

/** By place. */
function codesOf({ cells }: SwapArgs): ReadonlyMap<string, string> {
  return new Map(Object.entries(cells ?? {}));
}

function isEmergency({ command, args }: BusCommand): boolean {
  return command === "stop" && "class" in args && args.class === "emergency";
}

/** The campaign's triggers tell whom they let ask. */
function askedBy(role: UserRole): ExposeCommand["by"] {
  return role === "agent" ? "agent" : "operator";
}
