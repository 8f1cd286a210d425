/**
 * A Neware cabinet behind its Windows client: answers the XML dialect on one TCP connection and runs step files
 * from a share. Forms of replies are those recorded from a BTS 8.0; reading of commands is its own. Keeps the known
 * faults of the client: misspelt replies, and unit 1 echoed for every unit by `getchlstatus`.
 */
import type { CellPlant, DeviceEnd, WorldClock } from "../plant/plant.ts";
import { createCyclerChannel, type CyclerChannel, type LiveView, type TestRow } from "./cycler-channel.ts";
import { markupAt, scanMarkup, type Markup } from "./markup-scan.ts";
import { readStepProgramme } from "./step-programme.ts";

export interface NewareTwinChannel {
  readonly subdeviceId: number;
  readonly channelId: number;
  readonly cell: CellPlant;
}

export interface NewareTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly channels: readonly NewareTwinChannel[];
  /** The share with step files, as the Windows computer sees it. */
  readonly readFile: (path: string) => string | undefined;
  readonly deviceId: number;
  /** Default 27, BTS85. */
  readonly deviceType?: number;
  /** Default 127.0.0.1. */
  readonly ip?: string;
  readonly username?: string;
  readonly password?: string;
  /** Wall time at virtual time zero, for the rows' local time. Default the start of 2026. */
  readonly startWallMs?: number;
  /** Default 20 ms. */
  readonly answerMs?: number;
  /** How often a channel looks at its cell. Default 1 s. */
  readonly tickMs?: number;
  /** Age of what `inquire` shows. Default 5 s. */
  readonly refreshMs?: number;
}

export interface NewareTwin {
  /** Undefined for a channel the cabinet does not have. */
  channel(subdeviceId: number, channelId: number): CyclerChannel | undefined;
  /** Starts that were carried out. */
  readonly startCount: number;
  readonly stopCount: number;
  /** While hung the client takes no command; the channels run on. */
  hang(isHung: boolean): void;
}

const REQUEST_MAX = 1 << 20;
const DOWNLOAD_MAX = 1000;
const TAIL = "\n\n#\r\n";

