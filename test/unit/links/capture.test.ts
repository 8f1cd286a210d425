import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { captureLink, type CaptureRecord } from "../../../drivers/link/capture-link.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { LinkAddress } from "../../../protocols/site/site.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";
import { createCaptureFolder } from "../../../tui/capture/capture-folder.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";
import { readCapture } from "../../support/replay-link.ts";
import { bytes, expectClosedForGood } from "../../support/real-link.ts";

const SERIAL: LinkAddress = { kind: "serial", path: "/dev/x", baud: 115_200 };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "beamrack-capture-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function bench() {
  const time = createVirtualTime();
  const cable = createMemoryLink(time.clock, { name: "stage", latencyMs: 1 });
  return { time, cable };
}

describe("a captured link", () => {
  it("tells in order who said what and when, with every byte and a text to read", async () => {
    const { time, cable } = bench();
    const records: CaptureRecord[] = [];
    const openLink = captureLink(cable.openLink, {
      clock: time.clock,
      startMs: 0,
      sink: (record) => records.push(record),
    });
    cable.end.onData(() => {
      cable.end.send(bytes("ok\r\n\\\u0000\u00e9"));
    });
    const link = await time.settle(openLink());
    link.write(bytes("?\n"));
    await time.pass(0.01);
    cable.cut("cable pulled");
    expectClosedForGood(link);
    const refused = createMemoryLink(time.clock, { name: "stage", latencyMs: 1 });
    refused.plug(false);
    const openRefused = captureLink(refused.openLink, {
      clock: time.clock,
      startMs: 0,
      sink: (record) => records.push(record),
    });
    await expect(time.settle(openRefused())).rejects.toThrow("no such port");
    expect(records).toEqual([
      { t_ms: 1, dir: "open", hex: "", text: "stage" },
      { t_ms: 1, dir: "out", hex: "3f0a", text: "?\\n" },
      { t_ms: 3, dir: "in", hex: "6f6b0d0a5c00e9", text: "ok\\r\\n\\\\\\x00\\xe9" },
      { t_ms: 11, dir: "lost", hex: "", text: "cable pulled" },
      { t_ms: 12, dir: "refused", hex: "", text: "no such port" },
    ]);
  });

  it("behaves as the bare one when it is closed", async () => {
    const { time, cable } = bench();
    const records: CaptureRecord[] = [];
    const sink = (record: CaptureRecord): void => {
      records.push(record);
    };
    const link = await time.settle(captureLink(cable.openLink, { clock: time.clock, startMs: 0, sink })());
    const whys: string[] = [];
    link.onClose((why) => whys.push(why));
    link.close();
    expect(whys).toEqual(["closed by the host"]);
    expectClosedForGood(link);
    expect(records.map(({ dir }) => dir)).toEqual(["open", "close"]);
  });
});

describe("--capture", () => {
  it("keeps a file for each link, bounded in size, the newest lines last", async () => {
    const { time, cable } = bench();
    const faults: Fault[] = [];
    const capture = createCaptureFolder(folder, time.clock, (fault) => faults.push(fault), 2000);
    const link = await time.settle(capture.capture("channel A1", SERIAL, cable.openLink)());
    for (let count = 0; count < 100; count += 1) link.write(bytes(`line ${count}\n`));
    expect(readdirSync(folder).sort()).toEqual(["channel-A1.jsonl", "channel-A1.jsonl.1"]);
    for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).size).toBeLessThanOrEqual(2000);
    expect(readCapture(join(folder, "channel-A1.jsonl")).at(-1)?.text).toBe("line 99\\n");
    const both = ["channel-A1.jsonl.1", "channel-A1.jsonl"].flatMap((file) => readCapture(join(folder, file)));
    expect(both.map(({ text }) => text)).toEqual(
      Array.from({ length: both.length }, (_, index) => `line ${100 - both.length + index}\\n`),
    );
    expect(faults).toEqual([]);
  });

  it("that can no longer be written says so once, and the conversation goes on", async () => {
    const { time, cable } = bench();
    const faults: Fault[] = [];
    const capture = createCaptureFolder(join(folder, "sub"), time.clock, (fault) => faults.push(fault));
    const link = await time.settle(capture.capture("stage", SERIAL, cable.openLink)());
    rmSync(join(folder, "sub"), { recursive: true });
    cable.end.onData(() => undefined);
    link.write(bytes("a"));
    link.write(bytes("b"));
    await time.pass(0.01);
    expect(cable.counters.bytesToDevice).toBe(2);
    expect(faults.map(({ code }) => code)).toEqual(["output.unwritable"]);
  });

  it("refuses a folder that cannot be made", () => {
    const { time } = bench();
    const inFile = join(folder, "file", "sub");
    createCaptureFolder(folder, time.clock, () => undefined);
    rmSync(folder, { recursive: true });
    expect(() => createCaptureFolder(`/dev/null/${inFile}`, time.clock, () => undefined)).toThrow(Fault);
  });

  it("never writes a password down", async () => {
    const { time, cable } = bench();
    const capture = createCaptureFolder(folder, time.clock, () => undefined);
    const link = await time.settle(capture.capture("broker", { kind: "mqtt", url: "mqtt://broker" }, cable.openLink)());
    link.write(Uint8Array.of(0x10, 3, 0x73, 0x65, 0x63));
    link.close();
    const other = await time.settle(capture.capture("cabinet", SERIAL, cable.openLink)());
    other.write(bytes("<password>sesame</password>"));
    for (const file of readdirSync(folder)) {
      const text = readFileSync(join(folder, file), "utf8");
      expect(text).not.toContain("sesame");
      expect(text).not.toContain("736563");
      expect(text).not.toContain("sec");
    }
  });
});
