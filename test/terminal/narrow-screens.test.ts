import { afterEach, describe, expect, it } from "vitest";
import { showScreen, type ShowOptions, type ShownScreen } from "../support/shown-screen.ts";
import * as rack from "../support/terminal-rack.ts";

let open: ShownScreen | undefined;
afterEach(() => {
  open?.close();
  open = undefined;
});

async function running(options: ShowOptions = {}, more: readonly rack.Said[] = []): Promise<ShownScreen> {
  open = await showScreen(options);
  await open.say([...rack.runningRack(), ...more]);
  return open;
}

function seen(screen: ShownScreen): string {
  return screen.terminal.seen().join("\n");
}

describe("in 80 columns", () => {
  const AWAY_MS = rack.NOW_MS + 3 * 86_400_000;
  const LOST = {
    code: "link.timeout",
    where: "channel-B4",
    what: "no answer to Z after 4 tries",
    advice: "The device did not answer in time. Check power, cable and baud rate, and whether another device is there.",
  };

  it("what is wrong with an instrument is told whole, and what to do", async () => {
    const screen = await running({ first: { screen: "instruments" } }, [
      rack.instrument("channel-B4", { state: "pausing", position: "B4", fault: LOST }),
    ]);
    expect(seen(screen)).toContain("link.timeout");
    expect(seen(screen).replace(/\s+/g, " ")).toContain(`${LOST.what}. ${LOST.advice}`);
  });

  it("an alarm is told whole on its cell's screen, and a time of another day with its day", async () => {
    const forecast = { step_ends_at: rack.iso(AWAY_MS), step_spread_s: 7200 };
    const ends = { ends_at: rack.iso(AWAY_MS), ends_spread_s: 7200, paused_since: null };
    const what = "dose in positive electrode (surface, en) would be up to 8374 Gy, limit 8000 Gy";
    const screen = await running({ first: { screen: "cell" } }, [
      rack.cell(0, { forecast: { ...forecast, ...ends } }),
      rack.alarms([rack.alarm(7, { where: "A1", what, raised_at: rack.iso(rack.NOW_MS - 86_400_000) })]),
    ]);
    const facts = screen.terminal
      .seen()
      .map((line) => line.slice(1, 32))
      .join(" ")
      .replace(/\s+/g, " ");
    expect(facts).toContain(`! ${what}`);
    expect(facts).toContain("step ends 5 Mar 22:38 ±2 h 00");
    expect(facts).toContain("all ends 5 Mar 22:38 ±2 h 00");
    await screen.press("5");
    expect(seen(screen)).toMatch(/OPEN +1 Mar 22:38 +A1 +dose/);
  });

  it("of a cell whose step is paused it is told what is left, not an end that has gone by", async () => {
    const [since, end] = [rack.iso(rack.NOW_MS - 7_200_000), rack.iso(rack.NOW_MS - 3_600_000)];
    const forecast = { step_ends_at: end, step_spread_s: 600, ends_at: end, ends_spread_s: 600, paused_since: since };
    const screen = await running({ first: { screen: "cell" } }, [
      rack.cell(0, { state: "held", held_by: "ada", forecast, group: "lone" }),
      rack.campaign({ groups: [{ group: "lone", cells: 1, exposures: 58 }] }),
    ]);
    const facts = screen.terminal.seen().map((line) => line.slice(1, 32).trim());
    const at = facts.findIndex((line) => line.startsWith("step ends"));
    expect(facts.slice(at, at + 4).join(" ")).toMatch(
      /step ends +paused, 60 min ±10 min left +all ends +paused, 60 min/,
    );
    await screen.press("8");
    expect(seen(screen)).toMatch(/lone +1 +58 +2 Mar 23:38/);
  });

  it("when a group's last cell ends is not cut", async () => {
    const endsAt = rack.iso(Date.UTC(2026, 10, 23, 17, 38));
    const ends = { step_ends_at: null, step_spread_s: null, ends_at: endsAt, ends_spread_s: null, paused_since: null };
    const cells = Array.from({ length: 96 }, (_, index) => rack.cell(index, { forecast: ends, group: "lno-study" }));
    const screen = await running({ first: { screen: "campaign" } }, cells);
    expect(seen(screen)).toContain("23 Nov 17:38");
  });
});

it("a voltage that does not fit into a place of the map loses its unit, not its digits", async () => {
  const screen = await running({ columns: 100, rows: 50 }, [rack.cell(0, { voltage_V: 3.749 })]);
  const below = screen.terminal.seen().find((line) => line.includes("3.75"));
  expect(below).toBeDefined();
  expect(below).not.toContain("…");
});
