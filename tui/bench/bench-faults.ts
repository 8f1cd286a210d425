/** Carries out orders for faults on the bench's instruments, and ends them when their time is over. */
import type { WorldClock } from "../../simulator/plant/plant.ts";
import type { BenchFaultKind, FaultAnswer, FaultOrder } from "./fault-order.ts";

/** Begins or ends one kind of fault. `byMs` is for `slow`. */
export type FaultSwitch = (on: boolean, byMs: number) => void | Promise<void>;

/** What can go wrong with one instrument; a kind left out cannot happen to it. */
export interface FaultyInstrument {
  readonly name: string;
  readonly switches: Readonly<Partial<Record<BenchFaultKind, FaultSwitch>>>;
}

export interface BenchFaults {
  /** Never rejects: what cannot be done is in the answer. */
  carryOut(order: FaultOrder): Promise<FaultAnswer>;
}

export function createBenchFaults(instruments: readonly FaultyInstrument[], clock: WorldClock): BenchFaults {
  const byName = new Map(instruments.map((instrument) => [instrument.name, instrument]));
  /** When each fault under way is to end; a newer order replaces it. */
  const ends = new Map<string, number>();

  async function act(fault: FaultSwitch, on: boolean, byMs: number): Promise<string | undefined> {
    try {
      await fault(on, byMs);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  return {
    async carryOut(order) {
      const { id, kind, instrument: name, forS, on, byMs } = order;
      const answer = (ok: boolean, what: string): FaultAnswer => ({ id, ok, what });
      const instrument = byName.get(name);
      if (instrument === undefined) {
        const some = [...byName.keys()].slice(0, 6).join(", ");
        return answer(false, `no instrument is named ${name}; there are ${some}, ...`);
      }
      const fault = instrument.switches[kind];
      if (fault === undefined) {
        return answer(false, `${name} cannot ${kind}; it can ${Object.keys(instrument.switches).join(", ")}`);
      }
      const key = `${name} ${kind}`;
      const end = ends.get(key);
      if (end !== undefined) clock.cancel(end);
      ends.delete(key);
      const failure = await act(fault, on, byMs);
      if (failure !== undefined) return answer(false, failure);
      if (on && forS !== null) {
        const handle = clock.at(clock.nowMs() + forS * 1000, () => {
          ends.delete(key);
          // Plugging in again may fail for want of the port; the instrument then stays unplugged, as the order said.
          void act(fault, false, byMs);
        });
        ends.set(key, handle);
      }
      return answer(true, on ? `${name}: ${kind}${forS === null ? "" : ` for ${forS} s`}` : `${name}: ${kind} ended`);
    },
  };
}
