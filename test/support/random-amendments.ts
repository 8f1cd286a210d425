/** Random changes of mind during short seeded campaigns: those that may be, and those that must be refused without effect. */
import type { AmendOutcome } from "../../controller/amendments/amend-desk.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { turnOf } from "../../protocols/base/position.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import type { ProtocolStep } from "../../protocols/echem/protocol.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { createPersonHands } from "../../simulator/world/person-hands.ts";
import type { Proposal, PutOnRecord } from "./amendments.ts";
import { belongsThere, bringCells, following, isOut, replaceable, withFollowers } from "./replaced-cells.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { campaign as small, runWorld } from "./world-campaign.ts";

type Chance = ReturnType<typeof createChance>;

export interface AmendedRun {
  readonly seed: number;
  /** On record. */
  readonly valid: number;
  /** Refused, as they must be. */
  readonly refused: number;
  /** Cells that people put in, where the run went on. */
  readonly brought: number;
  /** What must not be; empty where all held. */
  readonly troubles: readonly string[];
}

interface Mind {
  readonly name: string;
  readonly isValid: boolean;
  /** Undefined where it does not apply as things stand. */
  readonly propose: (chance: Chance, ...about: Parameters<Proposal>) => Campaign | undefined;
}

const withCell = (campaign: Campaign, position: string, change: Partial<CampaignCell>): Campaign => ({
  ...campaign,
  cells: campaign.cells.map((cell) => (cell.position === position ? { ...cell, ...change } : cell)),
});

function withPreset(campaign: Campaign, change: Partial<Campaign["presets"][number]>): Campaign {
  const presets = campaign.presets.map((preset, index) => (index === 0 ? { ...preset, ...change } : preset));
  const sweeps = campaign.sweeps.map((sweep) => ({ ...sweep, preset: presets[0] ?? sweep.preset }));
  return { ...campaign, presets, sweeps };
}

function oneOf<Item>(chance: Chance, items: readonly Item[]): Item | undefined {
  return items[Math.floor(chance.uniform() * items.length)];
}

/** Cells that still take part. */
function open(campaign: Campaign, over: ReadonlySet<string>): readonly CampaignCell[] {
  return campaign.cells.filter((cell) => cell.isWithdrawn !== true && !over.has(cell.position));
}

function withLimits(campaign: Campaign, { position, doseLimits }: CampaignCell, factor: number): Campaign {
  const scaled = doseLimits.map((limit) =>
    limit.doseGy === null ? limit : { ...limit, doseGy: limit.doseGy * factor },
  );
  return withCell(campaign, position, { doseLimits: scaled });
}

function withSteps(campaign: Campaign, { position, protocol }: CampaignCell, steps: readonly ProtocolStep[]): Campaign {
  return withCell(campaign, position, { protocol: { ...protocol, steps } });
}

/** A step that goes on for another time than it would have. */
function otherStep(step: ProtocolStep | undefined, factor: number): ProtocolStep | undefined {
  if (step?.kind === "loop") return { ...step, cycleCount: step.cycleCount + 1 };
  return step?.kind === "constant-current" && step.untilTimeS !== null
    ? { ...step, untilTimeS: Math.round(step.untilTimeS * factor) }
    : undefined;
}

