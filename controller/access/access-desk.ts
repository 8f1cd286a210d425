/**
 * A person's access to a cell while the others cycle: the beam waits, the stage stands, the cell's channel is proven off, and
 * nothing is told to move until the person gives the access back. Then the cell is held against what it was before it gets
 * current or beam again. What is open stays open over a restart.
 */
import { totalsJson } from "../cells/account-json.ts";
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { forerunnerOf, parseOccupant, placeText } from "../../protocols/base/position.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { isPresent } from "../../protocols/campaign/present-cell.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { CampaignActor } from "../machines/campaign-machine.ts";
import type { DoseLedger } from "../dose/dose-ledger.ts";
import { remountMm } from "../dose/moved-spots.ts";
import type { CarryEvent } from "../machines/cell-news.ts";
import type { CampaignEvent } from "../machines/campaign-news.ts";
import type { Recorder } from "../machines/recorder.ts";
import { faultNote, type FaultNote } from "../machines/errors.ts";
import type { Alarms } from "../run/alarms.ts";
import type { ActorViews } from "../run/actor-views.ts";
import type { CampaignRoles } from "../run/roles.ts";
import type { Obstacle } from "../run/sweep-desk.ts";
import { ACCESS_CLOSED } from "./access-fold.ts";
import type { Closed, GivenBack, LeftAccess, OpenAccess } from "./whose-access.ts";
import { whoseText } from "./read-code.ts";
import { lockedStage } from "./locked-stage.ts";
import { createRackAccess, type RackAccess } from "./rack-access.ts";
import { clearFormer } from "./former-alarms.ts";
import { createRestReading } from "./rest-reading.ts";
import { createAccessPeople } from "./access-people.ts";
import { createRackAim, type LostAim, type RackAim } from "./rack-aim.ts";

export interface AccessDesk {
  /** The campaign's, with a stage that refuses to move while somebody has access. */
  readonly roles: CampaignRoles;
  /** Why the beam waits for people; null where nobody has access, or asked for it. */
  people(): Obstacle | null;
  /** The same, or that nobody knows where the rack stands. */
  obstacle(): Obstacle | null;
  /** Neither homing nor parking is begun while somebody has access. */
  guard<Moves extends { mayHome(): boolean }>(moves: Moves): Moves;
  /** Why it would make no sense now; null where it would. */
  refusal(act: "begin" | "end", position: string, by?: OpenAccess, given?: GivenBack): string | null;
  /** Closes, proves the cell off, and opens the access. Never throws, never waits. */
  begin(position: string, by: OpenAccess): void;
  /** After a restart: what was asked for and not given yet is gone on with. */
  goOn(): void;
  /**
   * The cell is proven again, by its voltage and its wiring, and the beam goes on; where it is not proven it stays off
   * and the access open. Never throws, never waits.
   */
  end(position: string, by: OpenAccess, given?: GivenBack): void;
  /** By position. */
  readonly open: ReadonlyMap<string, OpenAccess>;
  /** Somebody has access to it, or asked for it. */
  isTouched(position: string): boolean;
  /** All cells at once. */
  readonly rack: RackAccess;
  /** Where the rack stands since it was out. */
  readonly aim: Pick<RackAim, "refusal" | "vouch" | "measuring" | "measured">;
}

export interface AccessDeskDeps {
  readonly roles: CampaignRoles;
  readonly campaign: Pick<Campaign, "cells" | "startMs">;
  readonly clock: Clock;
  readonly recorder: () => Recorder;
  readonly views: () => Pick<ActorViews, "stateOf" | "cell" | "fault" | "isToCome">;
  readonly alarms: () => Pick<Alarms, "raise" | "clear" | "clearAll">;
  readonly site: Pick<Site, "alignment" | "rack">;
  readonly ledger: () => Pick<DoseLedger, "moved">;
  /** They keep what a cell reads, off, before anybody has access to it. */
  readonly samples: () => Pick<SampleIntake, "releasedAt" | "totals">;
  /** Longest that a proof of wiring takes. */
  readonly proofMaxMs: () => number;
  readonly actor: () => CampaignActor;
  readonly send: (event: CampaignEvent) => void;
  readonly fail: (error: unknown) => void;
  /** Everything recorded so far, durably. Rejects with `store.*`. */
  readonly commit: () => Promise<void>;
  /** After a restart: what was open, or asked for, and since when nobody knows where the rack stands. */
  readonly left: { readonly access: ReadonlyMap<string, LeftAccess>; readonly aim: LostAim | null } | undefined;
}

