import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createNewareTwin, type NewareTwin } from "../../../simulator/neware-bts/neware-twin.ts";
import type { VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { testCell, testClock } from "../../support/methodscript-bench.ts";

const A = 'ip="127.0.0.1" devtype="27" devid="21" subdevid="2" chlid="1"';
const SHORT = 'devtype="27" devid="21" subdevid="2" chlid="1"';
const golden = readFileSync(
  fileURLToPath(new URL("../../fixtures/unicycler/neware/cycling.neware.xml", import.meta.url)),
  "utf8",
);

interface Terminal {
  readonly clock: VirtualClock;
  readonly twin: NewareTwin;
  /** Sends a body in its envelope and gives the answer. */
  readonly ask: (body: string, tail?: string) => Promise<string>;
  readonly pass: (seconds: number) => Promise<void>;
}

async function terminal(): Promise<Terminal> {
  const clock = testClock();
  let received = "";
  let input: (chunk: Uint8Array) => void = () => undefined;
  const twin = createNewareTwin({
    end: {
      onOpen: () => undefined,
      onClose: () => undefined,
      onData(handler) {
        input = handler;
      },
      send(chunk) {
        received += Buffer.from(chunk).toString("utf8");
      },
      hangUp: () => undefined,
    },
    clock,
    channels: [
      { subdeviceId: 2, channelId: 1, cell: testCell(3.7, 10) },
      { subdeviceId: 2, channelId: 2, cell: testCell() },
    ],
    readFile: (path) => (path === "C:\\steps\\s1.xml" ? golden : undefined),
    deviceId: 21,
    tickMs: 10_000,
  });
  const made: Terminal = {
    clock,
    twin,
    async ask(body, tail = "\n\n#\r\n") {
      received = "";
      const bytes = Buffer.from(`<?xml version="1.0" encoding="UTF-8" ?><bts version="1.0">${body}</bts>${tail}`);
      for (let at = 0; at < bytes.length; at += 7) input(bytes.subarray(at, at + 7));
      await clock.run(clock.nowMs() + 100);
      return received;
    },
    pass: (seconds) => clock.run(clock.nowMs() + seconds * 1000),
  };
  await made.ask("<cmd>connect</cmd><username>admin</username><password>neware</password><type>bfgs</type>");
  return made;
}

function answer(command: string, ...lines: readonly string[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<bts version="1.0">',
    `  <cmd>${command}_resp</cmd>`,
    ...lines,
    "</bts>\n\n#\r\n",
  ].join("\r\n");
}

describe("the simulated client answers to the byte as a BTS 8.0 was recorded to", () => {
  test("connect, right and wrong, and nothing before it", async () => {
    const { ask } = await terminal();
    expect(await ask("<cmd>connect</cmd><username>admin</username><password>x</password><type>bfgs</type>")).toBe(
      answer("connect", "  <result>fail</result>"),
    );
    expect(await ask("<cmd>getdevinfo</cmd>")).toBe("");
    expect(await ask("<cmd>connect</cmd><username>admin</username><password>neware</password>", "#\r\n")).toBe(
      answer("connect", "  <result>ok</result>"),
    );
  });

  test("getdevinfo", async () => {
    const { ask } = await terminal();
    expect(await ask("<cmd>getdevinfo</cmd>")).toBe(
      answer(
        "getdevinfo",
        '  <serverip count="1">',
        '    <server ip="127.0.0.1" port="3306" />',
        "  </serverip>",
        '  <middle count="2">',
        '    <channel ip="127.0.0.1" devtype="27" devid="21" subdevid="2" Channelid="1">true</channel>',
        '    <channel ip="127.0.0.1" devtype="27" devid="21" subdevid="2" Channelid="2">true</channel>',
        "</middle>",
      ),
    );
  });

  test("getchlstatus, with the client's known fault in the unit number", async () => {
    const { ask } = await terminal();
    expect(await ask(`<cmd>getchlstatus</cmd><list count = "1"><status ${A}>true</status></list>`)).toBe(
      answer(
        "getchlstatus",
        '  <list count="1">',
        '    <status ip="127.0.0.1" devtype="27" devid="21" subdevid="1" chlid="1" reservepause="1">finish</status>',
        "  </list>",
      ),
    );
  });

  test("start with a stray quote behind the list, then inquire, inquiredf, download, stop", async () => {
    const { ask, pass, twin } = await terminal();
    const start = `<cmd>start</cmd><list count = "1"><start ${A} barcode="S1">C:\\steps\\s1.xml</start><backup backupdir="D" /></list>"`;
    expect(await ask(start)).toBe(answer("start", '  <list count="1">', `    <start ${A}>ok</start>`, "  </list>"));
    expect(twin.channel(2, 1)?.status).toBe("working");
    expect(await ask(start)).toContain(`<start ${A}>false</start>`);

    await pass(20);
    expect(
      await ask(`<cmd>inquire</cmd><list count = "1"><inquire ${A} aux="0" barcode="1">true</inquire></list>`),
    ).toMatch(
      /<inquire dev="27-21-2-1-0" cycle_id="1" step_id="1" step_type="rest" workstatus="working" barcode="S1" current="0" voltage="3.7" capacity="0" energy="0" totaltime="\d+(\.\d)?" relativetime="\d+(\.\d)?" open_or_close="0" log_code="102000" \/>/,
    );
    expect(await ask(`<cmd>inquiredf</cmd><list count = "1"><chl ${SHORT} testid="0" /></list>`)).toBe(
      answer("inquiredf", '  <list count="1">', `    <chl ${SHORT} testid="143" count="3">false</chl>`, "  </list>"),
    );
    expect(await ask(`<cmd>download</cmd><download ${SHORT} auxid="0" testid="0" startpos="2" count="1"/>`)).toBe(
      answer(
        "donwload",
        `  <download ${SHORT} testid="143" startpos="2" count="1" auxid="0" />`,
        '  <list count="1">',
        '    <data seqid="2" stepid="1" cycleid="1" steptype="rest" testtime="10000" atime="2026-01-01 00:00:10" volt="3.7" curr="0" cap="0" eng="0" />',
        "  </list>",
      ),
    );
    expect(await ask(`<cmd>download</cmd><download ${SHORT} auxid="0" testid="0" startpos="0" count="0"/>`)).toBe(
      answer(
        "donwload",
        `  <download ${SHORT} testid="143" startpos="0" count="0" auxid="0" />`,
        '  <list count="0" />',
      ),
    );
    const stop = `<cmd>stop</cmd><list count = "1"><stop ${A}>true</stop></list>`;
    expect(await ask(stop)).toBe(answer("stop", '  <list count="1">', `    <stop ${A}>ok</stop>`, "  </list>"));
    expect(await ask(stop)).toContain(`<stop ${A}>false</stop>`);
    expect(await ask(`<cmd>inquiredf</cmd><list count = "1"><chl ${SHORT} testid="0" /></list>`)).toContain(
      ">true</chl>",
    );
    expect(await ask(`<cmd>downloadlog</cmd><download ${SHORT} testid="0"/>`)).toContain(
      '<data seqid="1" log_code="100000" atime="2026-01-01 00:00:00" />',
    );
  });

  test("light and clearflag", async () => {
    const { ask } = await terminal();
    expect(await ask(`<cmd>light</cmd><list count = "1"><light ${A}>true</light></list>`)).toBe(
      answer("light", '  <list count="1">', `    <light ${A}>ok</light>`, "  </list>"),
    );
    expect(await ask(`<cmd>clearflag</cmd><list count = "1"><clearflag ${A}>true</clearflag></list>`)).toBe(
      answer("clearflag", '  <list count="1">', `    <clearflag ${A}>false</clearflag>`, "  </list>"),
    );
  });

  test("a start without its file, or of a channel it does not have, is false", async () => {
    const { ask } = await terminal();
    const start = (address: string, path: string): string =>
      `<cmd>start</cmd><list count = "1"><start ${address} barcode="S1">${path}</start></list>`;
    expect(await ask(start(A, "C:\\steps\\none.xml"))).toContain(">false</start>");
    expect(await ask(start(A.replace('chlid="1"', 'chlid="9"'), "C:\\steps\\s1.xml"))).toContain(">false</start>");
  });

  test("a published programme runs to its end: three formation cycles, then twice ten with a rest", async () => {
    const { ask, clock, twin } = await terminal();
    await ask(`<cmd>start</cmd><list count = "1"><start ${A} barcode="S1">C:\\steps\\s1.xml</start></list>`);
    await clock.run(Number.POSITIVE_INFINITY);
    expect(twin.channel(2, 1)?.status).toBe("finish");
    const layers = twin.channel(2, 1)?.latest?.layers ?? [];
    const words = layers.map(({ first }) => first.stepType);
    const cycle = ["cc", "cv", "dc"];
    const times = (count: number, what: readonly string[]): readonly string[] =>
      Array.from({ length: count }, () => what).flat();
    expect(words).toEqual(["rest", ...times(3, cycle), ...times(2, [...times(10, cycle), "rest"])]);
    expect(await ask(`<cmd>downloadStepLayer</cmd><downloadStepLayer ${SHORT} />`)).toContain(
      '<data startseqid="1" endseqid="61" stepindex="1" stepid="1" cycleid="1" steptype="rest" steptime="600000"',
    );
  });
});
