/**
 * What the scheduler knew, on record beside what it decided, so that the same can be decided again. Requests, shares and
 * the order decided last are told as they change; a log that begins anew, after a restart, tells them whole.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { isList, isRecord } from "../record/ledger-row.ts";
import type { BeamRequest, GroupShare, KnownStop, ScheduleState } from "./schedule-state.ts";
import type { ReachedStage } from "../../protocols/site/reach-map.ts";
import { travelOf, type Travel, type TravelPlan } from "./travel.ts";

/** Ways, announced stops and losses: once, and again whenever they are others. */
export const SURROUNDINGS_EVENT = "beam-surroundings";

type Data = { readonly [key: string]: Json };

/** Exposures that are left where nobody knows. */
const UNKNOWN = "unknown";

export interface StateLog {
  /** Of the ways and stops, when they were not told yet; null when they were. */
  surroundings(state: ScheduleState): Data | null;
  /** What is new since the state that was told last. */
  state(state: ScheduleState): Data;
}

/** As the log has a request: id, cell, earliest, wanted, latest, occupied milliseconds, weight, group. */
function requestJson(one: BeamRequest): readonly Json[] {
  const { id, cellIndex, earliestMs, wantedMs, latestMs, occupiesMs, weight, group } = one;
  return [id, cellIndex, earliestMs, wantedMs, latestMs, occupiesMs, weight, group];
}

function isSame(a: BeamRequest, b: BeamRequest): boolean {
  return (
    a.cellIndex === b.cellIndex &&
    a.earliestMs === b.earliestMs &&
    a.wantedMs === b.wantedMs &&
    a.latestMs === b.latestMs &&
    a.occupiesMs === b.occupiesMs &&
    a.weight === b.weight &&
    a.group === b.group
  );
}

/** What triggers and steps ask comes before what is left of a sweep; what is new, behind the others of its kind. */
function inOrder(requests: ReadonlyMap<string, BeamRequest>): readonly BeamRequest[] {
  const all = [...requests.values()];
  return [...all.filter(({ id }) => id.startsWith("R")), ...all.filter(({ id }) => !id.startsWith("R"))];
}

export function createStateLog(): StateLog {
  const told = new Map<string, BeamRequest>();
  let order: readonly string[] = [];
  let shares = "";
  /** By cell; one that is not named has no bound. */
  const left = new Map<number, number>();
  let isBegun = false;
  let travel: Travel | null = null;
  let stops: readonly KnownStop[] | null = null;

  function doseLeft({ requests, exposuresLeft }: ScheduleState): readonly Json[] {
    const changed: Json[] = [];
    for (const cellIndex of new Set(requests.map((one) => one.cellIndex))) {
      const now = exposuresLeft(cellIndex);
      if (Object.is(now, left.get(cellIndex) ?? Infinity)) continue;
      left.set(cellIndex, now);
      changed.push([cellIndex, leftJson(now)]);
    }
    return changed;
  }

  return {
    surroundings({ travel: ways, beam }) {
      if (travel === ways && stops === beam.stops) return null;
      travel = ways;
      ({ stops } = beam);
      return {
        ways: travelJson(ways.plan),
        stops: beam.stops.map(({ fromMs, toMs, what }) => [fromMs, toMs, what]),
        losses: beam.losses === null ? null : [beam.losses.perHour, beam.losses.lastMs],
      };
    },
    state(state) {
      const now = new Map(state.requests.map((one) => [one.id, one]));
      const gone = [...told.keys()].filter((id) => !now.has(id));
      for (const id of gone) told.delete(id);
      const changed: BeamRequest[] = [];
      for (const one of state.requests) {
        const before = told.get(one.id);
        if (before !== undefined && isSame(before, one)) continue;
        changed.push(one);
        told.set(one.id, one);
      }
      const isInOrder = inOrder(told).every(({ id }, index) => id === state.requests[index]?.id);
      if (!isInOrder) {
        told.clear();
        for (const one of state.requests) told.set(one.id, one);
      }
      const sharesNow = sharesJson(state.shares);
      const sharesText = JSON.stringify(sharesNow);
      const isNewOrder = order.length !== state.order.length || order.some((id, index) => id !== state.order[index]);
      const { missing } = state.beam;
      const dose = doseLeft(state);
      const data: Data = {
        now_ms: state.nowMs,
        place: state.place,
        ...(state.fetched === null ? {} : { fetched: state.fetched }),
        ...(isBegun ? {} : { whole: true }),
        ...(changed.length === 0 ? {} : { asked: changed.map(requestJson) }),
        ...(gone.length === 0 ? {} : { gone }),
        ...(isInOrder ? {} : { ids: state.requests.map(({ id }) => id) }),
        ...(isNewOrder ? { order: [...state.order] } : {}),
        ...(sharesText === shares ? {} : { shares: sharesNow }),
        ...(dose.length === 0 ? {} : { dose_left: dose }),
        lately: [state.lately.met, state.lately.missed],
        ...(missing === null ? {} : { missing: { ...missing, untilMs: missing.untilMs } }),
      };
      isBegun = true;
      ({ order } = state);
      shares = sharesText;
      return data;
    },
  };
}

