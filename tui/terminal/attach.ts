/**
 * Attaches the screens to a bus: connects, finds the rack that is meant, and shows it on the terminal until the person
 * leaves. The rack goes on whatever happens here.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { parseTopic } from "../../protocols/bus/topics.ts";
import type { BusPlace } from "../bus/bus-place.ts";
import { ALIGN_ANSWER_MS, createBusClient, type BusClient, type BusLink } from "../bus/bus-client.ts";
import { createRackStore, type RackStore, type Session } from "./model/rack-store.ts";
import type { RackView } from "./model/rack-view.ts";
import type { Order, ScreenState } from "./model/screen-state.ts";
import type { TerminalDevice } from "./terminal-device.ts";
import { createTerminalSession, type Answer } from "./terminal-session.ts";

export interface AttachDeps {
  readonly device: TerminalDevice;
  readonly place: BusPlace;
  readonly clock: Clock;
  readonly pid: number;
  readonly rack: string | undefined;
  /** How long a broker may take to answer. */
  readonly connectMs: number;
  /** A broker that refuses may still come: it is tried again for that time. */
  readonly isPatient?: boolean;
  /** Why there will never be anything to connect to; null while there may. */
  readonly hopeless?: () => Fault | null;
  /** Told of every way to leave but the keys. */
  readonly onEnd: (leave: () => void) => () => void;
  readonly first?: Partial<ScreenState>;
}

const STEP_MS = 20;
/** What a broker remembers comes at once. */
const RETAINED_MS = 400;
/** What goes on record where a person gave no reason because none is asked for. */
const REASON_DEFAULT = "at the terminal";

/**
 * Resolves with what was seen last, when the person has left. Rejects before anything is drawn, with Fault
 * `bus.unreachable`, `bus.login`, `bus.certificate`, or `bus.no-rack` where several racks are there and none was named.
 */
export async function attach(deps: AttachDeps): Promise<RackView> {
  const { clock, device, place } = deps;
  const store = createRackStore(clock.wallMs());
  // Half a second of work, done while the broker answers; where it does not, nobody waits for it.
  const loaded = import("./show-terminal.tsx");
  loaded.catch(() => undefined);
  const racks = new Set<string>();
  let chosen = deps.rack;
  let link: BusLink | undefined;
  const client = createBusClient({
    ...{ place, clock, pid: deps.pid },
    ...(deps.rack === undefined ? {} : { rack: deps.rack }),
    raw(topic, payload, isRetained) {
      const read = parseTopic(topic);
      if (read === undefined) return;
      if (read.topic.kind === "controller") racks.add(read.rack);
      if (read.rack === (chosen ?? read.rack)) store.hear(topic, payload, isRetained, clock.wallMs());
    },
    link(now) {
      link = now;
      store.session(sessionOf(now, clock));
    },
  });
  const lastLink = (): BusLink | undefined => link;
  try {
    const hopeless = (): Fault | null => deps.hopeless?.() ?? null;
    await until(clock, deps.connectMs, () => {
      return lastLink()?.kind === "open" || isFinal(lastLink(), deps.isPatient === true) || hopeless() !== null;
    });
    const now = lastLink();
    const why = hopeless();
    if (why !== null) throw why;
    if (now?.kind !== "open") {
      throw now?.fault ?? new Fault("bus.unreachable", place.url, `no answer within ${deps.connectMs / 1000} s`);
    }
    await until(clock, RETAINED_MS, () => racks.size > 0);
    chosen ??= onlyRack(racks, place);
    const { showTerminal } = await loaded;
    return await show(deps, store, client, showTerminal, device);
  } finally {
    await client.close();
  }
}

async function show(
  deps: AttachDeps,
  store: RackStore,
  client: BusClient,
  showTerminal: (typeof import("./show-terminal.tsx"))["showTerminal"],
  device: TerminalDevice,
): Promise<RackView> {
  const { clock } = deps;
  return new Promise((resolve, reject) => {
    let isLeft = false;
    const session = createTerminalSession({
      ...{ clock, store, look: device, author: client.user },
      size: { columns: device.stdout.columns, rows: device.stdout.rows },
      send: (order, reason) => give(client, session.view().rack, order, reason),
      quit: () => {
        leave();
      },
      ...(deps.first === undefined ? {} : { first: deps.first }),
    });
    const release = deps.onEnd(() => {
      leave();
    });
    function leave(): void {
      if (isLeft) return;
      isLeft = true;
      release();
      session.close();
      shown.close();
      resolve(session.view());
    }
    const shown = showTerminal(device, session);
    shown.broken.catch((error: unknown) => {
      leave();
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}

async function give(client: BusClient, rack: string | null, order: Order, reason: string): Promise<Answer> {
  if (rack === null) return { kind: "not-sent", why: "no rack is known yet" };
  try {
    const { precondition, command } = order;
    const slow = command.command === "align" ? { withinMs: ALIGN_ANSWER_MS } : {};
    const options = { rack, reason: reason === "" ? REASON_DEFAULT : reason, precondition, ...slow };
    return { kind: "answered", reply: await client.order(command, options) };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { kind: error.code === "bus.lost" ? "not-sent" : "unknown", why: error.message };
  }
}

function sessionOf(link: BusLink, clock: Clock): Session {
  const sinceMs = clock.wallMs() - (clock.monoMs() - link.sinceMs);
  if (link.kind === "open") return { kind: "open", sinceMs };
  return { kind: link.kind === "lost" ? "lost" : "opening", sinceMs, trouble: link.fault?.message ?? null };
}

/** Trying again would not help. */
function isFinal(link: BusLink | undefined, isPatient: boolean): boolean {
  if (link === undefined || link.kind === "open" || link.fault === null) return false;
  return !isPatient || link.fault.code === "bus.login" || link.fault.code === "bus.certificate";
}

/** Undefined while none is there. */
function onlyRack(racks: ReadonlySet<string>, { url }: BusPlace): string | undefined {
  if (racks.size > 1) {
    const names = [...racks].sort().join(", ");
    throw new Fault("bus.no-rack", url, `several racks are there: ${names}; name one with --rack`);
  }
  return [...racks][0];
}

async function until(clock: Clock, withinMs: number, isSo: () => boolean): Promise<void> {
  const endMs = clock.monoMs() + withinMs;
  while (!isSo() && clock.monoMs() < endMs) await sleep(clock, STEP_MS);
}
