import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { verifyCommand, type VerifyContext } from "../../../tui/commands/verify.ts";
import { newFolder, open, removeFolders, runCampaign } from "./record-fixture.ts";

afterAll(removeFolders);

function createContext(json: boolean): VerifyContext & { readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, json, print: (line) => lines.push(line) };
}

async function soundFolder(): Promise<string> {
  const folder = newFolder();
  const store = open(folder);
  await runCampaign(store, 2);
  store.close();
  return folder;
}

describe("beamrack verify", () => {
  it("exits 0 with one JSON document that has the fields of the contract", async () => {
    const context = createContext(true);
    expect(await verifyCommand(context, [await soundFolder()], () => [])).toBe(0);
    expect(context.lines.length).toBe(1);
    expect(JSON.parse(context.lines[0] ?? "")).toMatchObject({
      ok: true,
      findings: [],
      events: 9,
      chain: "ok",
      exposures: 2,
      ledger: "ok",
      samples: 360,
      gaps: 1,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    });
  });

  it("says of a record in the making that it is one, and who makes it", async () => {
    const folder = newFolder();
    const store = open(folder, { holder: { pid: 4711, host: "rack-pc", sinceMs: Date.UTC(2026, 2, 2, 8) } });
    await runCampaign(store, 2);
    const context = createContext(false);
    expect(await verifyCommand(context, [folder], () => [])).toBe(0);
    expect(context.lines.join("\n")).toMatch(
      /process 4711 on rack-pc has written here since 2026-03-02 08:00:00 UTC, or was killed[^\n]*record\.in-the-making/,
    );
    store.close();
    const after = createContext(false);
    expect(await verifyCommand(after, [folder], () => [])).toBe(0);
    expect(after.lines.join("\n")).not.toMatch(/in-the-making/);
  });

  it("exits 3 where the record does not hold, and says where and what to do", async () => {
    const folder = newFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "campaign.db"), "scribble".repeat(2000));
    const context = createContext(false);
    expect(await verifyCommand(context, [folder])).toBe(3);
    expect(context.lines.join("\n")).toMatch(/does not hold[\s\S]*store\.damaged[\s\S]*Restore/);
  });

  it.each([
    ["a folder that is not there", ["/nowhere/at/all"], "file.missing"],
    ["no folder", [], "command.usage"],
    ["two folders", ["a", "b"], "command.usage"],
  ] as const)("is refused %s", async (_name, args, code) => {
    await expect((async () => verifyCommand(createContext(true), args))()).rejects.toMatchObject({ code });
  });
});
