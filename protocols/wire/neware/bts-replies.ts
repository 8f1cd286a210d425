/**
 * The replies of the BTS dialect. Lists are matched to the request by order: the unit number echoed in an item may
 * be wrong, a known fault of the client. What one item says amiss is its own channel's trouble: only a list that is no
 * list, or of another length, is of no use to anybody. `--` and a missing attribute mean none.
 */
import type { NewareAddress } from "./channel-address.ts";
import { decoded, unreadable, type Decoded } from "./decoded.ts";
import { childOf, readXml, type XmlElement } from "./xml-reader.ts";

export interface BtsReply {
  /** The command it answers: `inquire` for `inquire_resp`, `download` for the misspelt `donwload_resp`. */
  readonly command: string;
  readonly root: XmlElement;
}

export function decodeBtsReply(text: string): Decoded<BtsReply> {
  const document = readXml(text);
  if (!document.ok) return document;
  const root = document.value;
  if (root.name !== "bts") return unreadable(`the document is <${root.name}>, not <bts>`);
  const word = childOf(root, "cmd")?.text ?? "";
  if (!word.endsWith("_resp")) return unreadable(`<cmd> is "${word}", no reply`);
  return decoded({ command: word.slice(0, -"_resp".length).replace(/^donwload/, "download"), root });
}

/** Status words with which a channel holds no cell under test, and with which alone a start is allowed. */
const RESTING: ReadonlySet<string> = new Set(["finish", "stop", "protect"]);

/** True for `finish`, `stop` and `protect`; any other word, known or not, counts as running. */
export function isResting(status: string): boolean {
  return RESTING.has(status);
}

/** True when the client let us in. */
export function decodeConnected(reply: BtsReply): Decoded<boolean> {
  const result = childOf(reply.root, "result");
  return result === undefined ? unreadable("no <result>") : decoded(result.text === "ok");
}

export interface BtsDeviceList {
  readonly channels: readonly NewareAddress[];
  /** Newer clients name their version. */
  readonly clientVersion: string | null;
}

/** For each channel asked for, in that order, what its item says, or why that cannot be read. */
export type BtsItems<T> = Decoded<readonly Decoded<T>[]>;

/** Channels may lie at any depth: newer clients put device and unit elements around them. One without address is none. */
export function decodeDeviceList(reply: BtsReply): Decoded<BtsDeviceList> {
  const elements = [...elementsOf(reply.root)];
  const channels: NewareAddress[] = [];
  for (const element of elements) {
    if (element.name !== "channel") continue;
    const fields = ["devtype", "devid", "subdevid", "Channelid"].map((name) => integer(element, name));
    const [deviceType, deviceId, subdeviceId, channelId] = fields;
    if (deviceType == null || deviceId == null || subdeviceId == null || channelId == null) continue;
    channels.push({ ip: element.attributes.get("ip") ?? "", deviceType, deviceId, subdeviceId, channelId });
  }
  const client = elements.find((element) => element.name === "client");
  return decoded({ channels, clientVersion: client?.attributes.get("version") ?? null });
}

function* elementsOf(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* elementsOf(child);
}

/** The status word of each channel. */
export function decodeStatuses(reply: BtsReply, asked: readonly NewareAddress[]): BtsItems<string> {
  return itemsOf(reply, "status", asked, (item) => (item.text === "" ? unreadable("no word") : decoded(item.text)));
}

/** `ok` of each channel ordered: true, or false when the order was turned down. */
export function decodeAcknowledgements(reply: BtsReply, asked: readonly NewareAddress[]): BtsItems<boolean> {
  return itemsOf(reply, reply.command, asked, (item) => {
    if (item.text === "ok") return decoded(true);
    return item.text === "false" ? decoded(false) : unreadable(`"${item.text}" is neither ok nor false`);
  });
}