const MINDS: readonly Mind[] = [
  {
    name: "another exposure",
    isValid: true,
    propose(chance, current) {
      const exposureS = 2 + Math.round(chance.uniform() * 40) / 10;
      return current.presets[0]?.exposureS === exposureS ? undefined : withPreset(current, { exposureS });
    },
  },
  {
    name: "a limit raised",
    isValid: true,
    propose(chance, current, { over }) {
      const cell = oneOf(chance, open(current, over));
      return cell === undefined ? undefined : withLimits(current, cell, 1 + chance.uniform());
    },
  },
  {
    name: "a cell withdrawn",
    isValid: true,
    propose(chance, current, { over }) {
      const cells = open(current, over);
      const cell = oneOf(chance, cells);
      if (cell === undefined || cells.length < 5) return undefined;
      return withCell(current, cell.position, { isWithdrawn: true, role: "dark-control" });
    },
  },
  {
    name: "kept from the beam",
    isValid: true,
    propose(chance, current, { over }) {
      const exposed = open(current, over).filter(({ role }) => role === "exposed");
      const cell = exposed.length < 4 ? undefined : oneOf(chance, exposed);
      return cell === undefined ? undefined : withCell(current, cell.position, { role: "dark-control" });
    },
  },
  {
    name: "another tail",
    isValid: true,
    propose(chance, current, { over, begunIndex }) {
      const cell = oneOf(chance, open(current, over));
      if (cell === undefined) return undefined;
      const { steps } = cell.protocol;
      const index = (begunIndex.get(cell.position) ?? -1) + 1 + Math.floor(chance.uniform() * 2);
      const step = otherStep(steps[index], 0.5 + chance.uniform());
      return step === undefined ? undefined : withSteps(current, cell, steps.with(index, step));
    },
  },
  {
    name: "a trigger by the clock, or another, or none",
    isValid: true,
    propose(chance, current, { atMs, over }) {
      const preset = current.presets.at(-1);
      const cells = open(current, over).flatMap(({ position, role }) => {
        const cellIndex = current.cells.findIndex((cell) => cell.position === position);
        return role === "exposed" && chance.uniform() < 0.5 ? [{ cellIndex, stepIndexes: null }] : [];
      });
      const { triggers: [before] = [], ...rest } = current;
      if (before !== undefined && chance.uniform() < 0.4) return rest;
      if (preset === undefined || cells.length === 0) return undefined;
      const everyS = 60 + Math.round(chance.uniform() * 300);
      const firstAfterS = Math.round(atMs / 1000);
      const when = { everyS, firstAfterS, window: { in: "time", earlyS: 20, lateS: 60 } } as const;
      const what = { preset, cells, cycles: null, weight: 1, owner: null };
      return { ...rest, triggers: [{ kind: "time-grid", name: before?.name ?? "grid", ...what, ...when }] };
    },
  },
  {
    name: "a preset with a spot of its own",
    isValid: true,
    propose(chance, current) {
      const [first] = current.presets;
      if (first === undefined || current.presets.length > 3) return undefined;
      const spots = [{ xMm: 1 + chance.uniform(), yMm: -1.5 + chance.uniform() }];
      return { ...current, presets: [...current.presets, { ...first, name: `own-${current.presets.length}`, spots }] };
    },
  },
  {
    name: "another cadence of the sweeps",
    isValid: true,
    propose(chance, current) {
      const drawnS = 120 + 30 * Math.floor(chance.uniform() * 15);
      const another = (beforeS: number): number => (drawnS === beforeS ? drawnS + 30 : drawnS);
      return { ...current, sweeps: current.sweeps.map((sweep) => ({ ...sweep, cadenceS: another(sweep.cadenceS) })) };
    },
  },
  {
    name: "another cell follows one that is over",
    isValid: true,
    propose(chance, current, { over }) {
      const before = oneOf(chance, replaceable(current, over));
      return before === undefined ? undefined : following(current, before);
    },
  },
  {
    name: "some are withdrawn, and others follow them",
    isValid: true,
    propose(chance, current, { over }) {
      // Somebody may have access to one that followed.
      const all = open(current, over).filter(({ position }) => turnOf(position) === 1);
      const cells = all.length < 3 ? [] : all.filter(() => chance.uniform() < 0.4);
      const next = cells.reduce<Campaign | undefined>((so, cell) => so && (following(so, cell) ?? so), current);
      return next === current ? undefined : next;
    },
  },
  {
    name: "a cell comes back",
    isValid: true,
    propose(chance, current, { ended }) {
      const places = replaceable(current, ended);
      const out = places.filter((cell) => isOut(current, ended, cell.barcode));
      const [cell, before] = [oneOf(chance, out), oneOf(chance, places)];
      if (cell === undefined || before === undefined) return undefined;
      return following(current, before, cell);
    },
  },
  {
    name: "another cell in a place that has one",
    isValid: false,
    propose(chance, current, { over, begunIndex }) {
      // One that is at its last step may be over by the time that the amendment is judged.
      const goingOn = open(current, over).filter(
        ({ position, protocol }) => (begunIndex.get(position) ?? -1) < protocol.steps.length - 1,
      );
      const before = oneOf(chance, goingOn);
      const [follower] = before === undefined ? [] : (following(current, before)?.cells.slice(-1) ?? []);
      return follower === undefined ? undefined : { ...current, cells: [...current.cells, follower] };
    },
  },
  {
    name: "a limit already spent",
    isValid: false,
    propose(chance, current, { rows }) {
      const given = new Set(rows.filter(({ kind }) => kind !== "booking").map(({ position }) => position as string));
      const cell = oneOf(
        chance,
        current.cells.filter(({ position }) => given.has(position)),
      );
      return cell === undefined ? undefined : withLimits(current, cell, 1e-4);
    },
  },
  {
    name: "a step that has begun",
    isValid: false,
    propose(chance, current, { begunIndex }) {
      const cell = oneOf(
        chance,
        current.cells.filter(({ position }) => (begunIndex.get(position) ?? -1) >= 1),
      );
      const steps = cell?.protocol.steps ?? [];
      const step = otherStep(steps[1], 0.5);
      return cell === undefined || step === undefined ? undefined : withSteps(current, cell, steps.with(1, step));
    },
  },
  {
    name: "another cell",
    isValid: false,
    propose: (chance, current) => withCell(current, oneOf(chance, current.cells)?.position ?? "", { barcode: "other" }),
  },
  {
    name: "a cell left out",
    isValid: false,
    propose(chance, current) {
      const gone = oneOf(chance, current.cells);
      return { ...current, cells: current.cells.filter((cell) => cell !== gone) };
    },
  },
  {
    name: "other spots",
    isValid: false,
    propose: (_, current) => withPreset(current, { spots: current.presets[0]?.spots.slice(1) ?? [] }),
  },
];

/** Between two looks of a person for cells that are to come. */
const PEOPLE_S = 60;