const LOOK_MS = 200;
const STILL_WITHIN_MS = 300_000;
const FOUND_WITHIN_MS = 300_000;
const OFF_WITHIN_MS = 60_000;
const REST_WITHIN_MS = 60_000;
const BACK_WITHIN_MS = 60_000;
/** In these a cell's machine has its channel off, and confirmed. */
const PART_OVER: readonly string[] = ["complete", "stopped", "isolated"];
const OFF: readonly string[] = ["away", ...PART_OVER];
/** After a restart it is not known yet what became of the cell. */
const SOUGHT: readonly string[] = ["beginning", "awaitingChannel", "finding", "proving"];
const COMING_BACK: readonly string[] = ["returning", "awaitingContacts", "givingBack"];
/** Nothing is done with the cell any more, but that it may be exposed. */
const OVER: readonly string[] = ["complete", "stopped"];
/** What such a cell's voltage at rest may have come to since (chosen). */
const AT_REST_V = 0.3;
const PROOF_CODES = ["cell.unproven", "cell.wrong", "cell.identity-unknown", "cell.not-off"] as const;
const MOVING = ["exposing", "stopping", "parking", "homing"] as const;

export function createAccess(deps: AccessDeskDeps): AccessDesk {
  const { clock } = deps;
  const asked = new Map<string, OpenAccess>();
  const open = new Map<string, OpenAccess>();
  const closing = new Set<string>();
  /** About to be opened: from the last look at the stage on, nothing sets it going. */
  const locked = new Set<string>();
  /** A first proof of these is under way: there is no dose of theirs that could lie elsewhere. */
  const cameNow = new Set<string>();
  const openedV = new Map<string, number>();
  /** By position: others that were out at the same time, and could have been exchanged with it. */
  const company = new Map<string, Set<string>>();
  /** Given back before a restart, which is on record for their cells alone. */
  const givenBack = new Map<string, OpenAccess & { readonly isFirst: boolean }>();
  for (const [position, { isOpen, openCircuitV: restV, company: others, isBack, ...by }] of deps.left?.access ?? []) {
    if (isBack != null) {
      givenBack.set(position, { ...by, isFirst: isBack === "first" });
      continue;
    }
    (isOpen ? open : asked).set(position, by);
    if (restV !== null) openedV.set(position, restV);
    company.set(position, new Set(others));
  }

  const aim = createRackAim({
    ...{ site: deps.site, recorder: deps.recorder, alarms: deps.alarms, left: deps.left?.aim ?? null },
    ...{ nowMs: () => clock.monoMs(), startMs: () => deps.campaign.startMs },
  });
  const indexOf = (position: string): number => deps.campaign.cells.findIndex((cell) => cell.position === position);
  const barcodeAt = (position: string): string => deps.campaign.cells[indexOf(position)]?.barcode ?? "?";
  const stateOf = (position: string): string => deps.views().stateOf(indexOf(position));

  const isToCome = (position: string): boolean => deps.views().isToCome(indexOf(position));

  // Not one that another has followed.
  const present = () => deps.campaign.cells.filter((_, cellIndex) => isPresent(deps.campaign.cells, cellIndex));
  const people = createAccessPeople({
    ...{ open, asked, alarms: deps.alarms, positions: () => present().map(({ position }) => position) },
    isOff: (position) => stateOf(position) === "away" || OVER.includes(stateOf(position)),
    leftBack: [...open].flatMap(([position, { isWhole }]) =>
      isWhole === true ? [...(company.get(position) ?? [])] : [],
    ),
  });

  function planAgain(): void {
    deps.send({ type: "HUTCH_CHANGED" });
  }

  async function until(isSo: () => boolean, withinMs: number): Promise<boolean> {
    const untilMs = clock.monoMs() + withinMs;
    while (!isSo()) {
      if (clock.monoMs() >= untilMs || deps.actor().getSnapshot().status !== "active") return false;
      await sleep(clock, LOOK_MS);
    }
    return true;
  }

  function isStill(): boolean {
    const snapshot = deps.actor().getSnapshot();
    return !MOVING.some((beam) => snapshot.matches({ running: { beam } }));
  }

  const { openCircuitV, unrest } = createRestReading({ roles: deps.roles, indexOf, isStill });

  /** Of a place to which a cell is still to come nobody knows what it reads. */
  async function voltageOff(position: string): Promise<number | null> {
    if (!isToCome(position)) return openCircuitV(position);
    return openCircuitV(position).catch(() => null);
  }

  /** Null once nothing more is done with the one that had the place before; it may have been withdrawn a moment ago. */
  function formerNotOff(position: string): string | null {
    const cell = parseOccupant(position);
    const former = cell === undefined ? undefined : forerunnerOf(cell);
    if (former === undefined || PART_OVER.includes(stateOf(former))) return null;
    return `${former}, which had the place before, is ${stateOf(former)}`;
  }

  /** Throws a Fault where the cell cannot be proven off, or something moves, or the shutter is not seen closed. */
  async function prove(position: string): Promise<number | null> {
    if (!(await until(isStill, STILL_WITHIN_MS))) {
      throw new Fault("cell.not-off", position, "beam and stage did not come to rest");
    }
    if (!(await until(() => formerNotOff(position) === null, OFF_WITHIN_MS))) {
      throw new Fault("cell.not-off", position, formerNotOff(position) ?? "");
    }
    order(position, "TAKE_OUT");
    if (!(await until(() => OFF.includes(stateOf(position)), OFF_WITHIN_MS))) {
      throw new Fault("cell.not-off", position, `its channel did not confirm it off (${stateOf(position)})`);
    }
    // A cell whose part is over may be so because its channel did not confirm it off: it is asked again. So is the channel of
    // a place to which one is to come.
    if (stateOf(position) !== "away" || isToCome(position)) await deps.roles.channels[indexOf(position)]?.abort();
    const voltageV = await voltageOff(position);
    if (voltageV !== null) deps.samples().releasedAt(indexOf(position), voltageV);
    locked.add(position);
    let trouble = await unrest();
    for (const untilMs = clock.monoMs() + REST_WITHIN_MS; trouble !== null; trouble = await unrest()) {
      if (clock.monoMs() >= untilMs) throw trouble;
      await sleep(clock, LOOK_MS);
    }
    if (!OFF.includes(stateOf(position))) throw new Fault("cell.not-off", position, `it is ${stateOf(position)} again`);
    return voltageV;
  }

  async function openOne(position: string, by: OpenAccess): Promise<void> {
    try {
      const voltageV = await prove(position);
      deps.recorder().record("access-opened", {
        ...{ position, ...recorded(by), is_off: true, open_circuit_V: voltageV },
        ...(open.size === 0 ? {} : { out_too: [...open.keys()] }),
      });
      // Nobody is told before the disk has it: a controller that is killed now must know when it comes back.
      await deps.commit();
      asked.delete(position);
      if (voltageV !== null) openedV.set(position, voltageV);
      company.set(position, new Set(open.keys()));
      for (const other of open.keys()) company.get(other)?.add(position);
      open.set(position, by);
    } catch (error) {
      if (!isFault(error)) throw error;
      asked.delete(position);
      deps.send({ type: "CELL_ORDERED", position, event: { type: "PUT_BACK", isUntouched: true } });
      deps.recorder().record("access-refused", { position, author: by.author, what: error.message, is_open: false });
    } finally {
      locked.delete(position);
    }
    people.answered(position);
    // Not before the stage is free again: what is planned may have to move it.
    planAgain();
  }

  async function goOnWith(position: string, by: OpenAccess): Promise<void> {
    const isFound = (): boolean =>
      deps.actor().getSnapshot().value !== "connecting" && !SOUGHT.includes(stateOf(position));
    await until(isFound, FOUND_WITHIN_MS);
    await openOne(position, by);
  }

  function order(position: string, type: CarryEvent["type"]): void {
    deps.send({ type: "CELL_ORDERED", position, event: { type } });
  }

  /** Of one that is complete or was stopped: null where its voltage at rest can be that of the cell that was there. */
  async function unlike(position: string): Promise<FaultNote | null> {
    try {
      const voltageV = await openCircuitV(position);
      const restV = openedV.get(position) ?? NaN;
      if (Math.abs(voltageV - restV) <= AT_REST_V) return null;
      const had = Number.isFinite(restV) ? `${restV.toFixed(4)} V` : "a voltage that is not on record";
      const what = `it has ${voltageV.toFixed(4)} V where it had ${had} when it was taken out`;
      return faultNote(new Fault("cell.unproven", position, what));
    } catch (error) {
      return faultNote(error);
    }
  }

  /** Null once it goes on, or is off for good. */
  async function provenBack(position: string): Promise<FaultNote | null> {
    const doubt = OVER.includes(stateOf(position)) ? await unlike(position) : null;
    if (doubt !== null) return doubt;
    order(position, "PUT_BACK");
    if (await until(() => !COMING_BACK.includes(stateOf(position)), deps.proofMaxMs() + BACK_WITHIN_MS)) {
      return stateOf(position) === "away" ? wasNotProven(position) : null;
    }
    // Off it stays, also when its channel answers again: somebody may have gone back in.
    order(position, "TAKE_OUT");
    return faultNote(new Fault("cell.unproven", position, `its channel did not answer (${stateOf(position)})`));
  }

  function wasNotProven(position: string): FaultNote {
    const fault = deps.views().fault(indexOf(position));
    return (
      fault ?? faultNote(new Fault("cell.unproven", position, "it was held, or taken out again, before its proof"))
    );
  }

  async function leaveOut(position: string): Promise<FaultNote | null> {
    order(position, "LEFT_OUT");
    if (await until(() => OFF.includes(stateOf(position)) && stateOf(position) !== "away", OFF_WITHIN_MS)) return null;
    return faultNote(new Fault("cell.not-off", position, `its channel did not confirm it off (${stateOf(position)})`));
  }

  /** Nothing lies there, or what lay there before: no current, and the cell is still awaited. */
  function closeUnbrought(position: string, author: string): void {
    closing.delete(position);
    deps.send({ type: "CELL_ORDERED", position, event: { type: "PUT_BACK", isUntouched: true } });
    forget(position, open.get(position)?.isWhole === true, author);
    const what = "no code was read there: the cell is still to come";
    deps.recorder().record("access-refused", { position, author, what, is_open: false });
    planAgain();
  }

  function forget(position: string, isWhole: boolean, author: string): void {
    if (isWhole) aim.lost(author);
    for (const of of [open, openedV, company]) of.delete(position);
    people.givenBack(position);
  }

  async function closeOne(position: string, { author, reason }: OpenAccess, given: GivenBack): Promise<void> {
    if (given.isNotBrought === true) {
      closeUnbrought(position, author);
      return;
    }
    const isLeftOut = given.isLeftOut === true;
    if (isToCome(position) && !isLeftOut) cameNow.add(position);
    const trouble = isLeftOut ? await leaveOut(position) : await provenBack(position);
    closing.delete(position);
    if (trouble !== null) {
      cameNow.delete(position);
      const what = `${trouble.what}; the access stays open`;
      const totals = totalsJson(deps.samples().totals(indexOf(position)));
      deps.recorder().record("access-refused", { position, author, what, is_open: true, totals });
      deps.alarms().raise({ ...trouble, where: position, what });
      return;
    }
    const isFirst = cameNow.delete(position);
    closed(position, open.get(position)?.isWhole === true, {
      ...{ author, reason, isFirst },
      how: isLeftOut ? { is_left_out: true } : { code_read: given.code === undefined ? "none" : "own" },
    });
  }

  function closed(position: string, isWhole: boolean, { author, reason, isFirst, how }: Closed): void {
    forget(position, isWhole, author);
    deps.alarms().clearAll(position, PROOF_CODES);
    const isLeftOut = "is_left_out" in how;
    if (isFirst && !isLeftOut) clearFormer(deps.campaign.cells, position, deps.alarms());
    const isMoved = !isLeftOut && !isFirst;
    const movedMm = isMoved ? deps.ledger().moved(indexOf(position), remountMm(deps.site.rack)) : 0;
    deps.recorder().record(ACCESS_CLOSED, {
      ...{ position, author, reason, cell_is: stateOf(position), ...how },
      ...(isMoved ? { spots_moved_within_mm: movedMm } : {}),
    });
    planAgain();
  }

  /** What there is against the cell before anything is measured; null for nothing. */
  function whyNotBack(position: string, code: string | undefined): string | null {
    const { cells } = deps.campaign;
    const barcode = barcodeAt(position);
    if (code !== undefined && code !== barcode) {
      const whose = whoseText(cells, code);
      const mend = isToCome(position) ? `Bring ${barcode}` : "Put it back";
      return `the code read at ${placeText(position)} is ${code}, ${whose}: ${barcode} belongs there. ${mend}, or give the place back with --left-out`;
    }
    if (code === undefined && isToCome(position)) {
      return `${barcode} is to come to ${placeText(position)}: say by --cell which code is read on what was put there`;
    }
    const others = [...(company.get(position) ?? [])];
    if (code === undefined && others.length > 0) {
      return `${others.join(", ")} ${others.length > 1 ? "were" : "was"} out at the same time: say by --cell which code is read at ${position}`;
    }
    const heldBy = deps.views().cell(indexOf(position))?.heldBy ?? null;
    return heldBy === null ? null : `${position} is held by ${heldBy}: resume it before, for its proof is a current`;
  }

  function requireNobody(): void {
    const [position] = [...open.keys(), ...locked];
    if (position === undefined) return;
    const author = open.get(position)?.author ?? asked.get(position)?.author ?? "somebody";
    throw new Fault("stage.no-permit", deps.roles.stage.name, `no motion: ${author} has access to ${position}`);
  }

  const desk: Omit<AccessDesk, "rack" | "aim"> = {
    roles: { ...deps.roles, stage: lockedStage(deps.roles.stage, requireNobody) },
    open,
    isTouched: (position) => open.has(position) || asked.has(position),
    obstacle: () => desk.people() ?? aim.obstacle(),
    people: () => people.obstacle(),
    guard: (moves) => ({ ...moves, mayHome: () => open.size + locked.size === 0 && moves.mayHome() }),
    refusal(act, position, by, given = {}) {
      if (indexOf(position) < 0) return `the campaign has no cell at ${position}`;
      if (deps.roles.changer !== undefined) return "a robot brings the cells of this site to the beam";
      if (act === "end") {
        if (closing.has(position)) return `the access to ${position} is being given back already`;
        const holder = open.get(position)?.author;
        if (holder === undefined) return `nobody has access to ${position}`;
        if (by !== undefined && by.author !== holder && by.reason.trim() === "") {
          return `${holder} has the access to ${position}: who gives it back for another says by a reason that nobody is there`;
        }
        return given.isLeftOut === true ? null : whyNotBack(position, given.code);
      }
      if (desk.isTouched(position)) return `somebody has access to ${position}, or asked for it`;
      const view = deps.views().cell(indexOf(position));
      if (view === undefined) return `${position} has not begun`;
      return view.heldBy === null ? null : `${position} is held by ${view.heldBy}: resume it before`;
    },
    begin(position, by) {
      asked.set(position, by);
      deps.recorder().record("access-asked", { position, ...recorded(by) });
      planAgain();
      openOne(position, by).catch(deps.fail);
    },
    goOn() {
      aim.goOn();
      for (const [position, { author, reason, isFirst, isWhole }] of givenBack) {
        closed(position, isWhole === true, { author, reason, isFirst, how: { code_read: "unknown" } });
      }
      for (const [position, by] of asked) goOnWith(position, by).catch(deps.fail);
    },
    end(position, by, given = {}) {
      closing.add(position);
      closeOne(position, by, given).catch(deps.fail);
    },
  };
  const rack = createRackAccess({
    ...{ desk, openedV, readV: openCircuitV, recorder: deps.recorder, alarms: deps.alarms, fail: deps.fail },
    cells: present,
    ...{ isToCome, isAsked: (position) => asked.has(position) },
  });
  const vouched: AccessDesk["aim"] = {
    ...aim,
    vouch(by) {
      aim.vouch(by);
      planAgain();
    },
  };
  return { ...desk, rack, aim: vouched };
}

function recorded({ author, reason, isWhole }: OpenAccess): { readonly [key: string]: string | boolean } {
  return { author, reason, ...(isWhole === true ? { is_whole_rack: true } : {}) };
}
