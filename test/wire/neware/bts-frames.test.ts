import { describe, expect, test } from "vitest";
import {
  cabinetStopBody,
  channelSwitchBody,
  clearFlagBody,
  connectBody,
  continueBody,
  deviceListBody,
  downloadBody,
  downloadLogBody,
  downloadStepLayerBody,
  gotoBody,
  inquireBody,
  latestTestBody,
  lightBody,
  startBody,
  statusBody,
  stopBody,
} from "../../../protocols/wire/neware/bts-commands.ts";
import { createBtsSplitter, encodeBtsRequest } from "../../../protocols/wire/neware/bts-frame.ts";
import {
  decodeAcknowledgements,
  decodeBtsReply,
  decodeConnected,
  decodeDeviceList,
  decodeLatestTests,
  decodeLive,
  decodeLog,
  decodeRows,
  decodeStatuses,
  decodeStepLayers,
  type BtsReply,
} from "../../../protocols/wire/neware/bts-replies.ts";
import { addressKey, deviceTypeName, type NewareAddress } from "../../../protocols/wire/neware/channel-address.ts";

/** The address of the recordings. */
const first: NewareAddress = { ip: "127.0.0.1", deviceType: 27, deviceId: 21, subdeviceId: 1, channelId: 1 };
const second: NewareAddress = { ...first, channelId: 2 };
const A = 'ip="127.0.0.1" devtype="27" devid="21" subdevid="1" chlid="1"';
const B = 'ip="127.0.0.1" devtype="27" devid="21" subdevid="1" chlid="2"';

describe("requests, to the byte", () => {
  test("an envelope with its tail", () => {
    expect(Buffer.from(encodeBtsRequest("<cmd>getdevinfo</cmd>")).toString("latin1")).toBe(
      '<?xml version="1.0" encoding="UTF-8" ?><bts version="1.0"><cmd>getdevinfo</cmd></bts>\n\n#\r\n',
    );
  });

  const bodies: readonly (readonly [string, string, string])[] = [
    [
      "connect",
      connectBody({ username: "admin", password: "neware" }),
      "<cmd>connect</cmd><username>admin</username><password>neware</password><type>bfgs</type>",
    ],
    ["getdevinfo", deviceListBody(), "<cmd>getdevinfo</cmd>"],
    ["getchlstatus", statusBody([first]), `<cmd>getchlstatus</cmd><list count = "1"><status ${A}>true</status></list>`],
    [
      "inquire",
      inquireBody([first, second]),
      `<cmd>inquire</cmd><list count = "2"><inquire ${A} aux="0" barcode="1">true</inquire><inquire ${B} aux="0" barcode="1">true</inquire></list>`,
    ],
    [
      "inquiredf",
      latestTestBody([first]),
      '<cmd>inquiredf</cmd><list count = "1"><chl devtype="27" devid="21" subdevid="1" chlid="1" testid="0" /></list>',
    ],
    [
      "download",
      downloadBody(first, 0, 219576, 1000),
      '<cmd>download</cmd><download devtype="27" devid="21" subdevid="1" chlid="1" auxid="0" testid="0" startpos="219576" count="1000"/>',
    ],
    [
      "downloadStepLayer",
      downloadStepLayerBody(first),
      '<cmd>downloadStepLayer</cmd><downloadStepLayer devtype="27" devid="21" subdevid="1" chlid="1" />',
    ],
    [
      "downloadlog",
      downloadLogBody(first, 0),
      '<cmd>downloadlog</cmd><download devtype="27" devid="21" subdevid="1" chlid="1" testid="0"/>',
    ],
    [
      "start",
      startBody([{ address: first, barcode: "S1", stepFilePath: "C:\\steps\\s1.xml" }], "C:\\Neware data\\"),
      `<cmd>start</cmd><list count = "1"><start ${A} barcode="S1">C:\\steps\\s1.xml</start>` +
        '<backup backupdir="C:\\Neware data\\" remotedir="" filenametype="0" customfilename="" addtimewhenrepeat="0" createdirbydate="0" filetype="0" backupontime="1" backupontimeinterval="720" backupfree="1" /></list>',
    ],
    ["stop", stopBody([first]), `<cmd>stop</cmd><list count = "1"><stop ${A}>true</stop></list>`],
    ["continue", continueBody([first]), `<cmd>continue</cmd><list count = "1"><continue ${A}>true</continue></list>`],
    ["goto", gotoBody(first, 3), `<cmd>goto</cmd><list count = "1"><goto ${A} step="3">true</goto></list>`],
    ["light", lightBody([first]), `<cmd>light</cmd><list count = "1"><light ${A}>true</light></list>`],
    [
      "clearflag",
      clearFlagBody([first]),
      `<cmd>clearflag</cmd><list count = "1"><clearflag ${A}>true</clearflag></list>`,
    ],
    [
      "broadcaststop",
      cabinetStopBody(first),
      '<cmd>broadcaststop</cmd><list count="1"><stop ip="127.0.0.1" devtype="27" devid="21">true</stop></list>',
    ],
    [
      "chl_ctrl",
      channelSwitchBody(first, true),
      `<cmd>chl_ctrl</cmd><list count = "1"><chl_ctrl ${A}>1</chl_ctrl></list>`,
    ],
  ];
  test.each(bodies)("%s", (_, body, golden) => {
    expect(body).toBe(golden);
  });

  test("what a person chose cannot break out of its place", () => {
    const body = startBody([{ address: first, barcode: '"/><stop', stepFilePath: "a&b<c>" }], "D");
    expect(body).toContain('barcode="&quot;/&gt;&lt;stop"');
    expect(body).toContain("a&amp;b&lt;c&gt;</start>");
  });
});