/** Live values. Not fresher than about five seconds, and rounded to four decimals by the client. */
export interface BtsLive {
  readonly status: string;
  /** `cc`, `dc`, `rest`, ...; null when idle. */
  readonly stepType: string | null;
  readonly stepId: number | null;
  readonly cycleId: number | null;
  readonly barcode: string;
  readonly voltageV: number | null;
  readonly currentA: number | null;
  readonly stepTimeS: number | null;
  readonly logCode: number | null;
}

export function decodeLive(reply: BtsReply, asked: readonly NewareAddress[]): BtsItems<BtsLive> {
  return itemsOf(reply, "inquire", asked, (item) => {
    const status = item.attributes.get("workstatus");
    if (status === undefined) return unreadable("no workstatus");
    return decoded({
      status,
      stepType: word(item, "step_type"),
      stepId: integer(item, "step_id"),
      cycleId: integer(item, "cycle_id"),
      barcode: item.attributes.get("barcode") ?? "",
      voltageV: number(item, "voltage"),
      currentA: number(item, "current"),
      stepTimeS: number(item, "relativetime"),
      logCode: integer(item, "log_code"),
    });
  });
}

export interface BtsTest {
  readonly testId: number;
  /** Rows stored so far. */
  readonly rowCount: number;
  /** The test is over and all its rows are stored. */
  readonly isComplete: boolean;
}

/** Null for a channel on which no test was ever run. */
export function decodeLatestTests(reply: BtsReply, asked: readonly NewareAddress[]): BtsItems<BtsTest | null> {
  return itemsOf<BtsTest | null>(reply, "chl", asked, (item) => {
    if (word(item, "testid") === null) return decoded(null);
    const testId = integer(item, "testid");
    if (testId === null) return unreadable("testid is no number");
    if (testId === 0) return decoded(null);
    const rowCount = integer(item, "count");
    if (rowCount === null || (item.text !== "true" && item.text !== "false")) return unreadable("no count or no word");
    return decoded({ testId, rowCount, isComplete: item.text === "true" });
  });
}

export interface BtsRow {
  /** Counts from 1 within a test. */
  readonly sequence: number;
  readonly stepId: number;
  readonly cycleId: number | null;
  readonly stepType: string | null;
  /** Since the start of the step. */
  readonly stepTimeMs: number;
  /** Local time of the Windows computer, without zone. */
  readonly localTime: string;
  readonly voltageV: number;
  /** Charge positive. */
  readonly currentA: number;
  readonly capacityAh: number | null;
  readonly energyWh: number | null;
}

export interface BtsRows {
  readonly testId: number;
  readonly rows: readonly BtsRow[];
}

export function decodeRows(reply: BtsReply): Decoded<BtsRows> {
  const head = childOf(reply.root, "download");
  const testId = head === undefined ? null : integer(head, "testid");
  if (testId === null) return unreadable("no testid");
  const rows = listOf(reply, "data", (item) => {
    const [sequence, stepId, stepTimeMs] = [integer(item, "seqid"), integer(item, "stepid"), number(item, "testtime")];
    const [voltageV, currentA] = [number(item, "volt"), number(item, "curr")];
    if (sequence === null || stepId === null || stepTimeMs === null || voltageV === null || currentA === null)
      return unreadable("a number is missing");
    return decoded({
      sequence,
      stepId,
      cycleId: integer(item, "cycleid"),
      stepType: word(item, "steptype"),
      stepTimeMs,
      localTime: item.attributes.get("atime") ?? "",
      voltageV,
      currentA,
      capacityAh: number(item, "cap"),
      energyWh: number(item, "eng"),
    });
  });
  return rows.ok ? decoded({ testId, rows: rows.value }) : rows;
}

/** A finished step of the latest test. */
export interface BtsStepLayer {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly stepId: number;
  readonly cycleId: number | null;
  readonly stepType: string | null;
  readonly stepTimeMs: number;
  readonly endVoltageV: number | null;
  readonly endCurrentA: number | null;
  readonly capacityAh: number | null;
}

