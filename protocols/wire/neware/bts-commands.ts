/** The commands of the BTS dialect, as bodies for `encodeBtsRequest`. Several channels go into one list. */
import type { NewareAddress } from "./channel-address.ts";
import { escapeXml } from "./xml-reader.ts";

export interface BtsLogin {
  readonly username: string;
  readonly password: string;
}

export function connectBody({ username, password }: BtsLogin): string {
  return `<cmd>connect</cmd><username>${escapeXml(username)}</username><password>${escapeXml(password)}</password><type>bfgs</type>`;
}

export function deviceListBody(): string {
  return "<cmd>getdevinfo</cmd>";
}

export function statusBody(addresses: readonly NewareAddress[]): string {
  return listBody("getchlstatus", addresses, (address) => element("status", address, "", "true"));
}

export function inquireBody(addresses: readonly NewareAddress[]): string {
  return listBody("inquire", addresses, (address) => element("inquire", address, ' aux="0" barcode="1"', "true"));
}

/** Asks for the latest test of each channel. */
export function latestTestBody(addresses: readonly NewareAddress[]): string {
  return listBody("inquiredf", addresses, (address) => `<chl ${withoutIp(address)} testid="0" />`);
}

/** The most rows one `download` may ask for. */
export const DOWNLOAD_ROWS_MAX = 1000;

/** Rows from `startPosition`, counted from 1. Test 0 is the latest. */
export function downloadBody(address: NewareAddress, testId: number, startPosition: number, count: number): string {
  return `<cmd>download</cmd><download ${withoutIp(address)} auxid="0" testid="${testId}" startpos="${startPosition}" count="${count}"/>`;
}

export function downloadStepLayerBody(address: NewareAddress): string {
  return `<cmd>downloadStepLayer</cmd><downloadStepLayer ${withoutIp(address)} />`;
}

export function downloadLogBody(address: NewareAddress, testId: number): string {
  return `<cmd>downloadlog</cmd><download ${withoutIp(address)} testid="${testId}"/>`;
}

export interface StartOrder {
  readonly address: NewareAddress;
  readonly barcode: string;
  /** As the Windows computer sees it. */
  readonly stepFilePath: string;
}

/** `backupFolder` is where the Windows computer keeps its own copy of the data. */
export function startBody(orders: readonly StartOrder[], backupFolder: string): string {
  const starts = orders.map(({ address, barcode, stepFilePath }) =>
    element("start", address, ` barcode="${escapeXml(barcode)}"`, escapeXml(stepFilePath)),
  );
  const backup = `<backup backupdir="${escapeXml(backupFolder)}" remotedir="" filenametype="0" customfilename="" addtimewhenrepeat="0" createdirbydate="0" filetype="0" backupontime="1" backupontimeinterval="720" backupfree="1" />`;
  return `<cmd>start</cmd><list count = "${orders.length}">${starts.join("")}${backup}</list>`;
}

export function stopBody(addresses: readonly NewareAddress[]): string {
  return listBody("stop", addresses, (address) => element("stop", address, "", "true"));
}

/** The form of its reply is not known. */
export function continueBody(addresses: readonly NewareAddress[]): string {
  return listBody("continue", addresses, (address) => element("continue", address, "", "true"));
}

/** Skips to a step. */
export function gotoBody(address: NewareAddress, stepNumber: number): string {
  return listBody("goto", [address], () => element("goto", address, ` step="${stepNumber}"`, "true"));
}

/** Blinks the channel's lamp. */
export function lightBody(addresses: readonly NewareAddress[]): string {
  return listBody("light", addresses, (address) => element("light", address, "", "true"));
}

export function clearFlagBody(addresses: readonly NewareAddress[]): string {
  return listBody("clearflag", addresses, (address) => element("clearflag", address, "", "true"));
}

/** Stops every channel of a cabinet, whoever uses it. */
export function cabinetStopBody({ ip, deviceType, deviceId }: NewareAddress): string {
  return `<cmd>broadcaststop</cmd><list count="1"><stop ip="${escapeXml(ip)}" devtype="${deviceType}" devid="${deviceId}">true</stop></list>`;
}

/** Needs support by the hardware. */
export function channelSwitchBody(address: NewareAddress, isOn: boolean): string {
  return listBody("chl_ctrl", [address], () => element("chl_ctrl", address, "", isOn ? "1" : "0"));
}

function listBody(
  command: string,
  addresses: readonly NewareAddress[],
  item: (address: NewareAddress) => string,
): string {
  return `<cmd>${command}</cmd><list count = "${addresses.length}">${addresses.map(item).join("")}</list>`;
}

function element(name: string, address: NewareAddress, attributes: string, text: string): string {
  return `<${name} ip="${escapeXml(address.ip)}" ${withoutIp(address)}${attributes}>${text}</${name}>`;
}

function withoutIp({ deviceType, deviceId, subdeviceId, channelId }: NewareAddress): string {
  return `devtype="${deviceType}" devid="${deviceId}" subdevid="${subdeviceId}" chlid="${channelId}"`;
}
