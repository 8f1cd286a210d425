import { describe, expect, it } from "vitest";
import { createPandaDataReader, type PandaData } from "../../../protocols/wire/pandabox/panda-data.ts";
import { createPandaTwin } from "../../../simulator/pandabox/panda-twin.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";

function port() {
  let received = Buffer.alloc(0);
  const handlers: { data?: (chunk: Uint8Array) => void; open?: () => void; close?: () => void } = {};
  const end: DeviceEnd = {
    onOpen(handler) {
      handlers.open = handler;
    },
    onClose(handler) {
      handlers.close = handler;
    },
    onData(handler) {
      handlers.data = handler;
    },
    send(chunk) {
      received = Buffer.concat([received, chunk]);
    },
    hangUp: () => undefined,
  };
  return {
    end,
    handlers,
    take(): Buffer {
      const taken = received;
      received = Buffer.alloc(0);
      return taken;
    },
  };
}

/** The simulated box with a plain terminal on each of its ports. */
function box() {
  const { clock } = createVirtualTime();
  const command = port();
  const data = port();
  const edges: string[] = [];
  createPandaTwin({
    end: command.end,
    dataEnd: data.end,
    clock,
    onOutput: (name, isHigh) => edges.push(`${name}${isHigh ? "+" : "-"}`),
  });
  async function say(text: string, seconds = 0.01): Promise<string> {
    command.handlers.data?.(Buffer.from(`${text}\n`));
    await clock.run(clock.nowMs() + seconds * 1000);
    return command.take().toString("latin1").trimEnd().split("\n").join(" | ");
  }
  return { say, data, edges, clock };
}

