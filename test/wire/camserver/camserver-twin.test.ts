/** The simulated camserver, spoken to in bytes written by hand from the wire reference (section 5.2). */
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { frameFileName } from "../../../simulator/dectris-camserver/camserver-files.ts";
import { createCamserverTwin } from "../../../simulator/dectris-camserver/camserver-twin.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";

const START_WALL_MS = Date.UTC(2011, 7, 4, 15, 27, 22, 590);

async function connected() {
  const clock = createVirtualClock(START_WALL_MS, { drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const cable = createMemoryLink(clock, { name: "detector", latencyMs: 0.5 });
  const frames: (readonly [number, number, string])[] = [];
  const twin = createCamserverTwin({
    end: cable.end,
    clock,
    frames: { frameTaken: (startMs, endMs, path) => frames.push([startMs, endMs, path]) },
    readOutS: 0.001,
    startWallMs: START_WALL_MS,
  });
  const opening = cable.openLink();
  await clock.run(1);
  const link = await opening;
  let heard = "";
  link.onData((chunk) => {
    heard += Buffer.from(chunk).toString("latin1");
  });
  /** What it says within `ms` of being sent this. */
  const say = async (text: string, ms = 10): Promise<string> => {
    heard = "";
    link.write(Buffer.from(text, "latin1"));
    await clock.run(clock.nowMs() + ms);
    return heard;
  };
  const write = (text: string): void => {
    link.write(Buffer.from(text, "latin1"));
  };
  return { clock, twin, frames, say, write };
}

describe("the simulated camserver", () => {
  it("answers as recorded", async () => {
    const { say } = await connected();
    expect(await say("exptime 0.997\n")).toBe("15 OK Exposure time set to: 0.9970000 sec\x18");
    expect(await say("expperiod 0.2\n")).toBe("15 OK Exposure period set to: 0.2000000 sec\x18");
    expect(await say("nimages 10\n")).toBe("15 OK N images set to: 10\x18");
    expect(await say("imgpath /ramdisk/x\n")).toBe("10 OK /ramdisk/x/\x18");
    expect(await say("threshold\n")).toBe("1 ERR *** Unrecognized command: threshold\x18");
    expect(await say("SetThreshold low 5000\n")).toBe("15 ERR ERROR: unknown gain setting: low 5000\x18");
    expect(await say("SetThreshold energy 12000 midG 6000\n")).toBe("15 OK /tmp/setthreshold.cmd\x18");
    expect(await say("SetThreshold\n")).toContain("15 OK  Settings: mid gain; threshold: 6000 eV; vcmp: 0.654 V\n");
    expect(await say("version\n")).toMatch(/^24 OK Code release:/);
    expect(await say("thread\n")).toMatch(/^215 OK Channel 0: Temperature = 31.4C/);
    expect(await say("K\n")).toBe("13 ERR kill\x18");
  });

  it("knows shortened names, whole lines in one read and 0x18 as a line end", async () => {
    const { say } = await connected();
    expect(await say("expt 0.5\nexpp 0.6\nni 3\n")).toBe(
      "15 OK Exposure time set to: 0.5000000 sec\x1815 OK Exposure period set to: 0.6000000 sec\x1815 OK N images set to: 3\x18",
    );
    expect(await say("setthr\x18")).toMatch(/^15 OK {2}Settings/);
    expect(await say("exp 1\n")).toMatch(/^1 ERR/);
    expect(await say("EXPTIME 2\n")).toBe("15 OK Exposure time set to: 2.0000000 sec\x18");
    expect(await say("\n\n  \n")).toBe("");
  });

  it("refuses values that cannot be and keeps what it had", async () => {
    const { say } = await connected();
    await say("exptime 0.5\n");
    for (const value of ["0", "-1", "nan", "1e99", "0x10", "Infinity", "1 2"]) {
      expect(await say(`exptime ${value}\n`)).toMatch(/^15 ERR/);
    }
    expect(await say("nimages 1000000\n")).toMatch(/^15 ERR/);
    expect(await say("gapfill 5\n")).toMatch(/^15 ERR/);
    expect(await say("exptime\n")).toBe("15 OK Exposure time set to: 0.5000000 sec\x18");
  });

  it("puts the number of images back to one when a threshold is set", async () => {
    const { say } = await connected();
    await say("nimages 10\n");
    await say("SetThreshold energy 12000 midG 6000\n");
    expect(await say("nimages\n")).toBe("15 OK N images set to: 1\x18");
  });

  it("starts, counts and reports an exposure after its time and read-out", async () => {
    const { clock, frames, say } = await connected();
    await say("exptime 0.197\nimgpath /ramdisk/x\n");
    const atMs = clock.nowMs();
    expect(await say("Exposure f_0001.cbf\n", 198)).toMatch(
      /^15 OK {2}Starting 0\.1970000 second background: 2011-Aug-04T15:27:22\.6\d\d\x18$/,
    );
    expect(await say("exptime\n", 5)).toContain("7 OK /ramdisk/x/f_0001.cbf\x18");
    expect(frames).toHaveLength(1);
    const [startMs, endMs, path] = frames[0] ?? [0, 0, ""];
    expect(path).toBe("/ramdisk/x/f_0001.cbf");
    expect(startMs - atMs).toBeCloseTo(1.5, 6);
    expect(endMs - startMs).toBeCloseTo(197, 6);
  });

  it("numbers the frames of a series and reports the last", async () => {
    const { frames, say } = await connected();
    await say("nimages 3\nexptime 0.1\nexpperiod 0.2\n");
    expect(await say("Exposure f_0008.tif\n", 700)).toContain("7 OK /ramdisk/images/f_0010.tif\x18");
    expect(frames.map(([, , path]) => path.slice(-10))).toEqual(["f_0008.tif", "f_0009.tif", "f_0010.tif"]);
  });

  it("names files by the camserver's rules", () => {
    expect(frameFileName("f_0008.tif", 0)).toBe("f_0008.tif");
    expect(frameFileName("f_0099.tif", 1)).toBe("f_0100.tif");
    expect(frameFileName("f.tif", 0)).toBe("f_00000.tif");
    expect(frameFileName("f", 12)).toBe("f_00012");
    expect(frameFileName("f_9.cbf", 1)).toBe("f_10.cbf");
  });

  it("ends an exposure when killed and reads out what there is", async () => {
    const { frames, say } = await connected();
    await say("exptime 100\n");
    await say("Exposure long_00001.cbf\n", 5000);
    expect(await say("k\n")).toBe("13 ERR kill\x187 OK /ramdisk/images/long_00001.cbf\x18");
    expect(frames).toHaveLength(1);
    expect((frames[0]?.[1] ?? 0) - (frames[0]?.[0] ?? 0)).toBeCloseTo(4999, 0);
    expect(await say("", 200_000)).toBe("");
  });

  it("refuses a second exposure while one runs", async () => {
    const { say } = await connected();
    await say("Exposure a_1.cbf\n");
    expect(await say("Exposure b_1.cbf\n")).toMatch(/^15 ERR/);
    expect(await say("", 2000)).toContain("7 OK /ramdisk/images/a_1.cbf");
  });

  it("takes an external trigger command and waits until it is killed", async () => {
    const { frames, say } = await connected();
    expect(await say("ExtTrigger f_1.cbf\n", 60_000)).toMatch(/^15 OK {2}Starting externally triggered/);
    expect(await say("camcmd k\n")).toMatch(/^13 ERR kill\x187 ERR/);
    expect(frames).toEqual([]);
  });

  it("goes on answering after ten thousand random inputs, cut anywhere", async () => {
    const { clock, say, write } = await connected();
    const random = repeatableRandom(7);
    const words = [
      "exptime ",
      "ni",
      "Exposure ",
      "k",
      "K",
      "camcmd ",
      "imgpath ",
      "SetThr",
      "\n",
      "\x18",
      "9e9",
      "-1",
      "\0",
    ];
    for (let run = 0; run < 10_000; run += 1) {
      let text = "";
      const count = Math.floor(random() * 6);
      for (let index = 0; index < count; index += 1) {
        text += words[Math.floor(random() * words.length)] ?? "";
        if (random() < 0.3) text += String.fromCharCode(Math.floor(random() * 256));
      }
      write(text);
      if (run % 100 === 0) await clock.run(clock.nowMs() + 50);
    }
    await clock.run(clock.nowMs() + 1000);
    expect(await say("\nK\n", 1000)).toContain("13 ERR kill");
    expect(await say("exptime 0.25\n")).toBe("15 OK Exposure time set to: 0.2500000 sec\x18");
  });
});

function repeatableRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