export function decodeStepLayers(reply: BtsReply): Decoded<readonly BtsStepLayer[]> {
  return listOf(reply, "data", (item) => {
    const [firstSequence, lastSequence] = [integer(item, "startseqid"), integer(item, "endseqid")];
    const [stepId, stepTimeMs] = [integer(item, "stepid"), number(item, "steptime")];
    if (firstSequence === null || lastSequence === null || stepId === null || stepTimeMs === null)
      return unreadable("a number is missing");
    return decoded({
      firstSequence,
      lastSequence,
      stepId,
      cycleId: integer(item, "cycleid"),
      stepType: word(item, "steptype"),
      stepTimeMs,
      endVoltageV: number(item, "endvolt"),
      endCurrentA: number(item, "endcurr"),
      capacityAh: number(item, "cap"),
    });
  });
}

export interface BtsLogEntry {
  readonly sequence: number;
  readonly code: number;
  readonly localTime: string;
}

export function decodeLog(reply: BtsReply): Decoded<readonly BtsLogEntry[]> {
  return listOf(reply, "data", (item) => {
    const [sequence, code] = [integer(item, "seqid"), integer(item, "log_code")];
    if (sequence === null || code === null) return unreadable("a number is missing");
    return decoded({ sequence, code, localTime: item.attributes.get("atime") ?? "" });
  });
}

function itemsOf<T>(
  reply: BtsReply,
  name: string,
  asked: readonly NewareAddress[],
  item: (element: XmlElement) => Decoded<T>,
): BtsItems<T> {
  const list = childOf(reply.root, "list");
  if (list === undefined) return unreadable(`no <list> in the reply to ${reply.command}`);
  const named = list.children.filter((element) => element.name === name);
  // One that is called otherwise is its channel's trouble while it is clear whose it is.
  const items = list.children.length === asked.length ? list.children : named;
  if (items.length !== asked.length)
    return unreadable(`${items.length} of <${name}> where ${asked.length} were asked for`);
  if (items.every((element, index) => isOfAnother(element, asked[index])))
    return unreadable(`no <${name}> is of the channel asked for in its place`);
  return decoded(
    items.map((element, index) => {
      if (element.name !== name) return unreadable(`<${element.name}> in the place of <${name}>`);
      return isOfAnother(element, asked[index]) ? unreadable(`<${name}> is of another channel`) : item(element);
    }),
  );
}

const ADDRESS_FIELDS = ["devtype", "devid", "subdevid", "chlid"] as const;

/** By all that it echoes but the unit. */
function isOfAnother({ attributes }: XmlElement, asked: NewareAddress | undefined): boolean {
  const [deviceType, deviceId, , channelId] =
    attributes.get("dev")?.split("-") ?? ADDRESS_FIELDS.map((field) => attributes.get(field));
  const differs = (echoed: string | undefined, wanted: number | undefined): boolean =>
    echoed !== undefined && /^\d{1,9}$/.test(echoed) && Number(echoed) !== wanted;
  return (
    differs(deviceType, asked?.deviceType) || differs(deviceId, asked?.deviceId) || differs(channelId, asked?.channelId)
  );
}

/** The items of that name in `<list>`, however many. */
function listOf<T>(reply: BtsReply, name: string, item: (element: XmlElement) => Decoded<T>): Decoded<readonly T[]> {
  const list = childOf(reply.root, "list");
  if (list === undefined) return unreadable(`no <list> in the reply to ${reply.command}`);
  const values: T[] = [];
  for (const element of list.children) {
    if (element.name !== name) continue;
    const value = item(element);
    if (!value.ok) return unreadable(`<${name}> ${values.length + 1}: ${value.reason}`);
    values.push(value.value);
  }
  return decoded(values);
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function number(element: XmlElement, name: string): number | null {
  const text = element.attributes.get(name);
  if (text === undefined || text.length > 40 || !NUMBER.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function integer(element: XmlElement, name: string): number | null {
  const value = number(element, name);
  return value !== null && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function word(element: XmlElement, name: string): string | null {
  const text = element.attributes.get(name);
  return text === undefined || text === "--" ? null : text;
}