export function createNewareTwin(deps: NewareTwinDeps): NewareTwin {
  const { end, clock, deviceId } = deps;
  const deviceType = deps.deviceType ?? 27;
  const ip = deps.ip ?? "127.0.0.1";
  const answerMs = deps.answerMs ?? 20;
  const startWallMs = deps.startWallMs ?? Date.UTC(2026, 0, 1);
  const channels = new Map<string, CyclerChannel>(
    deps.channels.map((channel) => [
      `${channel.subdeviceId}-${channel.channelId}`,
      createCyclerChannel({
        clock,
        cell: channel.cell,
        tickMs: deps.tickMs ?? 1000,
        refreshMs: deps.refreshMs ?? 5000,
      }),
    ]),
  );
  const decoder = new TextDecoder("utf-8");
  const encoder = new TextEncoder();
  let received = "";
  let isLoggedIn = false;
  let isHung = false;
  let freeAtMs = 0;
  let lastTestId = 142;
  let startCount = 0;
  let stopCount = 0;
  /** Answers of an earlier connection are not sent on the next. */
  let session = 0;

  function reply(command: string, lines: readonly string[]): void {
    const text = [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<bts version="1.0">',
      `  <cmd>${command}_resp</cmd>`,
      ...lines,
      "</bts>",
    ].join("\r\n");
    const bytes = encoder.encode(text + TAIL);
    const of = session;
    freeAtMs = Math.max(freeAtMs, clock.nowMs()) + answerMs;
    clock.at(freeAtMs, () => {
      if (of === session) end.send(bytes);
    });
  }

  function listReply(command: string, items: readonly string[]): void {
    if (items.length === 0) reply(command, ['  <list count="0" />']);
    else reply(command, [`  <list count="${items.length}">`, ...items.map((item) => `    ${item}`), "  </list>"]);
  }

  function find(item: Markup): CyclerChannel | undefined {
    const { devtype, devid, subdevid, chlid } = item.attributes;
    if (Number(devtype) !== deviceType || Number(devid) !== deviceId) return undefined;
    return channels.get(`${Number(subdevid)}-${Number(chlid)}`);
  }

  function address(item: Markup, withIp: boolean, subdeviceId?: string): string {
    const { devtype, devid, subdevid, chlid } = item.attributes;
    const unit = subdeviceId ?? subdevid ?? "";
    return `${withIp ? `ip="${ip}" ` : ""}devtype="${devtype ?? ""}" devid="${devid ?? ""}" subdevid="${unit}" chlid="${chlid ?? ""}"`;
  }

  function acknowledge(command: string, items: readonly Markup[], act: (item: Markup) => boolean): void {
    listReply(
      command,
      items.map((item) => `<${command} ${address(item, true)}>${act(item) ? "ok" : "false"}</${command}>`),
    );
  }

  function start(item: Markup): boolean {
    const channel = find(item);
    if (channel === undefined || channel.status === "working") return false;
    const text = deps.readFile(item.text.trim());
    if (text === undefined) return false;
    const programme = readStepProgramme(text);
    if (typeof programme === "string") return false;
    lastTestId += 1;
    startCount += 1;
    channel.start(lastTestId, programme, item.attributes["barcode"] ?? "");
    return true;
  }

  function stop(item: Markup): boolean {
    if (find(item)?.stop() !== true) return false;
    stopCount += 1;
    return true;
  }

  function download(item: Markup): void {
    const channel = find(item);
    const wanted = Number(item.attributes["testid"]);
    const test = wanted === 0 ? channel?.latest : channel?.test(wanted);
    const from = Number(item.attributes["startpos"]);
    const count = Math.min(DOWNLOAD_MAX, Number(item.attributes["count"]));
    const rows = from >= 1 ? (test?.rows.slice(from - 1, from - 1 + count) ?? []) : [];
    const head = `  <download ${address(item, false)} testid="${test?.testId ?? 0}" startpos="${from}" count="${count}" auxid="0" />`;
    const items = rows.map((row) => `    ${rowText(row)}`);
    const list =
      items.length === 0 ? ['  <list count="0" />'] : [`  <list count="${items.length}">`, ...items, "  </list>"];
    reply("donwload", [head, ...list]);
  }

  function rowText(row: TestRow): string {
    return `<data seqid="${row.sequence}" stepid="${row.stepId}" cycleid="${row.cycleId}" steptype="${row.stepType}" testtime="${row.stepTimeMs}" atime="${localTime(row.atMs)}" volt="${long(row.voltageV)}" curr="${long(row.currentA)}" cap="${long(row.capacityAh)}" eng="${long(row.energyWh)}" />`;
  }

  function stepLayers(item: Markup): void {
    const test = find(item)?.latest;
    const items = (test?.layers ?? []).map(
      ({ first, last }, index) =>
        `    <data startseqid="${first.sequence}" endseqid="${last.sequence}" stepindex="${index + 1}" stepid="${first.stepId}" cycleid="${first.cycleId}" steptype="${first.stepType}" steptime="${last.stepTimeMs}" endatime="${localTime(last.atMs)}" startvolt="${long(first.voltageV)}" endvolt="${long(last.voltageV)}" startcurr="${long(first.currentA)}" endcurr="${long(last.currentA)}" cap="${long(last.capacityAh)}" eng="${long(last.energyWh)}" dcir="0" />`,
    );
    const list =
      items.length === 0 ? ['  <list count="0" />'] : [`  <list count="${items.length}">`, ...items, "  </list>"];
    reply("downloadStepLayer", [
      `  <downloadStepLayer ${address(item, false)} testid="${test?.testId ?? 0}" />`,
      ...list,
    ]);
  }

  function log(item: Markup): void {
    const channel = find(item);
    const wanted = Number(item.attributes["testid"]);
    const test = wanted === 0 ? channel?.latest : channel?.test(wanted);
    const items = (test?.log ?? []).map(
      ({ sequence, code, atMs }) => `    <data seqid="${sequence}" log_code="${code}" atime="${localTime(atMs)}" />`,
    );
    reply("donwloadlog", [
      `  <download ${address(item, false)} testid="${test?.testId ?? 0}" log_lever="0" />`,
      `  <list count="${items.length}">`,
      ...items,
      "  </list>",
    ]);
  }

  function deviceList(): void {
    const items = deps.channels.map(({ subdeviceId, channelId }) => {
      const isFree = channels.get(`${subdeviceId}-${channelId}`)?.status !== "working";
      return `    <channel ip="${ip}" devtype="${deviceType}" devid="${deviceId}" subdevid="${subdeviceId}" Channelid="${channelId}">${isFree}</channel>`;
    });
    reply("getdevinfo", [
      '  <serverip count="1">',
      `    <server ip="${ip}" port="3306" />`,
      "  </serverip>",
      `  <middle count="${items.length}">`,
      ...items,
      "</middle>",
    ]);
  }

  function onCommand(request: Markup): void {
    const bts = markupAt(request, "bts");
    if (bts === undefined) return;
    const command = markupAt(bts, "cmd")?.text.trim() ?? "";
    const items = markupAt(bts, "list")?.inside ?? [];
    if (command === "connect") {
      isLoggedIn =
        markupAt(bts, "username")?.text === (deps.username ?? "admin") &&
        markupAt(bts, "password")?.text === (deps.password ?? "neware");
      reply("connect", [`  <result>${isLoggedIn ? "ok" : "fail"}</result>`]);
      return;
    }
    if (!isLoggedIn) return;
    const single = bts.inside.find((element) => element.name === "download" || element.name === "downloadStepLayer");
    switch (command) {
      case "getdevinfo":
        deviceList();
        return;
      case "getchlstatus":
        listReply(
          command,
          items.map(
            (item) => `<status ${address(item, true, "1")} reservepause="1">${find(item)?.status ?? "stop"}</status>`,
          ),
        );
        return;
      case "inquire":
        listReply(command, items.map(inquireText));
        return;
      case "inquiredf":
        listReply(
          command,
          items.map((item) => {
            const test = find(item)?.latest;
            return `<chl ${address(item, false)} testid="${test?.testId ?? 0}" count="${test?.rows.length ?? 0}">${test?.isComplete ?? true}</chl>`;
          }),
        );
        return;
      case "start":
        acknowledge(
          command,
          items.filter((item) => item.name === "start"),
          start,
        );
        return;
      case "stop":
        acknowledge(command, items, stop);
        return;
      case "light":
        acknowledge(command, items, (item) => find(item) !== undefined);
        return;
      case "clearflag":
        acknowledge(command, items, (item) => find(item)?.status === "protect");
        return;
      case "broadcaststop":
        for (const channel of channels.values()) if (channel.stop()) stopCount += 1;
        return;
      case "download":
        if (single !== undefined) download(single);
        return;
      case "downloadStepLayer":
        if (single !== undefined) stepLayers(single);
        return;
      case "downloadlog":
        if (single !== undefined) log(single);
        return;
    }
  }

  function inquireText(item: Markup): string {
    const live = find(item)?.live() ?? NOBODY;
    const { devtype, devid, subdevid, chlid } = item.attributes;
    const barcode = item.attributes["barcode"] === "1" ? ` barcode="${quoted(live.barcode)}"` : "";
    const step = live.stepId === null ? "" : ` step_id="${live.stepId}"`;
    return `<inquire dev="${devtype ?? ""}-${devid ?? ""}-${subdevid ?? ""}-${chlid ?? ""}-0" cycle_id="${live.cycleId}"${step} step_type="${live.stepType}" workstatus="${live.status}"${barcode} current="${short(live.currentA)}" voltage="${short(live.voltageV)}" capacity="${short(live.capacityAh)}" energy="${short(live.energyWh)}" totaltime="${tenths(live.totalMs)}" relativetime="${tenths(live.stepMs)}" open_or_close="0" log_code="${live.stepId === null ? 0 : 102_000}" />`;
  }

  /** Local time of the Windows computer, here UTC. */
  function localTime(atMs: number): string {
    return new Date(startWallMs + atMs).toISOString().slice(0, 19).replace("T", " ");
  }

  end.onOpen(() => {
    session += 1;
    received = "";
    isLoggedIn = false;
  });
  end.onClose(() => {
    session += 1;
  });
  end.onData((chunk) => {
    received += decoder.decode(chunk, { stream: true });
    for (let cut = received.indexOf("#\r\n"); cut >= 0; cut = received.indexOf("#\r\n")) {
      const request = received.slice(0, cut);
      received = received.slice(cut + 3);
      if (!isHung) onCommand(scanMarkup(request));
    }
    if (received.length > REQUEST_MAX) received = "";
  });

  return {
    channel: (subdeviceId, channelId) => channels.get(`${subdeviceId}-${channelId}`),
    get startCount() {
      return startCount;
    },
    get stopCount() {
      return stopCount;
    },
    hang(hung) {
      isHung = hung;
    },
  };
}

const NOBODY: LiveView = {
  status: "stop",
  stepType: "--",
  stepId: null,
  cycleId: 1,
  barcode: "",
  voltageV: 0,
  currentA: 0,
  capacityAh: 0,
  energyWh: 0,
  totalMs: 0,
  stepMs: 0,
};

/** Four decimals at most, none that are zero. */
function short(value: number): string {
  return trimmed(value.toFixed(4));
}

/** Plain decimals, never an exponent. */
function long(value: number): string {
  return trimmed(value.toFixed(15));
}

function tenths(ms: number): string {
  return trimmed((ms / 1000).toFixed(1));
}

function trimmed(text: string): string {
  const bare = text.replace(/\.?0+$/, "");
  return bare === "-0" || bare === "" ? "0" : bare;
}

function quoted(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
