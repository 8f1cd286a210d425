/** Orders given from a shell while somebody else is in control. */
import { expect, it } from "vitest";
import type { BusCommand } from "../../../protocols/bus/commands.ts";
import { obtain } from "../../../tui/commands/orders.ts";

it("that control is being taken over is not the answer to an order: nothing of it is done, and it is to be given again", async () => {
  const given: string[] = [];
  const rack = {
    client: {
      user: "ada",
      order({ command }: BusCommand) {
        given.push(command);
        return Promise.resolve({ outcome: "done", refusal: null, what: "bob is told", advice: "" });
      },
    },
    look: () => ({ rack: "r", controller: { state: "present" }, control: { holder: { author: "bob" } } }),
  } as unknown as Parameters<typeof obtain>[0];
  const align: BusCommand = { command: "align", args: { site: "bench", name: "Ada" } };
  const notYet = { outcome: "refused", refusal: "not-in-control", what: "bob is told; then give the order again" };
  expect(await obtain(rack, { "take-over": true }, align, 3_000_000)).toMatchObject(notYet);
  expect(await obtain(rack, { "take-over": true }, { command: "hold", args: {} })).toMatchObject(notYet);
  expect(given).toEqual(["take-control", "take-control"]);
});
