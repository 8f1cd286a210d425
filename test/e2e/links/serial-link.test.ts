import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { listSerialPorts } from "../../../drivers/link/list-serial-ports.ts";
import { createOpenLink } from "../../../drivers/link/open-link.ts";
import { createSerialOpenLink } from "../../../drivers/link/serial-link.ts";
import type { OpenLink } from "../../../protocols/roles/link.ts";
import { openPty } from "../../../tui/bench/pty.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import { bytes, expectClosedForGood, heard, until } from "../../support/real-link.ts";

const clock = createRealClock();
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function device(onText: (text: string, say: (text: string) => void) => void = () => undefined) {
  const pty = await openPty();
  const close = (): void => {
    pty.close();
  };
  closers.push(close);
  const say = (text: string): void => {
    pty.device.write(bytes(text));
  };
  const bench = { path: pty.path, close, device: pty.device, say, received: "" };
  pty.device.on("data", (chunk: Buffer) => {
    const text = chunk.toString("latin1");
    bench.received += text;
    onText(text, say);
  });
  return bench;
}

async function opened(openLink: OpenLink) {
  const link = await openLink();
  closers.push(() => {
    link.close();
  });
  return link;
}

const openLinkAt = (path: string, stalledMs = 5000): OpenLink =>
  createSerialOpenLink({ name: "stage", path, baud: 115_200, clock, stalledMs });

describe("a serial link", () => {
  it("carries every byte both ways unchanged, control characters too", async () => {
    const bench = await device((text, say) => {
      say(text);
    });
    const link = await opened(createOpenLink({ kind: "serial", path: bench.path, baud: 921_600 }, "stage", clock));
    const ear = heard(link);
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    link.write(bytes(all));
    await until("the echo", () => ear.text().length === 256);
    expect(ear.text()).toBe(all);
    expect(bench.received).toBe(all);
  });

  it("locks the port against a second program, and says so", async () => {
    const bench = await device();
    const link = await opened(openLinkAt(bench.path));
    await expect(openLinkAt(bench.path)()).rejects.toMatchObject({
      code: "link.open-failed",
      message: `${bench.path}: another program holds the port`,
    });
    link.close();
    const openAgain = openLinkAt(bench.path);
    await until("the lock to be let go", () => true);
    let next = await openAgain().catch(() => undefined);
    for (let tries = 0; next === undefined && tries < 50; tries += 1) next = await openAgain().catch(() => undefined);
    next?.close();
    expect(next).toBeDefined();
  });

  it("says in words that there is no such port", async () => {
    await expect(openLinkAt("/dev/no-such-port")()).rejects.toMatchObject({
      code: "link.open-failed",
      where: "stage",
      message: "/dev/no-such-port: there is no such port",
    });
  });

  it("ignores modem lines on a port that has none", async () => {
    const bench = await device();
    const lines = { dtr: false, rts: true };
    const link = await opened(createSerialOpenLink({ name: "stage", path: bench.path, baud: 115_200, clock, lines }));
    link.write(bytes("?"));
    await until("the question", () => bench.received === "?");
  });

  it("closed and opened anew at once waits for its own lock and is another link", async () => {
    const bench = await device();
    const openLink = openLinkAt(bench.path);
    const first = await openLink();
    const ear = heard(first);
    first.close();
    expect(ear.closings).toEqual(["closed by the host"]);
    const second = await opened(openLink);
    expectClosedForGood(first);
    second.write(bytes("second"));
    await until("the words of the second", () => bench.received === "second");
  });

  it("closed in mid-command never sends the rest of it after reopening", async () => {
    const bench = await device();
    bench.device.pause();
    const openLink = openLinkAt(bench.path);
    const first = await openLink();
    // Far more than the terminal holds: most of it is still on our side when the link closes.
    first.write(bytes("G0 X100\n".repeat(8000)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    first.close();
    const second = await opened(openLink);
    bench.device.resume();
    second.write(bytes("\u0018?"));
    await until("the new words", () => bench.received.includes("\u0018?"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(bench.received.slice(bench.received.indexOf("\u0018?"))).toBe("\u0018?");
  });

  it("does not hear what the device said before it was opened", async () => {
    const bench = await device();
    bench.say("old answer\n");
    await new Promise((resolve) => setTimeout(resolve, 30));
    const link = await opened(openLinkAt(bench.path));
    const ear = heard(link);
    bench.say("new answer\n");
    await until("the new answer", () => ear.text().includes("new"));
    expect(ear.text()).toBe("new answer\n");
  });

  it("that is unplugged is told at once, also in mid-command, and a new plug is a new link", async () => {
    const bench = await device();
    bench.device.pause();
    const openLink = openLinkAt(bench.path);
    const link = await openLink();
    const ear = heard(link);
    link.write(bytes("G0 X100\n".repeat(8000)));
    bench.close();
    const tookMs = await until("the closing", () => ear.closings.length > 0, 1000);
    expect(tookMs).toBeLessThan(500);
    expect(ear.closings[0]).toBe(`the port ${bench.path} is gone: it was unplugged, or switched off`);
    expectClosedForGood(link);
    await expect(openLink()).rejects.toMatchObject({ code: "link.open-failed" });
  });

  it.each([0, 50])("that is unplugged %i ms after opening, while nobody writes, is told as well", async (afterMs) => {
    const bench = await device();
    const link = await opened(openLinkAt(bench.path));
    const ear = heard(link);
    if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
    bench.close();
    await until("the closing", () => ear.closings.length > 0, 2000);
    expect(ear.closings).toEqual([`the port ${bench.path} is gone: it was unplugged, or switched off`]);
    expectClosedForGood(link);
  });

  it("to a device that takes nothing is given up by the clock", async () => {
    const bench = await device();
    bench.device.pause();
    const link = await opened(openLinkAt(bench.path, 150));
    const ear = heard(link);
    link.write(bytes("x".repeat(100_000)));
    await until("the stall", () => ear.closings.length > 0, 2000);
    expect(ear.closings[0]).toMatch(/took nothing for 0.15 s/);
    expectClosedForGood(link);
  });
});

describe("the list of serial ports", () => {
  it("does without udevadm: what the system names by id is listed, with a note", async () => {
    const folder = mkdtempSync(join(tmpdir(), "beamrack-ports-"));
    closers.push(() => {
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, "ttyUSB0"), "");
    const byIdFolder = join(folder, "by-id");
    rmSync(byIdFolder, { force: true });
    symlinkSync(".", byIdFolder);
    const missing = (): Promise<never> => Promise.reject(new Error("spawn udevadm ENOENT"));
    const { ports, note } = await listSerialPorts({ list: missing, byIdFolder });
    expect(ports.map((port) => port.path)).toContain(join(folder, "ttyUSB0"));
    expect(note).toContain("udevadm");
  });

  it("does not crash on this machine, whatever it has", async () => {
    const { ports } = await listSerialPorts();
    expect(Array.isArray(ports)).toBe(true);
  });
});
