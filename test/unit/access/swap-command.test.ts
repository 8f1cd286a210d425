import { describe, expect, it } from "vitest";
import { commandText } from "../../../controller/bus/authority.ts";
import { COMMAND_ARGS } from "../../../protocols/bus/commands.ts";
import type { CommandContext } from "../../../tui/command-context.ts";
import { swapCommand } from "../../../tui/commands/swap.ts";
import { readCodes } from "../../../tui/swap/place-codes.ts";

describe("access that is asked for in words that make no sense", () => {
  it.each([
    [["begin", "A3"], "says by --reason"],
    [["begin", "Z3", "--reason", "a contact"], "one position, A1 to H12, or rack"],
    [["begin", "A3", "--reason", "a contact", "--cell", "R-A3"], "they are of end"],
    [["begin", "rack", "--reason", "a contact", "--cells", "A1=R-A1"], "they are of end"],
    [["end", "rack", "--cell", "R-A1"], "--cells with rack"],
    [["end", "rack", "--left-out"], "--cells with rack"],
    [["end", "A3", "--cells", "A3=R-A3"], "--cells with rack"],
    [["end", "A3", "--cell", "R-A3", "--left-out"], "not both"],
    [["end", "rack", "--cells", "A1:R-A1"], "takes A1=CODE"],
    [["end", "rack", "--cells", "A1=R-A1,"], "takes A1=CODE"],
    [["end", "rack", "--cells", "A1=R-A1,A2=R-A1"], "R-A1 was read at A1 already"],
    [["end", "rack", "--cells", "A1=R-A1", "--cells-from", "codes.csv"], "not both"],
    [["begin", "rack", "--reason", "a contact", "--cells-from", "codes.csv"], "they are of end"],
    [["end", "A3", "--cells-from", "codes.csv"], "--cells with rack"],
  ])("is refused before anybody is asked: %j", async (args, what) => {
    const nobody = {} as CommandContext;
    await expect(swapCommand(nobody, args)).rejects.toMatchObject({
      code: "command.usage",
      message: expect.stringContaining(what) as string,
    });
  });

  it.each([
    ["codes.csv", "Position;Code\nA1;R-A1\nB2;R-B2\n"],
    ["codes.txt", "A1\tR-A1\nB2\tR-B2"],
    ["codes.yaml", "A1: R-A1\nB2: R-B2\n"],
    ["codes.json", '{ "A1": "R-A1", "B2": "R-B2" }'],
  ])("codes of a rack are read from %s", (name, text) => {
    expect(readCodes(text, name)).toEqual({ A1: "R-A1", B2: "R-B2" });
  });

  it.each([
    ["codes.csv", "position,code\nA1,R-A1\nA13,R-B2", "codes.csv:3", "takes a position and the code"],
    ["codes.csv", "A1,R-A1\nA1,R-B2", "codes.csv:2", "A1 has a code already"],
    ["codes.csv", "A1,R-A1,R-B2", "codes.csv:1", "takes a position and the code"],
    ["codes.csv", "position,code\n", "--cells-from", "no code in it"],
    ["codes.yaml", "A1: 0012", "codes.yaml:1 A1", "as text"],
    ["codes.yaml", "- A1", "codes.yaml", "takes a map"],
  ])("%s with %j is refused at %s", (name, text, where, what) => {
    expect(() => readCodes(text, name)).toThrow(
      expect.objectContaining({ code: "command.usage", where, message: expect.stringContaining(what) as string }),
    );
  });

  it("is no order either where it comes over the bus", () => {
    const isRead = (args: object): boolean => COMMAND_ARGS.swap.safeParse(args).success;
    expect(
      [
        { act: "begin", position: "A3" },
        { act: "end", position: "A3" },
        { act: "end", position: "A3", cell: "R-A3" },
        { act: "end", position: "A3", left_out: true },
        { act: "begin", rack: true },
        { act: "end", rack: true, cells: { A1: "R-A1", H12: "R-H12" } },
      ].map(isRead),
    ).toEqual([true, true, true, true, true, true]);
    expect(
      [
        { act: "begin" },
        { act: "end", position: "A3", rack: true },
        { act: "begin", position: "A3", cell: "R-A3" },
        { act: "begin", rack: true, cells: { A1: "R-A1" } },
        { act: "end", rack: true, cell: "R-A1" },
        { act: "end", position: "A3", cells: { A3: "R-A3" } },
        { act: "end", position: "A3", cell: "R-A3", left_out: true },
        { act: "end", position: "A3", left_out: false },
        { act: "end", rack: true, cells: { Z1: "R-A1" } },
      ].map(isRead),
    ).toEqual(Array.from({ length: 9 }, () => false));
  });

  it("is told for the log in a few words", () => {
    const order = { command: "swap", args: { act: "end", rack: true, cells: { A1: "R-A1", B1: "R-B1" } } } as const;
    expect(commandText(order)).toBe("swap end rack 2 cells");
    expect(commandText({ command: "swap", args: { act: "end", position: "A3", left_out: true } })).toBe(
      "swap end A3 left_out",
    );
  });
});