/** Half of them of a kind that may be, half of one that must not; a charge that is soon over, so that tails begin. */
export async function runAmended(
  seed: number,
  count: number,
  hours = 0.5,
  how: "stopped" | "going-on" = "stopped",
): Promise<AmendedRun> {
  const chance = createChance(seed).stream("amendments");
  const troubles: string[] = [];
  let [valid, refused] = [0, 0];
  const everyS = (hours * 3600) / (count + 1);
  const amendments = Array.from({ length: count }, (_, index) => {
    let mind: Mind | undefined;
    let last: Campaign | undefined;
    return {
      /** Asked for last. */
      proposed: () => last,
      atS: Math.round(everyS * (index + 0.5 + chance.uniform() / 2)),
      propose(...about: Parameters<Proposal>): Campaign {
        const wanted = chance.uniform() < 0.6;
        const minds = MINDS.filter(({ isValid }) => isValid === wanted);
        for (let turn = 0; turn < 20; turn += 1) {
          mind = oneOf(chance, minds);
          const proposed = mind?.propose(chance, ...about);
          if (proposed !== undefined) return (last = proposed);
        }
        mind = undefined;
        return (last = about[0]);
      },
      judged({ changes, refusals }: Pick<PutOnRecord, "changes" | "refusals">): void {
        if (mind === undefined) return;
        const isRefused = refusals.length > 0;
        if (isRefused) refused += 1;
        else valid += 1;
        // Whom nobody may follow for now: that is people's to end.
        const isTouched = refusals.some(({ what }) => what.startsWith("somebody has access to"));
        if (isRefused === mind.isValid && !isTouched)
          troubles.push(`${mind.name}: ${refusals[0]?.what ?? "not refused"}`);
        if (!isRefused && changes.length === 0) troubles.push(`${mind.name}: changes nothing`);
        if (isRefused && refusals.some(({ advice }) => advice === "")) troubles.push(`${mind.name}: without advice`);
      },
    };
  });
  const hands = createPersonHands();
  const world = withFollowers(hurried);
  const asked =
    how === "stopped"
      ? { amendments }
      : {
          amendedLive: amendments.map((one) => ({
            ...one,
            judged(outcome: AmendOutcome, changes: PutOnRecord["changes"]): void {
              one.judged({ changes, refusals: outcome.kind === "refused" ? outcome.refusals : [] });
              if (outcome.kind === "amended") belongsThere(hands, world, one.proposed());
            },
          })),
        };
  let brought = 0;
  const people = Array.from({ length: how === "stopped" ? 0 : Math.floor((hours * 3600) / PEOPLE_S) }, (_, turn) => {
    const act = (virtual: VirtualCampaign): void => {
      brought += bringCells(virtual, hands, world, chance);
    };
    return [PEOPLE_S * (turn + 0.5), act] as const;
  });
  const places =
    how === "stopped" ? { campaign: hurried } : { campaign: world, beginsWith: hurried, hands, at: people };
  const run = await runWorld({ seed, hours, ...asked, ...places });
  if (Number.isNaN(brought)) troubles.push("a wrong code was taken");
  for (const { invariant, what } of run.summary.violations) troubles.push(`${invariant}: ${what}`);
  const { truth, dose } = run.summary;
  if (truth["exposures_unaccounted"] !== 0 || dose.booked_not_settled !== 0) troubles.push("exposures unaccounted");
  if (run.of("campaign-amended").length !== valid) troubles.push("what was refused is on record, or the reverse");
  for (const position of exposedAfterAll(run))
    troubles.push(`${position} was exposed after it was taken from the beam`);
  const report = verifyRecord(run.folder, replayDecisions);
  if (report.replay !== "ok") troubles.push(`replay ${report.replay}`);
  for (const { severity, code, what } of report.findings) if (severity === "error") troubles.push(`${code}: ${what}`);
  return { seed, valid, refused, brought, troubles };
}

function exposedAfterAll({ of }: Pick<Awaited<ReturnType<typeof runWorld>>, "of">): readonly string[] {
  const goneMs = new Map<string, number>();
  for (const { atMs, dataText } of of("campaign-amended")) {
    const { changes } = JSON.parse(dataText) as { changes: readonly { path: string; positions?: readonly string[] }[] };
    for (const { path, positions = [] } of changes) {
      if (path === "withdrawn" || path === "role") for (const position of positions) goneMs.set(position, atMs);
    }
  }
  return of("exposure-ended").flatMap((event) => {
    const { position, open_asked_at_ms: openedMs } = JSON.parse(event.dataText) as {
      readonly position: string;
      readonly open_asked_at_ms?: number | null;
    };
    return (openedMs ?? 0) > (goneMs.get(position) ?? Infinity) ? [position] : [];
  });
}

/** Its steps are over in minutes. */
const hurried: Campaign = {
  ...small,
  cells: small.cells.map((cell) => ({
    ...cell,
    protocol: {
      ...cell.protocol,
      steps: cell.protocol.steps.map((step) =>
        step.kind === "constant-current" || step.kind === "open-circuit-voltage"
          ? { ...step, untilTimeS: Math.round((step.untilTimeS ?? 3600) / 20) }
          : step,
      ),
    },
  })),
};
