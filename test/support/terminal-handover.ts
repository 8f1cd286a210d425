/** The hand-over page of the rack of `terminal-rack.ts`, as the bus tells it. */
import { iso, NOW_MS, said, type Said } from "./terminal-rack.ts";

/** Of the hour that runs, and of the two before; `change`: of what waits and what comes. */
export function handover(change: object = {}): Said {
  const hourMs = 3_600_000;
  const hour = (back: number, change: object) => ({
    from: iso(Math.floor(NOW_MS / hourMs) * hourMs - back * hourMs),
    ...{ sweeps: 4, exposures: { made: 384 }, missed: {}, steps_ended: 3, beam_lost_s: 0 },
    ...{ events: [], notes: [], more: 0 },
    ...change,
  });
  const at = (minutesAgo: number): string => iso(NOW_MS - 60_000 * minutesAgo);
  return said(
    { kind: "handover" },
    {
      ...{ v: 1, at: iso(NOW_MS) },
      hours: [
        hour(20, { notes: [{ at: at(1205), position: "A1", by: "boris", text: "long before this shift" }] }),
        hour(2, {
          ...{ missed: { beam: 12 }, exposures: { made: 371, partial: 1 }, beam_lost_s: 754 },
          events: [
            { at: at(130), where: [], text: "the machine has lost its beam", count: 1 },
            { at: at(125), where: ["channel B5"], text: "alarm 3: no answer within 2 s [link.timeout]", count: 1 },
            { at: at(118), where: [], text: "the machine's beam is back", count: 1 },
          ],
          notes: [{ at: at(121), position: "B4", by: "ada", text: "lead was loose, pushed it in" }],
        }),
        hour(1, {
          events: [{ at: at(80), where: ["channel B6"], text: "alarm: no answer within 2 s [link.timeout]", count: 2 }],
        }),
        hour(0, {}),
      ],
      waiting: [
        {
          ...{ who: "operator", where: ["F11"], since: at(47) },
          what: "2.4922 V, 0.0000 mA is outside 2.5..4.25 V, -1..1 mA [cell.limit]",
        },
      ],
      expected: {
        until: iso(Math.floor(NOW_MS / hourMs) * hourMs + 9 * hourMs),
        announced: [{ at: at(-200), spread_s: null, where: null, text: "no beam from here on: machine studies" }],
        sweeps: { next: at(-8), every_s: 900, count: 34 },
        requests: [],
        steps: [{ at: at(-19), spread_s: 540, where: "B4", text: "step 3 ends, by voltage" }],
        more: 0,
      },
      ...change,
    },
  );
}
