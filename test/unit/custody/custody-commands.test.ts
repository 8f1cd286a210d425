import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CUSTODY_FILE } from "../../../controller/custody/custody-ledger.ts";
import { campaignEvidence } from "../../../tui/custody/campaign-evidence.ts";
import { oppositeOf } from "../../../controller/access/rack-orientation.ts";
import { custodyCommand } from "../../../tui/commands/custody.ts";
import { loadCommand, type LoadContext } from "../../../tui/commands/load.ts";
import { receiveCommand } from "../../../tui/commands/receive.ts";
import { unloadCommand } from "../../../tui/commands/unload.ts";
import { contextOf, goodFiles, load } from "../../support/campaign-files.ts";
import { goodCsv } from "../../support/manifests.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function bench(files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-custody-"));
  folders.push(folder);
  const lines: string[] = [];
  const waiting: string[] = [];
  const context: LoadContext = {
    ...contextOf({ ...goodFiles, "box.csv": goodCsv(4), ...files }),
    json: false,
    isTerminal: false,
    print: (line) => lines.push(line),
    printError: (line) => lines.push(`! ${line}`),
    clock: {
      wallMs: () => Date.UTC(2026, 10, 21),
      monoMs: () => 0,
      setTimeout: () => null,
      clearTimeout: () => undefined,
    },
    environment: { USER: "ada" },
    input: { line: () => Promise.resolve(waiting.shift() ?? null), ended: Promise.resolve(), close: () => undefined },
  };
  /** What was said, and the exit code last. */
  async function said(
    command: (context: LoadContext, args: readonly string[]) => Promise<number>,
    args: readonly string[],
    scanned: readonly string[] = [],
  ): Promise<readonly string[]> {
    lines.length = 0;
    waiting.splice(0, Infinity, ...scanned);
    const code = await command(context, [folder, ...args]);
    return [...lines, `exit ${code}`];
  }
  return { said, context, folder };
}