/** Null for no bound at all. */
function leftJson(left: number): Json {
  return Number.isNaN(left) ? UNKNOWN : Number.isFinite(left) ? left : null;
}

function sharesJson(shares: ReadonlyMap<string, GroupShare>): readonly Json[] {
  return [...shares].map(([group, { share, used }]) => [group, share, used]);
}

function travelJson(plan: TravelPlan): Data {
  if (plan.kind === "changer") return { kind: plan.kind, cell_count: plan.cellCount, robot: { ...plan.robot } };
  const { speedMmS, accelerationMmS2, settleS } = plan.stage;
  const point = ({ xMm, yMm }: { readonly xMm: number; readonly yMm: number }): Json => [xMm, yMm];
  return {
    kind: plan.kind,
    stage: [speedMmS, accelerationMmS2, settleS],
    cells: plan.cells.map(point),
    shadow: plan.shadow === null ? null : point(plan.shadow),
    spots: plan.spots.map(point),
    ...(plan.reach === undefined ? {} : { reach: reachJson(plan.reach) }),
  };
}

export interface StateReplay {
  /** False where it cannot be read. */
  surroundings(data: Data): boolean;
  /** The state that was told; undefined where the log does not say enough. */
  state(data: Json | undefined): ScheduleState | undefined;
  /** As the scheduler's answer leaves it for the next state. */
  readonly requests: ReadonlyMap<string, BeamRequest>;
}

/** Builds the states again from what `createStateLog` told of them. */
export function createStateReplay(): StateReplay {
  let requests = new Map<string, BeamRequest>();
  let order: readonly string[] = [];
  let shares: ReadonlyMap<string, GroupShare> = new Map();
  const left = new Map<number, number>();
  let isWhole = false;
  let ways: Travel | undefined;
  let stops: readonly KnownStop[] = [];
  let losses: ScheduleState["beam"]["losses"] = null;

  return {
    get requests() {
      return requests;
    },
    surroundings(data) {
      const plan = travelPlanOf(data["ways"]);
      ways = plan === undefined ? undefined : travelOf(plan);
      stops = listOf(data["stops"]).map((one) => {
        const [fromMs, toMs, what] = listOf(one);
        return { fromMs: numberOf(fromMs), toMs: numberOf(toMs), what: textOf(what) };
      });
      const [perHour, lastMs] = listOf(data["losses"]);
      losses = perHour === undefined ? null : { perHour: numberOf(perHour), lastMs: numberOf(lastMs) };
      return ways !== undefined;
    },
    state(value) {
      if (!isRecord(value)) return undefined;
      if (value["whole"] === true) {
        requests = new Map();
        order = [];
        shares = new Map();
        left.clear();
        isWhole = true;
      }
      for (const id of listOf(value["gone"])) requests.delete(textOf(id));
      for (const one of listOf(value["asked"])) {
        const request = requestOf(listOf(one));
        requests.set(request.id, request);
      }
      const ids = value["ids"];
      if (isList(ids)) {
        const sorted = ids.map((id) => [textOf(id), requests.get(textOf(id))] as const);
        requests = new Map(sorted.flatMap(([id, one]) => (one === undefined ? [] : [[id, one] as const])));
      }
      if (isList(value["order"])) order = value["order"].map(textOf);
      if (isList(value["shares"])) {
        shares = new Map(
          value["shares"].map((one) => {
            const [group, share, used] = listOf(one);
            return [textOf(group), { share: numberOf(share), used: numberOf(used) }];
          }),
        );
      }
      if (!isWhole || ways === undefined) return undefined;
      for (const one of listOf(value["dose_left"])) {
        const [cellIndex, most] = listOf(one);
        left.set(numberOf(cellIndex), most === null ? Infinity : numberOf(most));
      }
      const leftNow = new Map(left);
      const [met, missed] = listOf(value["lately"]).map(numberOf);
      const { missing } = value;
      return {
        nowMs: numberOf(value["now_ms"]),
        place: numberOf(value["place"]),
        fetched: typeof value["fetched"] === "number" ? value["fetched"] : null,
        travel: ways,
        requests: isList(ids) ? [...requests.values()] : inOrder(requests),
        exposuresLeft: (cellIndex) => leftNow.get(cellIndex) ?? Infinity,
        lately: { met: met ?? 0, missed: missed ?? 0 },
        beam: {
          missing: isRecord(missing)
            ? {
                ...{ reason: textOf(missing["reason"]), who: textOf(missing["who"]) },
                untilMs: typeof missing["untilMs"] === "number" ? missing["untilMs"] : null,
              }
            : null,
          ...{ stops, losses },
        },
        ...{ shares, order },
      };
    },
  };
}