describe("a simulated PandABox", () => {
  it("answers as the public server does", async () => {
    const { say } = box();
    for (const [request, answer] of [
      ["*ECHO this is an echo?", "OK =this is an echo"],
      ["TTLOUT1.VAL=SEQ1.OUTA", "OK"],
      ["TTLOUT1.VAL?", "OK =SEQ1.OUTA"],
      ["TTLOUT0.VAL=TTLIN1.VAL", "ERR Invalid block number"],
      ["TTLOUT6.VAL=TTLIN0.VAL", "ERR Invalid bit bus selection"],
      ["x", "ERR Unknown command"],
      ["*IDN?x", "ERR Unexpected text after command"],
      ["*x?", "ERR Unknown command"],
      ["*x=", "ERR Unknown command"],
      ["?", "ERR No name found"],
      ["X?", "ERR No such block"],
      ["TTLIN2?", "ERR Missing field name"],
      ["TTLIN23?", "ERR Invalid block number"],
      ["TTLIN2.X?", "ERR No such field"],
      ["TTLIN.VAL?", "ERR Missing block number"],
      ["TTLIN2.VAL=0", "ERR Field not writeable"],
      ["TTLIN2.VAL<\n123\n", "ERR Field is not a table"],
      ["SEQ2.TABLE<\n1 2 3 4 5 6 7 8\n9\n", "ERR Table write is not a whole number of rows"],
      ["SEQ2.TABLE<B\n1234567\n", "ERR Malformed base64 string"],
      ["SEQ2.TABLE<B\n123456789AB123456789AB==\n", "OK"],
      ["SEQ2.TABLE?", "!3891817943 | !16055470 | !964615029 | !4046827 | ."],
      ["SEQ2.TABLE<\n1 2 3 4 5 6 7 8\n", "OK"],
      ["SEQ2.TABLE.LENGTH?", "OK =8"],
      ["PULSE1.DELAY=10", "OK"],
      ["PULSE1.DELAY.UNITS=ms", "OK"],
      ["PULSE1.DELAY?", "OK =10000"],
      ["PULSE1.DELAY=1e99", "ERR Time setting out of range"],
      ["PULSE1.WIDTH.UNITS=ms", "OK"],
      ["PULSE1.WIDTH=10", "OK"],
      ["PULSE1.WIDTH.RAW?", "OK =1250000"],
      ["PULSE1.TRIG_EDGE=blah", "ERR Invalid enumeration value"],
      ["BITS.A=2", "ERR Number out of range"],
      ["*PCAP.STATUS?", "OK =Idle 0 0"],
      ["*PCAP.ARM=", "ERR Nothing configured for capture"],
      ["TTLOUT1.VAL.RAW?", "ERR No such attribute"],
    ] as const) {
      expect(await say(request), request).toBe(answer);
    }
    expect(await say("*IDN?")).toMatch(/^OK =PandA SW: 3\.0/);
    expect(await say("*BLOCKS?")).toContain("!SEQ 2 | ");
    expect(await say("SEQ1.*?")).toContain("!TABLE 0 table");
  });

  it("tells what changed since it was last asked", async () => {
    const { say } = box();
    await say("TTLOUT1.VAL=ONE");
    expect(await say("*CHANGES?")).toBe("!TTLOUT1.VAL=ONE | .");
    expect(await say("*CHANGES?")).toBe(".");
  });

  it("runs its table while it is enabled, and counts", async () => {
    const { say, edges } = box();
    await say("SEQ1.TABLE<\n67108866 0 1250000 1250000\n");
    for (const line of ["SEQ1.REPEATS=2", "TTLOUT1.VAL=SEQ1.OUTA", "COUNTER1.TRIG=SEQ1.OUTA", "COUNTER1.STEP=1"]) {
      expect(await say(line)).toBe("OK");
    }
    await say("COUNTER1.ENABLE=ONE");
    await say("SEQ1.ENABLE=BITS.OUTA");
    expect(await say("SEQ1.ACTIVE?")).toBe("OK =0");
    await say("BITS.A=1", 0.03);
    expect(await say("SEQ1.ACTIVE?", 1)).toBe("OK =1");
    expect(await say("SEQ1.ACTIVE?")).toBe("OK =0");
    expect(await say("COUNTER1.OUT?")).toBe("OK =4");
    expect(edges.join(" ")).toBe("TTLOUT1+ TTLOUT1- TTLOUT1+ TTLOUT1- TTLOUT1+ TTLOUT1- TTLOUT1+ TTLOUT1-");
    await say("BITS.A=0");
    await say("BITS.A=1", 0.015);
    await say("BITS.A=0");
    expect(edges.at(-1)).toBe("TTLOUT1-");
    await say("COUNTER1.ENABLE=ZERO");
    await say("COUNTER1.ENABLE=ONE");
    expect(await say("COUNTER1.OUT?")).toBe("OK =0");
  });

  it("captures a counter at each gate, for whoever reads the data port", async () => {
    const { say, data } = box();
    await say("SEQ1.TABLE<\n67108867 0 1250000 1250000\n");
    for (const line of [
      "SEQ1.REPEATS=1",
      "COUNTER1.TRIG=SEQ1.OUTA",
      "COUNTER1.STEP=1",
      "COUNTER1.ENABLE=ONE",
      "COUNTER1.OUT.CAPTURE=Value",
      "PCAP.TRIG=SEQ1.OUTA",
      "SEQ1.ENABLE=BITS.OUTA",
    ]) {
      await say(line);
    }
    data.handlers.open?.();
    data.handlers.data?.(Buffer.from("\n"));
    expect(data.take().toString()).toBe("OK\n");
    expect(await say("*PCAP.ARM=")).toBe("OK");
    expect(await say("*PCAP.STATUS?")).toBe("OK =Busy 1 1");
    await say("BITS.A=1", 1);
    expect(await say("*PCAP.DISARM=")).toBe("OK");
    expect(await say("*PCAP.COMPLETION?")).toBe("OK =Disarmed");
    expect(await say("*PCAP.CAPTURED?")).toBe("OK =3");
    const reader = createPandaDataReader();
    reader.push(Buffer.from("OK\n"));
    const found: readonly PandaData[] = reader.push(data.take());
    expect(found.map(({ kind }) => kind)).toEqual(["header", "sample", "sample", "sample", "ended"]);
    expect(found[3]).toEqual({ kind: "sample", values: [3] });
    expect(found[4]).toEqual({ kind: "ended", sampleCount: 3, reason: "Disarmed" });
  });
});