describe("a box at the beamline", () => {
  it("whose rack was put in the wrong way round is told as one thing, not only cell by cell", async () => {
    const { said } = bench();
    const loaded = load(goodFiles);
    if (loaded.kind !== "loaded") throw new Error("the campaign is refused");
    const [one, other] = loaded.campaign.cells;
    if (one === undefined || other === undefined) throw new Error("the campaign has no two cells");
    const turned = [one, other].map(({ position, barcode }) => `${oppositeOf(position)}=${barcode}`);
    const asked = ["--campaign", "good.yaml"];
    expect(await said(loadCommand, [...asked, ...turned])).toContainEqual(
      expect.stringMatching(/belongs half a turn away: the rack lies the wrong way round/),
    );
    const right = await said(loadCommand, [
      ...asked,
      ...[one, other].map((cell) => `${cell.position}=${cell.barcode}`),
    ]);
    expect(right.filter((line) => line.includes("wrong way round"))).toEqual([]);
  });

  it("is announced, scanned line by line, and what is missing, extra or damaged is told and holds back no other", async () => {
    const { said } = bench();
    const announced = await said(receiveCommand, ["--manifest", "box.csv"]);
    expect(announced.at(-1)).toBe("exit 0");
    const scanned = ["LNO-001", "LNO-002", "damaged a dent", "LNO-900", "", "LNO-003 # wiped first"];
    const received = await said(receiveCommand, ["--inspected", "--closed", "box-1"], scanned);
    expect(received.filter((line) => line.startsWith("!"))).toEqual([
      "!   damaged: LNO-002 is damaged: a dent; this cell waits until it is settled",
      "!   extra: LNO-900 came and no manifest has it; this cell waits until it is settled",
      "!   missing: LNO-004 was not in the box box-1; this cell waits until it is settled",
    ]);
    expect(received.at(-1)).toBe("exit 3");
    const loaded = await said(loadCommand, [], ["A1", "LNO-001", "LNO-003", "A2", "A3=LNO-002", "A4 ?"]);
    expect(loaded).toContain("LNO-001 lies at A1");
    expect(loaded).toContain("LNO-003 lies at A2");
    expect(loaded.find((line) => line.includes("LNO-002"))).toContain("refused: LNO-002 is kept back");
    expect(loaded.at(-1)).toBe("exit 2");
    const shown = await said(custodyCommand, []);
    expect(shown).toContain("LNO-001  lno-lab  loaded at A1, 2026-11-21T00:00 by ada");
    expect(shown.at(-1)).toBe("exit 3");
    const settled = await said(custodyCommand, ["--settle", "LNO-002", "--reason", "only the label"]);
    expect(settled).toContain("LNO-002: settled, only the label");
    const nothing = await said(custodyCommand, ["--settle", "LNO-001", "--reason", "none"]);
    expect(nothing.at(-1)).toBe("exit 2");
    const missed = await said(loadCommand, [], ["A5", "A6"]);
    expect(missed.join()).toContain("A5: nothing was scanned with it; A6 takes its place");
    const out = await said(unloadCommand, ["A4", "LNO-001"]);
    expect(out).toContain("A4 is empty");
    for (const [line, what] of [
      ["LNO-001=3.1", /looked at for leaks; write LNO-001=3.1=tight or LNO-001=3.1=leaks, or give --tight/],
      ["LNO-001=3.1=dry", /dry says nothing of leaks/],
      ["LNO-001=3.1 tight leaks", /tight leaks says nothing of leaks/],
      ["LNO-001", /voltage at rest is missing/],
      ["LNO-001=", /voltage at rest is missing/],
    ] as const) {
      const asked = said(unloadCommand, ["--ready", "--labelled", line]);
      await expect(asked, line).rejects.toMatchObject({ code: "command.usage", severity: "refuse" });
      await expect(asked, line).rejects.toThrow(what);
    }
    // A slot is no cell: nothing is emptied by it.
    for (const way of ["--ready", "--returned", "--disposed"]) {
      await expect(said(unloadCommand, [way, "--tight", "A4=3.05"])).rejects.toThrow("A4 is a slot");
    }
    const leaking = await said(unloadCommand, ["--ready", "--labelled", "--tight", "LNO-001 3.1 leaks"]);
    expect(leaking[0]).toBe("LNO-001 leaks");
    await said(custodyCommand, ["--settle", "LNO-001", "--reason", "wiped"]);
    for (const words of [["LNO-001=3.1=tight"], ["--tight", "LNO-001=3.1"]]) {
      const tight = await said(unloadCommand, ["--ready", "--labelled", ...words]);
      expect(tight[0]).toBe("LNO-001 is ready to leave, 3.1 V");
    }
    expect((await said(unloadCommand, ["--returned", "LNO-001", "LNO-003"])).at(-1)).toBe("exit 2");
  });

  it("is received at the door and looked at later; scanned twice over its box, it is two of one code", async () => {
    const { said } = bench();
    await said(receiveCommand, ["--manifest", "box.csv"]);
    expect((await said(receiveCommand, ["LNO-001", "LNO-002", "LNO-003", "LNO-004"])).at(-1)).toBe("exit 0");
    const looked = await said(receiveCommand, ["--inspected"], ["LNO-001", "LNO-002", "LNO-003 damaged a dent"]);
    expect(looked.filter((line) => line.startsWith("!"))).toEqual([
      "!   damaged: LNO-003 is damaged: a dent; this cell waits until it is settled",
    ]);
    expect(looked).toContain("LNO-001 is inspected: sound");
    const twice = await said(receiveCommand, ["--inspected"], ["LNO-004", "LNO-004"]);
    expect(twice.join("\n")).toContain("duplicate: LNO-004 was received twice");
  });

  it("whose manifest is refused is not announced at all", async () => {
    const { said } = bench({ "bad.csv": goodCsv(3).replace(",4.09,", ",four,") });
    await expect(said(receiveCommand, ["--manifest", "bad.csv"])).rejects.toMatchObject({ code: "manifest.refused" });
    await expect(said(custodyCommand, [])).rejects.toMatchObject({ code: "file.missing" });
  });

  it("nobody touches without a name", async () => {
    const { context } = bench();
    const nobody = { ...context, environment: {} };
    await expect(receiveCommand(nobody, ["anywhere", "LNO-001"])).rejects.toMatchObject({ code: "command.usage" });
  });
});