/** A reply as recorded: declaration, `\r\n` between lines. */
function reply(lines: readonly string[]): BtsReply {
  const text = ['<?xml version="1.0" encoding="UTF-8"?>', '<bts version="1.0">', ...lines, "</bts>"].join("\r\n");
  const read = decodeBtsReply(text);
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

function item(line: string, command: string, count = 1): BtsReply {
  return reply([`  <cmd>${command}</cmd>`, `  <list count="${count}">`, `    ${line}`, "  </list>"]);
}

/** An item that could be read. */
function said<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

describe("replies of a BTS 8.0, as recorded", () => {
  test("connect", () => {
    expect(decodeConnected(reply(["  <cmd>connect_resp</cmd>", "  <result>ok</result>"]))).toEqual({
      ok: true,
      value: true,
    });
    expect(decodeConnected(reply(["  <cmd>connect_resp</cmd>", "  <result>fail</result>"]))).toEqual({
      ok: true,
      value: false,
    });
  });

  test("getdevinfo, also with the levels of newer clients", () => {
    const channel = '<channel ip="127.0.0.1" devtype="27" devid="21" subdevid="1" Channelid="1">true</channel>';
    const recorded = reply([
      "  <cmd>getdevinfo_resp</cmd>",
      '  <serverip count="1">',
      '    <server ip="127.0.0.1" port="3306" />',
      "  </serverip>",
      '  <middle count="16">',
      `    ${channel}`,
      "</middle>",
    ]);
    expect(recorded.command).toBe("getdevinfo");
    expect(decodeDeviceList(recorded)).toEqual({ ok: true, value: { channels: [first], clientVersion: null } });
    const newer = reply([
      "<cmd>getdevinfo_resp</cmd>",
      `<server ip="127.0.0.1"><client version="8.0.1"/><dev devid="21"><xwj>${channel}</xwj></dev></server>`,
    ]);
    expect(decodeDeviceList(newer)).toEqual({ ok: true, value: { channels: [first], clientVersion: "8.0.1" } });
  });

  test("getchlstatus", () => {
    const line = `<status ${A} reservepause="1">finish</status>`;
    expect(decodeStatuses(item(line, "getchlstatus_resp"), [first])).toEqual({ ok: true, value: [said("finish")] });
  });

  test("inquire, idle and running", () => {
    const idle =
      '<inquire dev="27-21-1-1-0" cycle_id="1" step_type="--" workstatus="finish" barcode="X1" current="0" voltage="3.8834" capacity="0" energy="0" totaltime="0" relativetime="0" open_or_close="0" log_code="0" />';
    const running =
      '<inquire dev="27-21-1-2-0" cycle_id="44" step_id="4" step_type="dc" workstatus="working" barcode="X2" current="-0.0003" voltage="4.6947" capacity="0.001" energy="0.0047" totaltime="3189199.3" relativetime="12319" open_or_close="0" log_code="102000" />';
    expect(decodeLive(item(`${idle}\r\n    ${running}`, "inquire_resp", 1), [first, second])).toEqual({
      ok: true,
      value: [
        said({
          status: "finish",
          stepType: null,
          stepId: null,
          cycleId: 1,
          barcode: "X1",
          voltageV: 3.8834,
          currentA: 0,
          stepTimeS: 0,
          logCode: 0,
        }),
        said({
          status: "working",
          stepType: "dc",
          stepId: 4,
          cycleId: 44,
          barcode: "X2",
          voltageV: 4.6947,
          currentA: -0.0003,
          stepTimeS: 12319,
          logCode: 102000,
        }),
      ],
    });
  });

  test("inquiredf, complete and running", () => {
    const line = (count: number, word: string): string =>
      `<chl devtype="27" devid="21" subdevid="1" chlid="1" testid="143" count="${count}">${word}</chl>`;
    expect(decodeLatestTests(item(line(219585, "true"), "inquiredf_resp"), [first])).toEqual({
      ok: true,
      value: [said({ testId: 143, rowCount: 219585, isComplete: true })],
    });
    expect(decodeLatestTests(item(line(320850, "false"), "inquiredf_resp"), [first])).toEqual({
      ok: true,
      value: [said({ testId: 143, rowCount: 320850, isComplete: false })],
    });
  });

  test("download, under its misspelt name, and empty", () => {
    const head = (from: number, count: number): string =>
      `  <download devtype="27" devid="21" subdevid="1" chlid="1" testid="143" startpos="${from}" count="${count}" auxid="0" />`;
    const rows = reply([
      "  <cmd>donwload_resp</cmd>",
      head(219576, 1000),
      '  <list count="1">',
      '    <data seqid="219576" stepid="24" cycleid="29" steptype="dc" testtime="36070000" atime="2025-12-28 22:29:05" volt="3.6780698299408" curr="-0.000295051460852847" cap="0.00295628436449786" eng="0.0135611368830335" />',
      "  </list>",
    ]);
    expect(rows.command).toBe("download");
    expect(decodeRows(rows)).toEqual({
      ok: true,
      value: {
        testId: 143,
        rows: [
          {
            sequence: 219576,
            stepId: 24,
            cycleId: 29,
            stepType: "dc",
            stepTimeMs: 36070000,
            localTime: "2025-12-28 22:29:05",
            voltageV: 3.6780698299408,
            currentA: -0.000295051460852847,
            capacityAh: 0.00295628436449786,
            energyWh: 0.0135611368830335,
          },
        ],
      },
    });
    const empty = reply(["  <cmd>donwload_resp</cmd>", head(0, 0), '  <list count="0" />']);
    expect(decodeRows(empty)).toEqual({ ok: true, value: { testId: 143, rows: [] } });
  });

  test("downloadStepLayer", () => {
    const layers = reply([
      "  <cmd>downloadStepLayer_resp</cmd>",
      '  <downloadStepLayer devtype="27" devid="21" subdevid="1" chlid="1" testid="143" />',
      '  <list count="1">',
      '    <data startseqid="4322" endseqid="7518" stepindex="2" stepid="2" cycleid="1" steptype="cc" steptime="31799100" endatime="2025-12-04 13:34:01" startvolt="3.19527578125" endvolt="4.9000171875" startcurr="0.000294779107207432" endcurr="0.000295047357212752" cap="0.00260622496716678" eng="0.0123314764350653" dcir="0" />',
      "  </list>",
    ]);
    expect(decodeStepLayers(layers)).toEqual({
      ok: true,
      value: [
        {
          firstSequence: 4322,
          lastSequence: 7518,
          stepId: 2,
          cycleId: 1,
          stepType: "cc",
          stepTimeMs: 31799100,
          endVoltageV: 4.9000171875,
          endCurrentA: 0.000295047357212752,
          capacityAh: 0.00260622496716678,
        },
      ],
    });
  });

  test("downloadlog", () => {
    const log = reply([
      "  <cmd>donwloadlog_resp</cmd>",
      '  <download devtype="27" devid="21" subdevid="1" chlid="1" testid="143" log_lever="0" />',
      '  <list count="1">',
      '    <data seqid="1" log_code="100000" atime="2025-12-03 16:44:02" />',
      "  </list>",
    ]);
    expect(log.command).toBe("downloadlog");
    expect(decodeLog(log)).toEqual({
      ok: true,
      value: [{ sequence: 1, code: 100000, localTime: "2025-12-03 16:44:02" }],
    });
  });

  test.each(["start", "stop", "light", "clearflag"])("%s, ok and false", (command) => {
    const line = (address: string, word: string): string => `<${command} ${address}>${word}</${command}>`;
    const answered = item(`${line(A, "ok")}\r\n    ${line(B, "false")}`, `${command}_resp`, 2);
    expect(decodeAcknowledgements(answered, [first, second])).toEqual({ ok: true, value: [said(true), said(false)] });
  });
});

describe("what must not be believed", () => {
  test.each([
    ["fewer items than asked for", item(`<status ${A}>finish</status>`, "getchlstatus_resp"), [first, second]],
    ["more items than asked for", item(`<status ${A}>stop</status><status ${B}>stop</status>`, "x_resp", 2), [first]],
    ["no list at all", reply(["<cmd>getchlstatus_resp</cmd>"]), [first]],
    ["no item that is where it was asked for", item(`<status ${B}>finish</status>`, "getchlstatus_resp"), [first]],
  ])("%s", (_, answered, asked) => {
    expect(decodeStatuses(answered, asked).ok).toBe(false);
  });

  test.each([
    ["without a word", `<status ${A}></status>`],
    ["under another name", `<error ${A}>finish</error>`],
    ["of another channel", `<status ${A.replace('chlid="1"', 'chlid="7"')}>finish</status>`],
    ["of another cabinet", `<status ${A.replace('devid="21"', 'devid="22"')}>finish</status>`],
    ["of another type", `<status ${A.replace('devtype="27"', 'devtype="24"')}>finish</status>`],
  ])("an item %s, and the others are", (_, odd) => {
    const answered = item(`${odd}\r\n    <status ${B}>working</status>`, "getchlstatus_resp", 2);
    expect(decodeStatuses(answered, [first, second])).toMatchObject({
      ok: true,
      value: [{ ok: false }, said("working")],
    });
  });

  test("the unit that an item names: it is the one asked for in its place", () => {
    const ofSecondUnit: NewareAddress = { ...first, subdeviceId: 2 };
    const status = item(`<status ${A}>finish</status>`, "getchlstatus_resp");
    expect(decodeStatuses(status, [ofSecondUnit])).toEqual({ ok: true, value: [said("finish")] });
    const live = item('<inquire dev="27-21-1-1-0" workstatus="finish" />', "inquire_resp");
    expect(decodeLive(live, [ofSecondUnit])).toMatchObject({ ok: true, value: [{ ok: true }] });
  });

  test("an order that is neither ok nor false", () => {
    const answered = item(`<stop ${A}>maybe</stop>`, "stop_resp");
    expect(decodeAcknowledgements(answered, [first])).toMatchObject({ ok: true, value: [{ ok: false }] });
  });

  test.each([
    ["14x", { ok: false }],
    ["", { ok: false }],
    ["--", said(null)],
    ["0", said(null)],
  ])("a latest test of number %s", (testId, expected) => {
    const line = `<chl devtype="27" devid="21" subdevid="1" chlid="1" testid="${testId}" count="3">true</chl>`;
    const answered = item(line, "inquiredf_resp");
    expect(decodeLatestTests(answered, [first])).toMatchObject({ ok: true, value: [expected] });
  });

  test("a channel in the list without its address", () => {
    const answered = reply([
      "<cmd>getdevinfo_resp</cmd>",
      '<middle count="2"><channel ip="127.0.0.1" devtype="27" devid="21" subdevid="1">true</channel>',
      '<channel ip="127.0.0.1" devtype="27" devid="21" subdevid="1" Channelid="2">true</channel></middle>',
    ]);
    expect(decodeDeviceList(answered)).toEqual({ ok: true, value: { channels: [second], clientVersion: null } });
  });

  test.each(["--", "nan", "inf", "1e999", "", "0x10", "3,7"])("a voltage of %s is no row", (volt) => {
    const answered = reply([
      "<cmd>donwload_resp</cmd>",
      '<download testid="1" />',
      `<list count="1"><data seqid="1" stepid="1" testtime="0" volt="${volt}" curr="0" /></list>`,
    ]);
    expect(decodeRows(answered).ok).toBe(false);
  });

  test.each([
    ["a document cut short", "<bts><cmd>stop_resp</cmd>"],
    ["tags crossed", "<bts><cmd>stop_resp</bts></cmd>"],
    ["two documents", "<bts><cmd>stop_resp</cmd></bts><bts></bts>"],
    ["a document type", '<!DOCTYPE bts [<!ENTITY a "b">]><bts><cmd>stop_resp</cmd></bts>'],
    ["another document", "<html><cmd>stop_resp</cmd></html>"],
    ["a request", "<bts><cmd>stop</cmd></bts>"],
    ["depth without end", `${"<a>".repeat(100)}${"</a>".repeat(100)}`],
  ])("%s", (_, text) => {
    expect(decodeBtsReply(text).ok).toBe(false);
  });
});

test("both tails in use, noise between messages, and cuts anywhere give the same documents", () => {
  const bytes = Buffer.from("##\r\n<bts>a\u00e9</bts>\n\n#\r\nnoise<bts>\r\n<b/></bts>#\r\n<bts/></bts>", "utf8");
  for (let size = 1; size <= bytes.length; size += 1) {
    const documents: string[] = [];
    const splitter = createBtsSplitter((text) => documents.push(text));
    for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
    expect(documents).toEqual(["<bts>a\u00e9</bts>", "<bts>\r\n<b/></bts>", "<bts/></bts>"]);
  }
});

test("addresses and types are named as clients name them", () => {
  expect(addressKey(first)).toBe("21-1-1");
  expect([20, 24, 27, 28].map(deviceTypeName)).toEqual(["BTS78", "BTS82", "BTS85", undefined]);
});
