/** One look at a rack over the bus: connects, hears what is retained, finds the rack that is meant. For commands that ask once. */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { BusMessage } from "../../protocols/bus/messages.ts";
import type { BusPlace } from "./bus-place.ts";
import { createBusClient, type BusClient, type BusLink } from "./bus-client.ts";

type Heard<Kind extends BusMessage["kind"]> = Extract<BusMessage, { kind: Kind }>["value"];

/** What a rack said last. */
export interface RackLook {
  readonly rack: string;
  readonly controller: Heard<"controller">;
  /** Undefined where this user may not see it. */
  readonly heartbeat: Heard<"heartbeat"> | undefined;
  readonly campaign: Heard<"campaign"> | undefined;
  readonly control: Heard<"control"> | undefined;
  /** Of a group user: what its groups are told. */
  readonly alarm: Pick<Heard<"alarm">, "open" | "unnamed" | "equal"> | undefined;
  /** In the order of positions. */
  readonly cells: readonly Heard<"cell">[];
}

export interface OpenRack {
  readonly client: BusClient;
  readonly look: () => RackLook;
}

export interface OpenRackDeps {
  readonly place: BusPlace;
  readonly clock: Clock;
  readonly pid: number;
  readonly rack: string | undefined;
  /** Whether what was heard is enough. */
  readonly isEnough: (look: Omit<RackLook, "controller">) => boolean;
}

/** A broker of the same machine answers at once; one far away over TLS within this. */
const CONNECT_MS = 6000;
/** What is retained comes at once; what was not heard by then is not there. */
const RETAINED_MS = 1500;
const STEP_MS = 20;

interface HeardRack {
  readonly single: Partial<{ -readonly [Kind in BusMessage["kind"]]: Heard<Kind> }>;
  readonly cells: Map<string, Heard<"cell">>;
  readonly groups: Map<string, Heard<"group-alarm">>;
}

/** Rejects with Fault `bus.unreachable`, `bus.login`, `bus.certificate`, `bus.no-rack`. The client is closed then. */
export async function openRack(deps: OpenRackDeps): Promise<OpenRack> {
  const { clock, place } = deps;
  const racks = new Map<string, HeardRack>();
  let link: BusLink | undefined;
  const client = createBusClient({
    ...{ place, clock, pid: deps.pid },
    ...(deps.rack === undefined ? {} : { rack: deps.rack }),
    topics: ["controller", "heartbeat", "campaign", "control", "alarm", "group-alarm/+", "cell/+"],
    message(read) {
      if (read.kind !== "read") return;
      const heard = racks.get(read.rack) ?? { single: {}, cells: new Map(), groups: new Map() };
      racks.set(read.rack, heard);
      const { message } = read;
      if (message.kind === "cell") heard.cells.set(message.value.position, message.value);
      else if (message.kind === "group-alarm") heard.groups.set(message.value.group, message.value);
      else Object.assign(heard.single, { [message.kind]: message.value });
    },
    link(now) {
      link = now;
    },
  });

  function lookAt(
    rack: string,
  ): Omit<RackLook, "controller"> & { readonly controller: RackLook["controller"] | undefined } {
    const heard = racks.get(rack);
    const { controller, heartbeat, campaign, control } = heard?.single ?? {};
    const alarm = heard?.single.alarm ?? ofGroups([...(heard?.groups.values() ?? [])]);
    const cells = [...(heard?.cells.values() ?? [])].sort((a, b) => placeOf(a.position) - placeOf(b.position));
    return { rack, controller, heartbeat, campaign, control, alarm, cells };
  }

  function only(): string | undefined {
    const present = [...racks].filter(([, { single }]) => single.controller?.state === "present");
    const all = present.length > 0 ? present : [...racks].filter(([, { single }]) => single.controller !== undefined);
    return all.length === 1 ? all[0]?.[0] : undefined;
  }

  try {
    await until(clock, CONNECT_MS, () => link?.kind === "open" || isHopeless(link));
    if (link?.kind !== "open") {
      throw link?.fault ?? new Fault("bus.unreachable", place.url, `no answer within ${CONNECT_MS / 1000} s`);
    }
    await until(clock, RETAINED_MS, () => {
      const rack = only();
      return rack !== undefined && deps.isEnough(lookAt(rack));
    });
    const rack = only();
    if (rack === undefined) throw noRack(place, deps.rack, [...racks.keys()]);
    return {
      client,
      look() {
        const { controller, ...rest } = lookAt(rack);
        if (controller === undefined) throw noRack(place, deps.rack, []);
        return { ...rest, controller };
      },
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** An alarm of the beam is told to each group. */
function ofGroups(told: readonly Heard<"group-alarm">[]): RackLook["alarm"] {
  if (told.length === 0) return undefined;
  const byId = new Map(told.flatMap(({ open }) => open.map((alarm) => [alarm.id, alarm])));
  return { open: [...byId.values()].sort((left, right) => right.id - left.id), unnamed: 0 };
}

function isHopeless(link: BusLink | undefined): boolean {
  return link !== undefined && link.kind !== "open" && link.fault !== null;
}

function noRack({ url }: BusPlace, wanted: string | undefined, known: readonly string[]): Fault {
  const names = [...known].sort().join(", ");
  if (wanted !== undefined) return new Fault("bus.no-rack", url, `no controller speaks for a rack ${wanted} there`);
  if (known.length > 1) return new Fault("bus.no-rack", url, `several racks are there: ${names}; name one with --rack`);
  return new Fault("bus.no-rack", url, "the broker is there, but no controller speaks on it");
}

async function until(clock: Clock, withinMs: number, isSo: () => boolean): Promise<void> {
  const endMs = clock.monoMs() + withinMs;
  while (!isSo() && clock.monoMs() < endMs) await sleep(clock, STEP_MS);
}

function placeOf(position: string): number {
  return position.charCodeAt(0) * 100 + Number(position.slice(1));
}
