/** What was announced of the beam is obeyed: nothing is begun that a stop would cut, and nothing after the beam time's end. */
import { afterAll, expect, it } from "vitest";
import { createHandoverFold } from "../../controller/handover/handover-fold.ts";
import { parseJson } from "../../controller/record/record-header.ts";
import { campaign, expectSound, numeric, removeFolders, runWorld } from "../support/world-campaign.ts";

afterAll(removeFolders);

const MINUTE = 60_000;

it("the beam waits out an announced stop, goes on after it, and ends with the experiment while cells go on", async () => {
  const { startMs } = campaign;
  const at = (minutes: number): number => startMs + minutes * MINUTE;
  const run = await runWorld({
    hours: 0.5,
    campaign: {
      ...campaign,
      timeZone: "Europe/Paris",
      beamForecast: {
        stops: [{ fromUtcMs: at(5.5), toUtcMs: at(12), what: "machine studies" }],
        losses: null,
        endUtcMs: at(21),
      },
    },
  });
  expectSound(run);
  const opened = run.of("shutter-opened").map((event) => event.atMs / MINUTE);
  const closed = run.of("exposure-ended").map((event) => event.atMs / MINUTE);
  expect(opened.filter((minute) => minute < 5.5).length).toBeGreaterThan(0);
  expect(opened.filter((minute) => minute >= 12 && minute < 21).length).toBeGreaterThan(9);
  expect(closed.filter((minute) => minute > 5.5 && minute < 12)).toEqual([]);
  expect(opened.filter((minute) => minute >= 21)).toEqual([]);
  // Of the sweep before the stop and the one within it some cells found no beam; after the end none is asked.
  expect(run.of("sweep-begun").map((event) => numeric(event, "sweep"))).toEqual([1, 2, 3, 4]);
  expect(run.of("cell-complete").length + run.of("cell-stopped").length).toBeGreaterThan(0);

  const fold = createHandoverFold();
  for (const { type, atMs, dataText } of run.events) {
    if (atMs < 10 * MINUTE) fold.event(type, atMs, parseJson(dataText));
  }
  expect(fold.clock?.timeZone).toBe("Europe/Paris");
  const { ahead } = fold.handover(0, 30 * MINUTE);
  expect(ahead.announced.map(({ text }) => text).slice(-2)).toEqual([
    "beam again, after machine studies",
    "the experiment's beam time is over: nothing is exposed from then on",
  ]);
});
