import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isFault } from "../../../protocols/base/fault.ts";
import { parseDocument } from "../../../protocols/input/document.ts";
import { readSite } from "../../../protocols/site/read-site.ts";
import type { Site } from "../../../protocols/site/site.ts";
import { createSiteLocks } from "../../../tui/site-lock/site-lock.ts";
import { repositoryText, tables } from "../../support/campaign-files.ts";
import { ownProcess } from "../../support/own-process.ts";
import { ROOT } from "../../tidy/project-files.ts";

const HOLDER = ownProcess(new URL("../../support/hold-site-lock.ts", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "beamrack-lock-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The reference site with its text changed. */
function siteWith(change: (text: string) => string = (text) => text): Site {
  const text = change(repositoryText("protocols/sites/reference.yaml"));
  const { site, findings } = readSite(parseDocument(text, "site.yaml"), tables);
  if (site === undefined) throw new Error(JSON.stringify(findings));
  return site;
}

const locks = (pid = 4711) =>
  createSiteLocks({ folder, pid, host: "rack-pc", wallMs: () => Date.UTC(2026, 10, 21, 3) });

function refusal(act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("the lock of a site", () => {
  it("is held by one: the second is told who has it, since when and for what", () => {
    const lock = locks().take(siteWith(), { command: "beamrack run formation-day.yaml" });
    const fault = refusal(() => locks(99).take(siteWith(), { command: "beamrack run other.yaml" }));
    expect(fault).toMatchObject({ code: "site.in-use", severity: "refuse", where: "reference" });
    expect(fault.message).toContain("process 4711 on rack-pc (beamrack run formation-day.yaml)");
    expect(fault.message).toContain("since 2026-11-21T03:00:00.000Z");
    lock.release();
    locks(99).take(siteWith(), { command: "beamrack run other.yaml" }).release();
  });

  it("does not grow old as long as it is held: what clears old files away would let a second controller in", () => {
    const lock = locks().take(siteWith(), { command: "beamrack run" });
    const own = readdirSync(folder)
      .filter((name) => /^reference-.*\.(lock|json)$/.test(name))
      .map((name) => join(folder, name));
    for (const path of own) utimesSync(path, 1, 1);
    lock.freshen();
    const atMs = own.map((path) => statSync(path).mtimeMs);
    expect(atMs).toEqual([Date.UTC(2026, 10, 21, 3), Date.UTC(2026, 10, 21, 3)]);
    lock.release();
    lock.freshen();
  });

  it("lies where everybody finds it, also that of a service as it is shipped", () => {
    const unit = repositoryText("docs/systemd/beamrack.service");
    expect(unit).toContain("ExecStart=");
    expect(unit).not.toMatch(/^PrivateTmp=(true|yes|on|1|disconnected)/m);
  });

  it("is told to whoever only wants to know", () => {
    expect(locks().holderOf(siteWith())).toBeUndefined();
    const lock = locks().take(siteWith(), { command: "beamrack run" });
    expect(locks(99).holderOf(siteWith())).toMatchObject({ pid: 4711, command: "beamrack run", site: "reference" });
    lock.release();
    lock.release();
    expect(locks().holderOf(siteWith())).toBeUndefined();
    expect(readdirSync(folder).filter((name) => name.endsWith(".json"))).toEqual([]);
  });

  it("covers the hardware, not the file: a site of another name that shares one port is refused", () => {
    const lock = locks().take(siteWith(), { command: "beamrack run" });
    const other = siteWith((text) =>
      text
        .replace("site: reference", "site: commissioning")
        .replace("usb-mes4-", "usb-other-")
        .replace("detector:41234", "elsewhere:1")
        .replace("usb-rack-stage", "usb-other-stage"),
    );
    expect(refusal(() => locks(99).take(other, { command: "beamrack run" })).message).toContain("io:502");
    lock.release();
  });

  it("leaves a site without a common port alone, though they share a broker", () => {
    const lock = locks().take(siteWith(), { command: "beamrack run" });
    const other = siteWith((text) =>
      text
        .replace("usb-mes4-", "usb-other-")
        .replace("detector:41234", "elsewhere:1")
        .replace("usb-rack-stage", "usb-other-stage")
        .replace("io:502", "other-io:502"),
    );
    locks(99).take(other, { command: "beamrack run" }).release();
    lock.release();
  });

  it("knows a port by whatever link it is reached", () => {
    const device = join(folder, "ttyUSB0");
    writeFileSync(device, "");
    symlinkSync(device, join(folder, "by-id"));
    const one = siteWith((text) => text.replace("/dev/serial/by-id/usb-rack-stage", device));
    const other = siteWith((text) =>
      text
        .replace("/dev/serial/by-id/usb-rack-stage", join(folder, "by-id"))
        .replace("usb-mes4-", "usb-other-")
        .replace("detector:41234", "elsewhere:1")
        .replace("io:502", "other-io:502"),
    );
    const lock = locks().take(one, { command: "beamrack run" });
    expect(refusal(() => locks(99).take(other, { command: "beamrack run" })).message).toContain(device);
    lock.release();
  });

  it("dies with its process, even one that is killed", async () => {
    const child = spawn(process.execPath, [...HOLDER, folder], { cwd: ROOT, stdio: "pipe" });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const fault = refusal(() => locks(99).take(siteWith(), { command: "beamrack run" }));
    expect(fault.detail["pid"]).toBe(child.pid);
    child.kill("SIGKILL");
    await exited;
    locks(99).take(siteWith(), { command: "beamrack run" }).release();
  });

  it("says what to do where the folder cannot be used", () => {
    writeFileSync(join(folder, "file"), "");
    const locksElsewhere = createSiteLocks({ folder: join(folder, "file"), pid: 1, host: "h", wallMs: () => 0 });
    const fault = refusal(() => locksElsewhere.take(siteWith(), { command: "beamrack run" }));
    expect(fault).toMatchObject({ code: "site.lock-unusable", severity: "refuse" });
    expect(fault.advice).toContain("BEAMRACK_STATE");
  });
});
