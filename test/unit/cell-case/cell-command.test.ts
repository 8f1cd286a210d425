import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { runCommandLine } from "../../../tui/command-line.ts";
import { createNodeContext } from "../../../tui/rim/node-context.ts";
import { createOutput } from "../../../tui/rim/output.ts";
import type { CommandContext } from "../../../tui/command-context.ts";

const EXAMPLE = readFileSync(new URL("../../../docs/examples/cell-case.json", import.meta.url), "utf8");

/** The output document as CONTRACTS has it; more fields are welcome. */
const numbers = z.array(z.number());
const electrode = z.looseObject({ mean_stoichiometry: numbers, surface_stoichiometry: numbers });
const answer = z.looseObject({
  time_s: numbers,
  current_A: numbers,
  voltage_V: numbers,
  capacity_Ah: numbers,
  temperature_C: numbers,
  step: numbers,
  negative: electrode,
  positive: electrode,
  steps: z.array(
    z.looseObject({
      index: z.int(),
      start_s: z.number(),
      end_s: z.number(),
      ended_by: z.enum(["voltage", "current", "time", "limit"]),
      charge_Ah: z.number(),
    }),
  ),
  impedance: z.looseObject({ frequency_Hz: numbers, z_real_ohm: numbers, z_imag_ohm: numbers }).nullable(),
});

async function cell(text: string, ...options: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const print = (line: string): void => void out.push(line);
  const printError = (line: string): void => void err.push(line);
  const createContext = (json: boolean): Promise<CommandContext> => {
    const node = createNodeContext({
      json,
      out: createOutput(process.stdout, process.env),
      err: createOutput(process.stderr, process.env),
    });
    return Promise.resolve({ ...node, readText: () => text, print, printError });
  };
  const exitCode = await runCommandLine(["cell", "case.json", ...options], {
    print,
    printError,
    version: () => "0",
    createContext,
  });
  return { exitCode, out, err };
}

describe("beamrack cell", () => {
  it("answers the shipped example with one document of the contract", async () => {
    const { exitCode, out } = await cell(EXAMPLE, "--json");
    expect(exitCode).toBe(0);
    expect(out).toHaveLength(1);
    const document = answer.parse(JSON.parse(out[0] ?? ""));
    expect(document.steps.map((step) => step.ended_by).slice(0, 4)).toEqual(["voltage", "current", "time", "voltage"]);
    expect(document.steps).toHaveLength(8);
  });

  it("lists the steps for a person", async () => {
    const { exitCode, out } = await cell(EXAMPLE);
    expect(exitCode).toBe(0);
    expect(out.filter((line) => / voltage | current | time /.test(line))).toHaveLength(8);
  });

  it("gives a spectrum", async () => {
    const impedance = { soc: 0.5, frequency_Hz: [1000, 1] };
    const { exitCode, out } = await cell(JSON.stringify({ cell: "lco-graphite", impedance }), "--json");
    expect(exitCode).toBe(0);
    const document = answer.parse(JSON.parse(out[0] ?? ""));
    expect(document.impedance?.frequency_Hz).toEqual([1000, 1]);
    expect(document.impedance?.z_imag_ohm.every((ohm) => ohm < 0)).toBe(true);
  });

  it.each([
    ["case.json initial.soc", EXAMPLE.replace('"soc": 0', '"soc": 7')],
    ["case.json initial.soc", EXAMPLE.replace('"soc": 0', '"soc": NaN')],
    ["case.json cell", EXAMPLE.replace("nmc811-graphite-siox", "../models")],
    ["case.json:3", '{\n"cell": "lco-graphite",\n'],
  ])("refuses with 2 and names %s", async (where, text) => {
    const { exitCode, out, err } = await cell(text, "--json");
    expect(exitCode).toBe(2);
    const document = z.looseObject({ error: z.looseObject({ where: z.string() }) }).parse(JSON.parse(out[0] ?? ""));
    expect(document.error.where).toBe(where);
    expect(err.join("\n")).toContain(where);
  });
});
