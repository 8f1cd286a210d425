/** Replies and commands as the wire reference gives them (section 5.2: recorded in public drivers). */
import { describe, expect, it } from "vitest";
import * as commands from "../../../protocols/wire/camserver/camserver-command.ts";
import {
  confirmedExposureS,
  confirmedImageCount,
  confirmedPeriodS,
  createReplySplitter,
  REPLY_LENGTH_MAX,
  REPLY_NUMBER,
  replyText,
  startedExposureS,
  type DecodedReply,
} from "../../../protocols/wire/camserver/camserver-reply.ts";

function bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function replies(text: string): DecodedReply[] {
  return createReplySplitter().push(bytes(text));
}

const RECORDED: readonly (readonly [string, number, boolean, string])[] = [
  ["15 OK Exposure time set to: 0.9970000 sec", 15, true, "Exposure time set to: 0.9970000 sec"],
  ["15 OK Exposure period set to: 0.2000000 sec", 15, true, "Exposure period set to: 0.2000000 sec"],
  ["15 OK N images set to: 10", 15, true, "N images set to: 10"],
  ["10 OK /ramdisk/x/", 10, true, "/ramdisk/x/"],
  [
    "15 OK  Starting 0.1970000 second background: 2011-Aug-04T15:27:22.593",
    15,
    true,
    "Starting 0.1970000 second background: 2011-Aug-04T15:27:22.593",
  ],
  ["7 OK /ramdisk/x/f_0300.cbf", 7, true, "/ramdisk/x/f_0300.cbf"],
  ["13 ERR kill", 13, false, "kill"],
  [
    "15 OK  Settings: mid gain; threshold: 6300 eV; vcmp: 0.654 V\n Trim file:\n  none",
    15,
    true,
    "Settings: mid gain; threshold: 6300 eV; vcmp: 0.654 V\n Trim file:\n  none",
  ],
  ["15 OK /tmp/setthreshold.cmd", 15, true, "/tmp/setthreshold.cmd"],
  ["24 OK Code release:  tvx-7.3.13-121212", 24, true, "Code release:  tvx-7.3.13-121212"],
  [
    "215 OK Channel 0: Temperature = 31.4C, Rel. Humidity = 22.1%\nChannel 1: Temperature = 30.0C",
    215,
    true,
    "Channel 0: Temperature = 31.4C, Rel. Humidity = 22.1%\nChannel 1: Temperature = 30.0C",
  ],
  ["7 ERR", 7, false, ""],
  ["1 ERR *** Unrecognized command: threshold", 1, false, "*** Unrecognized command: threshold"],
  ["15 ERR ERROR: unknown gain setting: low 5000", 15, false, "ERROR: unknown gain setting: low 5000"],
];

describe("replies of a camserver", () => {
  it.each(RECORDED)("reads `%s`", (frame, number, isOk, text) => {
    expect(replies(`${frame}\x18`)).toEqual([{ kind: "reply", reply: { number, isOk, text } }]);
  });

  it("splits several replies in one read, wherever the reads are cut", () => {
    const stream = bytes(RECORDED.map(([frame]) => `${frame}\x18`).join(""));
    const whole = createReplySplitter().push(stream);
    expect(whole).toHaveLength(RECORDED.length);
    for (const size of [1, 2, 3, 7, 64]) {
      const splitter = createReplySplitter();
      const cut: DecodedReply[] = [];
      for (let start = 0; start < stream.length; start += size) {
        cut.push(...splitter.push(stream.subarray(start, start + size)));
      }
      expect(cut).toEqual(whole);
    }
  });

  it("tells what it cannot read and goes on with the next reply", () => {
    const decoded = replies("hello\x18fifteen OK\x1815 OKAY\x1815 OK N images set to: 1\x18");
    expect(decoded.map((one) => one.kind)).toEqual(["unreadable", "unreadable", "unreadable", "reply"]);
  });

  it("puts nothing into a fault that would move an operator's cursor", () => {
    const [unreadable] = replies("\x1b[2Jhello\x07\x18");
    expect(unreadable).toMatchObject({ kind: "unreadable", text: "?[2Jhello?" });
    expect(replyText({ number: 15, isOk: false, text: "a\nb\x1b[2J" })).toBe("15 ERR a | b?[2J");
  });

  it("drops a reply without end and stays bounded", () => {
    const splitter = createReplySplitter();
    const flood = new Uint8Array(10_000).fill(0x41);
    for (let index = 0; index < 100; index += 1) expect(splitter.push(flood)).toEqual([]);
    const [dropped, next] = splitter.push(bytes("\x1813 ERR kill\x18"));
    expect(dropped).toMatchObject({ kind: "unreadable", why: `longer than ${REPLY_LENGTH_MAX} bytes` });
    expect(next).toMatchObject({ kind: "reply", reply: { number: 13 } });
  });

  it("are told apart by their numbers", () => {
    expect(REPLY_NUMBER).toEqual({
      unknownCommand: 1,
      exposureEnd: 7,
      imagePath: 10,
      kill: 13,
      setting: 15,
      version: 24,
    });
  });

  it("reads the confirmed values and nothing else", () => {
    expect(confirmedExposureS("Exposure time set to: 0.9970000 sec")).toBe(0.997);
    expect(confirmedPeriodS("Exposure period set to: 0.2000000 sec")).toBe(0.2);
    expect(confirmedImageCount("N images set to: 10")).toBe(10);
    expect(startedExposureS("Starting 0.1970000 second background: 2011-Aug-04T15:27:22.593")).toBe(0.197);
    expect(confirmedExposureS("Exposure period set to: 0.2000000 sec")).toBeUndefined();
    expect(confirmedExposureS("Exposure time set to: nan sec")).toBeUndefined();
    expect(confirmedImageCount("")).toBeUndefined();
  });
});

describe("commands to a camserver", () => {
  it("are lines with seven decimals", () => {
    const text = (command: Uint8Array): string => Buffer.from(command).toString("latin1");
    expect(text(commands.exposureTimeCommand(0.997))).toBe("exptime 0.9970000\n");
    expect(text(commands.exposurePeriodCommand(0.2))).toBe("expperiod 0.2000000\n");
    expect(text(commands.imageCountCommand(1))).toBe("nimages 1\n");
    expect(text(commands.imagePathCommand("/ramdisk/x"))).toBe("imgpath /ramdisk/x\n");
    expect(text(commands.exposureCommand("f_0001.cbf"))).toBe("Exposure f_0001.cbf\n");
    expect(text(commands.endExposureCommand())).toBe("camcmd k\n");
    expect(text(commands.killExposureCommand())).toBe("K\n");
    expect(text(commands.versionCommand())).toBe("version\n");
  });

  it("cannot carry a second command in a name", () => {
    expect(commands.nameProblem("f_0001.cbf")).toBeUndefined();
    for (const name of ["", "a\nK", "a b", "a\x18", "ä", "a".repeat(2000)]) {
      expect(commands.nameProblem(name)).toBeTypeOf("string");
    }
  });

  it("know the name the first frame will have", () => {
    expect(commands.firstFrameName("f_0008.tif")).toBe("f_0008.tif");
    expect(commands.firstFrameName("f.tif")).toBe("f_00000.tif");
    expect(commands.firstFrameName("f")).toBe("f_00000");
  });
});
