import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openStore } from "../../../controller/record/store.ts";
import { createLedgerCells } from "../../../controller/dose/ledger-cells.ts";
import { recordStart } from "../../../controller/run/start-record.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { replayDoseDecisions } from "../../../controller/run/replay-dose.ts";
import { assert } from "../../../protocols/base/assert.ts";
import { hashOf, loadCampaign } from "../../../tui/load-campaign.ts";
import { deviceCommand } from "../../../tui/commands/device.ts";
import { createNodeContext } from "../../../tui/rim/node-context.ts";
import { createOutput } from "../../../tui/rim/output.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import { createSiteLocks } from "../../../tui/site-lock/site-lock.ts";
import { readTextFile } from "../../../tui/rim/text-file.ts";
import { said, startBeamrack, type BeamrackProcess } from "../../support/beamrack-process.ts";
import { tables } from "../../support/campaign-files.ts";
import { readCapture } from "../../support/replay-link.ts";

const CAMPAIGN = "test/fixtures/bench/four-cells.yaml";

const answerSchema = z.object({
  device: z.string(),
  driver: z.string().nullable(),
  command: z.string(),
  result: z.unknown(),
  elapsed_ms: z.number(),
  fault: z.object({ code: z.string(), where: z.string(), what: z.string(), advice: z.string() }).nullable(),
});

const folder = mkdtempSync(join(tmpdir(), "beamrack-device-"));
const env = { BEAMRACK_STATE: join(folder, "state") };
const site = join(folder, "site.yaml");
let bench: BeamrackProcess;

beforeAll(async () => {
  process.env["BEAMRACK_STATE"] = env.BEAMRACK_STATE;
  bench = startBeamrack(
    [
      ...["instruments", "protocols/sites/reference.yaml", "--campaign", CAMPAIGN, "--folder", join(folder, "ports")],
      ...["--write-site", site, "--json"],
    ],
    env,
  );
  await said(bench, '"ready":true', 90_000);
}, 40_000);

afterAll(async () => {
  bench.signal("SIGINT");
  await bench.ended;
  delete process.env["BEAMRACK_STATE"];
  rmSync(folder, { recursive: true, force: true });
});

/** In this process; `beamrack device` as a process of its own is started where that matters. */
async function device(...args: readonly string[]) {
  return deviceAt(site, ...args);
}

async function deviceAt(sitePath: string, ...args: readonly string[]) {
  const said = { out: "", err: "" };
  const outputTo = (key: "out" | "err") =>
    createOutput(
      {
        write(text, done) {
          said[key] += text;
          done?.();
        },
        on: () => undefined,
      },
      {},
    );
  const context = createNodeContext({ json: true, out: outputTo("out"), err: outputTo("err") });
  const exitCode = await deviceCommand({ ...context, ask: () => Promise.resolve(null) }, [sitePath, ...args]);
  return { exitCode, answer: answerSchema.parse(JSON.parse(said.out)), err: said.err };
}

function loaded() {
  const read = loadCampaign({ readText: readTextFile, attenuationTables: () => tables }, CAMPAIGN, site);
  assert(read.kind === "loaded", JSON.stringify(read));
  return read;
}

/** The data folder of a campaign that has begun, as a run leaves it. */
function dataFolder(name: string, siteHash: string): string {
  const { campaign, campaignHash, site: read } = loaded();
  const path = join(folder, name);
  const clock = createRealClock();
  const store = openStore({
    folder: path,
    clock,
    durability: "power-loss",
    commitLatencyMs: 0,
    header: { campaign: campaign.name, campaignHash, siteHash, seed: null, world: "bench", softwareVersion: "test" },
  });
  const begun = { ...campaign, startMs: clock.wallMs() - 60_000 };
  const record = (type: string, data: Parameters<typeof store.appendEvent>[0]["data"]): void => {
    store.appendEvent({ atMs: 0, type, data });
  };
  recordStart({ record }, begun, read, createLedgerCells(begun, read, tables));
  store.close();
  return path;
}