function requestOf([
  id,
  cellIndex,
  earliestMs,
  wantedMs,
  latestMs,
  occupiesMs,
  weight,
  group,
]: readonly Json[]): BeamRequest {
  return {
    ...{ id: textOf(id), cellIndex: numberOf(cellIndex), earliestMs: numberOf(earliestMs) },
    wantedMs: typeof wantedMs === "number" ? wantedMs : null,
    ...{ latestMs: numberOf(latestMs), occupiesMs: numberOf(occupiesMs), weight: numberOf(weight) },
    group: typeof group === "string" ? group : null,
  };
}

function travelPlanOf(value: Json | undefined): TravelPlan | undefined {
  if (!isRecord(value)) return undefined;
  if (value["kind"] === "changer") {
    const { robot } = value;
    if (!isRecord(robot)) return undefined;
    return {
      kind: "changer",
      cellCount: numberOf(value["cell_count"]),
      robot: {
        exchangeS: numberOf(robot["exchangeS"]),
        fetchS: numberOf(robot["fetchS"]),
        hasSecondGripper: robot["hasSecondGripper"] === true,
        settleS: numberOf(robot["settleS"]),
        isLastEmpty: robot["isLastEmpty"] === true,
      },
    };
  }
  if (value["kind"] !== "stage") return undefined;
  const [speedMmS, accelerationMmS2, settleS] = listOf(value["stage"]).map(numberOf);
  if (speedMmS === undefined || accelerationMmS2 === undefined || settleS === undefined) return undefined;
  const point = (one: Json): { readonly xMm: number; readonly yMm: number } => {
    const [xMm, yMm] = listOf(one).map(numberOf);
    return { xMm: xMm ?? NaN, yMm: yMm ?? NaN };
  };
  const { shadow } = value;
  return {
    kind: "stage",
    stage: { speedMmS, accelerationMmS2, settleS },
    cells: listOf(value["cells"]).map(point),
    shadow: isList(shadow) ? point(shadow) : null,
    spots: listOf(value["spots"]).map(point),
    ...reachOf(value["reach"]),
  };
}

function reachJson({ travelXMm, travelYMm, speedMmS, accelerationMmS2, keepOut = [] }: ReachedStage): Data {
  return {
    stage: [travelXMm, travelYMm, speedMmS, accelerationMmS2],
    keep_out: keepOut.map((box) => [box.name, box.fromXMm, box.toXMm, box.fromYMm, box.toYMm]),
  };
}

function reachOf(value: Json | undefined): { readonly reach?: ReachedStage } {
  if (!isRecord(value)) return {};
  const [travelXMm = NaN, travelYMm = NaN, speedMmS = NaN, accelerationMmS2 = NaN] = listOf(value["stage"]).map(
    numberOf,
  );
  const keepOut = listOf(value["keep_out"]).map((one) => {
    const [name, ...numbers] = listOf(one);
    const [fromXMm = NaN, toXMm = NaN, fromYMm = NaN, toYMm = NaN] = numbers.map(numberOf);
    return { name: textOf(name), fromXMm, toXMm, fromYMm, toYMm };
  });
  return { reach: { travelXMm, travelYMm, speedMmS, accelerationMmS2, keepOut } };
}

function listOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

function numberOf(value: Json | undefined): number {
  return typeof value === "number" ? value : NaN;
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
