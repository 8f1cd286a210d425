import { describe, expect, it } from "vitest";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createDg645Twin } from "../../../simulator/srs-dg645/dg645-twin.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";

/** The simulated unit with a plain terminal on it. */
function terminal() {
  const { clock } = createVirtualTime();
  let received = "";
  let input: (chunk: Uint8Array) => void = () => undefined;
  const end: DeviceEnd = {
    onOpen: () => undefined,
    onClose: () => undefined,
    onData(handler) {
      input = handler;
    },
    send(chunk) {
      received += Buffer.from(chunk).toString("latin1");
    },
    hangUp: () => undefined,
  };
  const edges: string[] = [];
  createDg645Twin({
    end,
    clock,
    onGate: (output, isHigh, atMs) => edges.push(`${output}${isHigh ? "+" : "-"}${atMs.toFixed(3)}`),
  });
  async function say(text: string, seconds = 0.01): Promise<string> {
    received = "";
    input(Buffer.from(text, "latin1"));
    await clock.run(clock.nowMs() + seconds * 1000);
    return received;
  }
  return { say, edges, nowMs: () => clock.nowMs() };
}

describe("a simulated DG645", () => {
  it("answers queries with one line each, and settings not at all", async () => {
    const { say } = terminal();
    expect(await say("*IDN?\n")).toBe("Stanford Research Systems,DG645,s/n001013,ver1.00.10B\r\n");
    expect(await say("TSRC5\n")).toBe("");
    expect(await say("tsrc?\r\n")).toBe("5\r\n");
    expect(await say("TRAT1000.000000\nTRAT?\n")).toBe("1000.000000\r\n");
    expect(await say("DLAY 2,0,1e-3\nDLAY 3,2,0.1\nDLAY?2\nDLAY?3\n")).toBe(
      "0,+0.001000000000\r\n2,+0.100000000000\r\n",
    );
    expect(await say("LAMP 1,4.00\nLOFF 1,-0.80\nLPOL 1,0\nLAMP?1\nLOFF?1\nLPOL?1\n")).toBe("4.00\r\n-0.80\r\n0\r\n");
    expect(await say("BURM1\nBURC3\nBURP0.5\nBURD1e-3\nBURM?\nBURC?\n")).toBe("1\r\n3\r\n");
    expect(await say("EMAC?\n")).toMatch(/^[0-9A-F:]{17}\r\n$/);
    expect(await say("REMT\nLCAL\n*SAV1\n*RCL1\nIFRS 0\nLERR?\n")).toBe("0\r\n");
  });

  it("keeps the number of its last error until asked", async () => {
    const { say } = terminal();
    for (const [wrong, code] of [
      ["TSRC9", 10],
      ["TSRC", 116],
      ["TSRCx", 118],
      ["NONS1", 111],
      ["DLAY 2,0", 116],
      ["DLAY 2,0,1,1", 115],
      ["DLAY 2,0,3000", 12],
      ["DLAY 2,2,1", 13],
      ["DLAY 0,2,1", 13],
      ["*TRG", 11],
    ] as const) {
      expect(await say(`${wrong}\nLERR?\n`), wrong).toBe(`${code}\r\n`);
      expect(await say("LERR?\n")).toBe("0\r\n");
    }
    expect(await say("DLAY 3,2,1\nDLAY 2,3,1\nLERR?\n")).toBe("13\r\n");
  });

  it("fires a single shot and tells its events once", async () => {
    const { say, edges, nowMs } = terminal();
    await say("TSRC5\nDLAY 2,0,0.1\nDLAY 3,2,0.2\n");
    const startMs = nowMs();
    await say("*TRG\n", 0.05);
    expect(await say("INSR?\n")).toBe("1\r\n");
    await say("*TRG\n", 0.05);
    expect(await say("INSR?\n")).toBe("3\r\n");
    await say("", 0.5);
    expect(edges).toEqual([`1+${(startMs + 100).toFixed(3)}`, `1-${(startMs + 300).toFixed(3)}`]);
    expect(await say("INSR?\n")).toBe("4\r\n");
    expect(await say("INSR?\n")).toBe("0\r\n");
  });

  it("gives a burst, and ends it when it is switched off", async () => {
    const { say, edges } = terminal();
    await say("TSRC5\nDLAY 3,2,0.1\nBURM1\nBURC2\nBURP0.5\nBURD0\n");
    await say("*TRG\n", 1);
    expect(edges).toHaveLength(4);
    expect(await say("INSR?\n")).toBe("13\r\n");
    await say("*TRG\n", 0.05);
    await say("BURM0\n", 1);
    expect(edges).toHaveLength(6);
    expect(await say("INSR?\n")).toBe("33\r\n");
  });
});