describe("beamrack device on real links", () => {
  it("asks a channel on a serial port who it is, without ending what runs", async () => {
    const { exitCode, answer } = await device("channel A1", "identify");
    expect(exitCode).toBe(0);
    expect(answer).toMatchObject({
      device: "channel A1",
      driver: "palmsens-methodscript",
      command: "identify",
      result: { model: "MultiEmStat4 HR", serial_number: "ES4HR22A1000" },
      fault: null,
    });
    expect(answer.elapsed_ms).toBeGreaterThan(0);
  });

  it("runs a script file on a channel, leaves the cell off, and writes down what was said", async () => {
    const script = join(folder, "ocp.mscr");
    writeFileSync(
      script,
      "e\nvar p\nset_pgstat_chan 0\nset_pgstat_mode 3\ncell_off\nmeas 100m p ab\npck_start\npck_add p\npck_end\n\n",
    );
    const refused = await device("channel A2", "run", script);
    expect(refused.exitCode).toBe(2);
    expect(refused.answer.fault?.code).toBe("device.unconfirmed");
    const captures = join(folder, "captures");
    const { exitCode, answer } = await device("channel A2", "run", script, "--yes", "--capture", captures);
    expect(exitCode).toBe(0);
    expect(answer.result).toMatchObject({ line_count: 1, cell: "off" });
    expect(readdirSync(captures)).toEqual(["channel-A2.jsonl"]);
    const lines = readCapture(join(captures, "channel-A2.jsonl"));
    expect(lines.filter(({ dir }) => dir === "out").map(({ text }) => text)).toContain("r\\n");
    expect(lines.at(-1)?.dir).toBe("close");
  });

  it("moves the stage only when told to, and only under the motion permit", async () => {
    const { exitCode, answer } = await device("stage", "move", "37.5", "12.5", "--home", "--yes");
    expect(exitCode).toBe(0);
    expect(answer.result).toMatchObject({ x_mm: 37.5, y_mm: 12.5, at_rest: true });
  });

  it("reads a sensor, the interlocks, and a detector's frame", async () => {
    const ring = await device("ring current", "read");
    expect(ring.answer.result).toMatchObject({ quantity: "ring_current", unit: "mA" });
    expect(z.object({ value: z.number() }).parse(ring.answer.result).value).toBeGreaterThan(100);
    const io = await device("io", "status");
    expect(io.answer.result).toMatchObject({ shutter: "closed", interlocks: { searched: true, motion_enabled: true } });
    const frame = await device("detector", "trigger", "0.1", "test.tif");
    expect(frame.answer.result).toMatchObject({ exposure_s: 0.1 });
  });

  it("lets no beam in without a booking, and none for a cell of another site or campaign", async () => {
    const bare = await device("io", "open", "A1", "--for", "0.2s", "--yes");
    expect(bare).toMatchObject({ exitCode: 2, answer: { fault: { code: "device.unbooked" } } });
    const nowhere = await device("io", "open", "A1", "--for", "0.2s", "--yes", "--data", join(folder, "nothing"));
    expect(nowhere).toMatchObject({ exitCode: 2, answer: { fault: { code: "file.missing" } } });
    expect(existsSync(join(folder, "nothing"))).toBe(false);
    const other = await device("io", "open", "A1", "--for", "0.2s", "--yes", "--data", dataFolder("other", "another"));
    expect(other).toMatchObject({ exitCode: 2, answer: { fault: { code: "store.other-campaign" } } });
    const register = await device("io", "write-register", "0", "1", "--yes");
    expect(register).toMatchObject({ exitCode: 2, answer: { fault: { code: "device.unbooked" } } });
  });

  it("books the beam it lets in, settles what was given, refuses what would pass a limit, and the record holds", async () => {
    const data = dataFolder("data", hashOf(loaded().site));
    const strange = await device("io", "open", "H12", "--for", "0.3s", "--yes", "--data", data);
    expect(strange).toMatchObject({ exitCode: 2, answer: { fault: { code: "dose.unknown" } } });
    const opened = await device("io", "open", "A1", "--for", "0.3s", "--spot", "2", "--yes", "--data", data);
    expect(opened.answer.fault).toBeNull();
    expect(opened.exitCode).toBe(0);
    const given = z.object({ open_s: z.number(), booked_s: z.number(), spot: z.number() }).parse(opened.answer.result);
    expect(given.spot).toBe(2);
    expect(given.open_s).toBeGreaterThan(0.3);
    expect(given.open_s).toBeLessThan(given.booked_s);
    const long = await device("io", "open", "A1", "--for", "10min", "--yes", "--data", data);
    expect(long).toMatchObject({ exitCode: 2, answer: { fault: { code: "dose.limit" } } });
    const after = await device("io", "status");
    expect(after.answer.result).toMatchObject({ shutter: "closed", safety_shutter: "closed" });
    const report = verifyRecord(data, replayDoseDecisions);
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(report).toMatchObject({ ok: true, exposures: 1, openBookings: 0 });
  });

  it("closes the shutter and settles when it is ended by Ctrl-C in mid-exposure", async () => {
    const data = dataFolder("interrupted", hashOf(loaded().site));
    const child = startBeamrack(
      ["device", site, "io", "open", "A1", "--for", "20s", "--yes", "--data", data, "--json"],
      env,
    );
    await said(child, "The shutter reads open", 90_000);
    child.signal("SIGINT");
    expect(await child.ended).toBe(1);
    expect(answerSchema.parse(child.documents()[0]).fault?.code).toBe("device.interrupted");
    // Asked again where a busy machine was late for the unit's answer.
    let after = await device("io", "status");
    for (let tries = 0; tries < 5 && after.answer.fault?.code === "link.timeout"; tries += 1) {
      after = await device("io", "status");
    }
    expect(after.answer.result).toMatchObject({ shutter: "closed", safety_shutter: "closed" });
    expect(verifyRecord(data, replayDoseDecisions)).toMatchObject({ ok: true, exposures: 1, openBookings: 0 });
  });

  it("beside a controller only looks: what would disturb it must wait, and is told for whom", async () => {
    const locks = createSiteLocks({ folder: env.BEAMRACK_STATE, pid: 4711, host: "rack-pc", wallMs: () => Date.now() });
    const lock = locks.take(loaded().site, { command: "beamrack run x.yaml" });
    try {
      expect(await device("io", "identify")).toMatchObject({ exitCode: 0 });
      expect(await device("ring current", "status")).toMatchObject({ exitCode: 0 });
      for (const command of [
        ["channel A1", "identify"],
        ["stage", "home", "--yes"],
        ["io", "close"],
      ]) {
        const { exitCode, answer } = await device(...command);
        expect({ command, exitCode, code: answer.fault?.code }).toEqual({ command, exitCode: 2, code: "site.in-use" });
        expect(answer.fault?.what).toContain("process 4711 on rack-pc (beamrack run x.yaml)");
      }
    } finally {
      lock.release();
    }
  });

  it("takes no lock for a look, so that a look keeps no controller from beginning", async () => {
    const state = env.BEAMRACK_STATE;
    const locks = createSiteLocks({ folder: state, pid: process.pid, host: "rack-pc", wallMs: () => Date.now() });
    const looking = device("ring current", "read");
    // A controller begins while the look waits for its message.
    const lock = locks.take(loaded().site, { command: "beamrack run x.yaml" });
    expect(await looking).toMatchObject({ exitCode: 0 });
    lock.release();
  });

  it("says what it would send, opening nothing: also where there is no instrument", async () => {
    const child = startBeamrack(
      ["device", "protocols/sites/reference.yaml", "stage", "move", "37.5", "12.5", "--home", "--dry-run", "--json"],
      env,
    );
    expect(await child.ended).toBe(0);
    const { result } = answerSchema.parse(child.documents()[0]);
    const dry = z
      .object({ dry_run: z.literal(true), asks_first: z.literal(true), sent: z.array(z.object({ text: z.string() })) })
      .parse(result);
    expect(dry.sent.map(({ text }) => text)).toContain("G21 G53 G0 X-262.500 Y-187.500\\nG4 P0\\n");
  });

  it("names what is wrong with a command, a name, or a port", async () => {
    expect((await device("io", "dance")).answer.fault?.what).toContain("it knows identify, status, read, open");
    expect((await device("nobody", "identify")).answer.fault?.what).toContain("has no instrument of this name");
    const moved = await device("stage", "move", "1");
    expect(moved).toMatchObject({ exitCode: 2, answer: { fault: { code: "command.usage" } } });
    const pulled = join(folder, "pulled.yaml");
    writeFileSync(pulled, readTextFile(site).replaceAll("{position}", "{position}-pulled"));
    const gone = await deviceAt(pulled, "channel C7", "identify");
    expect(gone.exitCode).toBe(1);
    expect(gone.answer.fault).toMatchObject({ code: "link.open-failed", where: "channel C7" });
    expect(gone.answer.fault?.what).toContain("there is no such port");
  });
});