describe("a campaign of cells that were sent in", () => {
  it("takes its evidence from the custody folder beside it, and does not begin without one", async () => {
    const { said, folder } = bench();
    await said(receiveCommand, ["--manifest", "box.csv", "--inspected", "LNO-001"]);
    await said(loadCommand, ["A1=LNO-001"]);
    const loaded = load(goodFiles);
    if (loaded.kind !== "loaded") throw new Error("the campaign is refused");
    const [first] = loaded.campaign.cells;
    if (first === undefined) throw new Error("the campaign has no cell");
    const cells = [{ ...first, barcode: "LNO-001" }];
    expect(campaignEvidence({ cells }, "c.yaml", () => 0)).toBeUndefined();
    const evidence = campaignEvidence(
      { cells, custodyPath: basename(folder) },
      join(dirname(folder), "c.yaml"),
      () => 0,
    );
    expect([evidence?.evidence(0)]).toMatchObject([
      { barcode: "LNO-001", scanned: "LNO-001", fingerprint: { openCircuitV: 3.021 } },
    ]);
    expect(() => campaignEvidence({ cells, custodyPath: "nowhere" }, "c.yaml", () => 0)).toThrow("no custody ledger");
  });

  it("hears during the run who was scanned in; of a ledger that is away, cut or damaged meanwhile it takes nothing", async () => {
    const { said, folder } = bench();
    await said(receiveCommand, ["--manifest", "box.csv", "--inspected", "LNO-001", "LNO-002"]);
    const loaded = load(goodFiles);
    if (loaded.kind !== "loaded") throw new Error("the campaign is refused");
    const cells = loaded.campaign.cells.slice(0, 1).map((cell) => ({ ...cell, barcode: "LNO-001" }));
    const from = { cells, custodyPath: basename(folder) };
    const watched = campaignEvidence(from, join(dirname(folder), "c.yaml"), () => 0);
    let look = (): void => undefined;
    let changes = 0;
    watched?.onChange(() => {
      changes += 1;
    });
    const alarms: string[] = [];
    watched?.watch(
      {
        setTimeout(handler) {
          look = handler;
          return null;
        },
      },
      {
        raise({ code, where }) {
          alarms.push(`${code} at ${where}`);
        },
        clearAll() {
          alarms.push("over");
        },
      },
    );
    const seen = (): string => {
      look();
      return `${changes} ${watched?.awaited(0) === null ? "come" : "awaited"}`;
    };
    const file = join(folder, CUSTODY_FILE);
    const whole = readFileSync(file, "utf8");
    expect(seen()).toBe("0 awaited");
    renameSync(folder, `${folder}-away`);
    expect(seen()).toBe("0 awaited");
    renameSync(`${folder}-away`, folder);
    expect(seen()).toBe("0 awaited");
    expect(alarms).toEqual([]);
    for (const text of ["", whole.slice(0, -200), `${whole}{}\n`]) {
      writeFileSync(file, text);
      expect(seen()).toBe("0 awaited");
    }
    renameSync(file, `${file}-away`);
    mkdirSync(file);
    expect(seen()).toBe("0 awaited");
    rmSync(file, { recursive: true });
    writeFileSync(file, whole);
    expect(alarms).toEqual(["custody.ledger-lost at custody"]);
    await said(loadCommand, ["A1=LNO-001"]);
    expect(seen()).toMatch(/^[12] come$/);
    expect(alarms).toEqual(["custody.ledger-lost at custody", "over"]);
  });

  it("says where its custody is in the file", () => {
    const named = load({ ...goodFiles, "good.yaml": `custody: ../box/\n${goodFiles["good.yaml"] ?? ""}` });
    expect(named.kind === "loaded" ? named.campaign.custodyPath : named.findings).toBe("../box/");
  });
});
