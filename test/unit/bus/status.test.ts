import { expect, it } from "vitest";
import { readMessage, type BusMessage } from "../../../protocols/bus/messages.ts";
import { statusLines } from "../../../tui/commands/status.ts";
import * as rack from "../../support/terminal-rack.ts";

type ValueOf<Kind extends BusMessage["kind"]> = Extract<BusMessage, { kind: Kind }>["value"];

function value<Kind extends BusMessage["kind"]>(said: rack.Said, kind: Kind): ValueOf<Kind> {
  const read = readMessage(said.topic, said.payload);
  if (read.kind !== "read" || read.message.kind !== kind) throw new Error(`${said.topic} cannot be read`);
  return read.message.value as ValueOf<Kind>;
}

const LOOK = {
  rack: rack.RACK,
  controller: value(rack.controller(), "controller"),
  heartbeat: value(rack.heartbeat(), "heartbeat"),
  control: value(rack.control(null), "control"),
  cells: [0, 1].map((index) => value(rack.cell(index, index === 0 ? { held_by: "ada", state: "held" } : {}), "cell")),
};

it("a group user reads of its own cells, and that it is not told of the rest", () => {
  const lines = statusLines({ ...LOOK, campaign: undefined, alarm: undefined }, rack.WALL_MS);
  expect(lines.join("\n")).toMatch(
    /not told to you[^]*cells {5}held 1, cycling 1\n[^]*alarms {4}not told to you\n {2}A1 held/,
  );
  expect(lines.join("\n")).not.toContain("none");
});

it("who sees all reads how the campaign stands, and that no alarm is open", () => {
  const campaign = value(rack.campaign(), "campaign");
  const text = statusLines({ ...LOOK, campaign, alarm: { open: [], unnamed: 0 } }, rack.WALL_MS).join("\n");
  expect(text).toMatch(/^formation-day on reference: running/);
  expect(text).toContain("alarms    none");
  expect(text).not.toContain("not told");
});

it("a controller that is said to be there and has not been heard of late is not shown as live", () => {
  const look = { ...LOOK, campaign: undefined, alarm: undefined };
  expect(statusLines(look, rack.WALL_MS + 4000)[0]).not.toContain("last heard");
  expect(statusLines(look, rack.WALL_MS + 12_000)[0]).toMatch(/^The controller was last heard 12 s ago/);
});
