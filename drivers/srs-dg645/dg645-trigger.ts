/**
 * An SRS DG645 as a gate generator: one pair of edges on one output, fired by a single shot or a burst. It forgets
 * its events when they are read, so after a lost answer it may not be able to tell; then nothing is assumed.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { shortNumber } from "../../protocols/base/duration-text.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { GateTrain, Trigger } from "../../protocols/roles/trigger.ts";
import * as dg645 from "../../protocols/wire/dg645/dg645-commands.ts";
import {
  decodeDelay,
  decodeDg645Identity,
  decodeEvents,
  decodeNumber,
  decodeWhole,
  errorText,
  EVENT,
} from "../../protocols/wire/dg645/dg645-replies.ts";
import { refuseOtherFirmware } from "../link/known-firmware.ts";
import { openWithin } from "../link/open-within.ts";
import { createScpiConversation, type ScpiConversation } from "../link/scpi-conversation.ts";
import { askIdentity, refuseOtherSerial } from "../link/scpi-identity.ts";
import { createTrigger, type TriggerDialect } from "../trigger/trigger-core.ts";

/** First numbers of the firmware whose commands are known. */
const FIRMWARE_MAJORS = [1];

/** As site files name the family. */
export const SRS_DG645 = "srs-dg645";

export interface Dg645Options {
  /** Default AB. */
  readonly output?: dg645.GateOutput;
  /** Step of the output, volts; default 4, which is TTL. */
  readonly amplitudeV?: number;
  /** Default 0. */
  readonly offsetV?: number;
  /** Default true: the output is high during a gate. */
  readonly isPositive?: boolean;
  /** Another serial number on this address is the wrong device. */
  readonly expectedSerialNumber?: string;
  /** Default `end`: connecting sets the source to single shot and ends a burst. */
  readonly whatRuns?: "end" | "leave";
  /** Longest wait for an answer. Default 3000 ms. */
  readonly replyMs?: number;
  /** Default 5000 ms, as for every driver. */
  readonly openMs?: number;
}

export interface Dg645Deps extends Dg645Options {
  /** Its name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
}

const RESOLUTION_S = 5e-12;
const VOLTAGE_TOLERANCE_V = 0.006;
const ERRORS_MAX = 30;
/** By so much a cycle may outlast its gate: below what the end of a train is waited for. */
const CYCLE_GRACE_S = 1;
const OUTPUTS = Object.entries(dg645.GATE_OUTPUTS).flatMap(([letters, { from, to }]) => [
  { edge: from, letter: letters.charAt(0) },
  { edge: to, letter: letters.charAt(1) },
]);

interface Setting {
  readonly command: string;
  readonly query: string;
  isMetBy(line: string): boolean;
}

export function createDg645Trigger(deps: Dg645Deps): Trigger {
  const { name, clock } = deps;
  const output = dg645.GATE_OUTPUTS[deps.output ?? "AB"];
  /** Since the train was verified: the device forgets each as it tells it. */
  let eventsSeen = 0;

  async function set(talk: ScpiConversation, command: string): Promise<void> {
    talk.tell([command]);
    const code = await talk.ask(dg645.LAST_ERROR, decodeWhole);
    if (code !== 0) {
      const what = `the DG645 turned ${command} down: error ${code}, ${errorText(code)}`;
      throw new Fault("device.refused", name, what, { command, code });
    }
  }

  /** Errors of an earlier connection, or of a halt, must not pass for those of the next command. */
  async function forgetErrors(talk: ScpiConversation): Promise<void> {
    for (let count = 0; count < ERRORS_MAX; count += 1) {
      if ((await talk.ask(dg645.LAST_ERROR, decodeWhole)) === 0) return;
    }
  }

  async function lookAtEvents(talk: ScpiConversation): Promise<number> {
    const events = await talk.ask(dg645.EVENT_STATUS, decodeEvents);
    eventsSeen |= events;
    return eventsSeen;
  }

  /** Those that the device has otherwise. Asked in one go, with whatever else is to be asked. */
  async function unmet(
    talk: ScpiConversation,
    settings: readonly Setting[],
    others: readonly string[] = [],
  ): Promise<readonly Setting[]> {
    const lines = await talk.askAll([...settings.map(({ query }) => query), ...others]);
    return settings.filter((setting, index) => !setting.isMetBy(lines[index] ?? ""));
  }

  /** First what ends a gate: a delay that changes ends the cycle under way, and a gate without width is none. */
  const restSettings: readonly Setting[] = [
    wholeSetting("BURM", 0),
    delaySetting(output.to, output.from, 0),
    delaySetting(output.from, dg645.EDGE.T0, 0),
    wholeSetting("TSRC", dg645.TRIGGER_SOURCE.singleShot),
    wholeSetting("ADVT", 0),
  ];

  function settingsFor(train: GateTrain): readonly Setting[] {
    const isBurst = train.count > 1;
    return [
      wholeSetting("TSRC", dg645.TRIGGER_SOURCE.singleShot),
      wholeSetting("ADVT", 0),
      wholeSetting("BURM", isBurst ? 1 : 0),
      ...(isBurst
        ? [
            wholeSetting("BURC", train.count),
            timeSetting("BURP", train.periodS),
            // The wait before the first gate; each cycle's own edges begin with it.
            timeSetting("BURD", train.delayS),
          ]
        : []),
      delaySetting(output.from, dg645.EDGE.T0, isBurst ? 0 : train.delayS),
      delaySetting(output.to, output.from, train.widthS),
      voltageSetting("LAMP", output.number, deps.amplitudeV ?? 4),
      voltageSetting("LOFF", output.number, deps.offsetV ?? 0),
      {
        command: dg645.indexed("LPOL", output.number, (deps.isPositive ?? true) ? 1 : 0),
        query: dg645.askIndexed("LPOL", output.number),
        isMetBy: (line) => decodeWhole(line) === ((deps.isPositive ?? true) ? 1 : 0),
      },
    ];
  }

  const dialect: TriggerDialect<ScpiConversation> = {
    driver: SRS_DG645,
    capabilities: { widthMinS: 1e-9, gateMaxS: 1999, pauseMinS: 1e-7, countMax: 1_000_000 },
    async open(lost) {
      const link = await openWithin(clock, deps.openLink, name, deps.openMs);
      const talk: ScpiConversation = createScpiConversation(name, link, clock, deps.replyMs ?? 3000, (why) => {
        lost(talk, why);
      });
      return talk;
    },
    async identify(talk) {
      // `*CLS` is not sent: it would forget what just happened.
      const found = await askIdentity(name, talk, clock, "a DG645", decodeDg645Identity);
      refuseOtherFirmware(name, found.firmware, FIRMWARE_MAJORS);
      refuseOtherSerial(name, found.serialNumber, deps.expectedSerialNumber);
      return { model: "SRS DG645", serialNumber: found.serialNumber, firmware: found.firmware };
    },
    tellRest(talk) {
      talk.tell(restSettings.map(({ command }) => command));
    },
    async confirmRest(talk) {
      await forgetErrors(talk);
      refuseFirst(await unmet(talk, restSettings));
    },
    async arm(talk, asked, assertAsked) {
      const train = confirmedTrain(asked);
      const missing = await unmet(talk, settingsFor(train), [dg645.EVENT_STATUS]);
      for (const setting of missing) {
        assertAsked();
        await set(talk, setting.command);
      }
      if (missing.length > 0) await refuseUnmet(talk, train);
      await refuseLongCycle(talk, train);
      return train;
    },
    async verify(talk, train) {
      await refuseUnmet(talk, train);
      // Events of the past, which are asked with it, must not pass for those of this train.
      eventsSeen = 0;
    },
    fire: (talk) => set(talk, dg645.FIRE),
    async wasFired(talk) {
      return ((await lookAtEvents(talk)) & EVENT.triggered) !== 0;
    },
    async look(talk, train) {
      const events = await lookAtEvents(talk);
      if ((events & EVENT.inhibited) !== 0) {
        throw new Fault("device.refused", name, "gates were withheld: the inhibit input is active", { events });
      }
      const end = train.count > 1 ? EVENT.endOfBurst : EVENT.endOfDelay;
      return (events & end) === 0 ? { isOver: false } : { isOver: true, gateCount: train.count };
    },
  };

  /** Asked with the events of the past, which the device then forgets. */
  async function refuseUnmet(talk: ScpiConversation, train: GateTrain): Promise<void> {
    refuseFirst(await unmet(talk, settingsFor(train), [dg645.EVENT_STATUS]));
  }

  function refuseFirst([first]: readonly Setting[]): void {
    if (first === undefined) return;
    const what = `the DG645 does not keep \`${first.command}\``;
    throw new Fault("device.refused", name, what, { command: first.command });
  }

  /** A cycle lasts until the last edge of all outputs: what another user left there holds up its end, or the next gate. */
  async function refuseLongCycle(talk: ScpiConversation, train: GateTrain): Promise<void> {
    const lines = await talk.askAll(OUTPUTS.map(({ edge }) => dg645.askIndexed("DLAY", edge)));
    const delays = new Map(OUTPUTS.map(({ edge }, index) => [edge as number, decodeDelay(lines[index] ?? "")]));
    const limitS =
      train.count > 1
        ? Math.min(train.periodS, train.widthS + CYCLE_GRACE_S)
        : train.delayS + train.widthS + CYCLE_GRACE_S;
    for (const { edge, letter } of OUTPUTS) {
      const afterS = afterTriggerS(delays, edge);
      if (afterS <= limitS) continue;
      const what = `edge ${letter} of the DG645 comes ${shortNumber(afterS)} s after each trigger, beyond the gates that are asked for: no cycle is over before. Set it back at the unit`;
      throw new Fault("device.refused", name, what, { edge: letter, afterS, limitS });
    }
  }

  return createTrigger(deps, dialect);
}

/** Along the edges that it counts from; 0 where those cannot be read, for which nothing is refused. */
function afterTriggerS(
  delays: ReadonlyMap<number, ReturnType<typeof decodeDelay>>,
  edge: number,
  left = delays.size,
): number {
  const delay = delays.get(edge);
  return delay === undefined || left === 0 ? 0 : delay.seconds + afterTriggerS(delays, delay.from, left - 1);
}

/** To the device's resolution. */
function confirmedTrain(train: GateTrain): GateTrain {
  const rounded = (seconds: number): number => Math.round(seconds / RESOLUTION_S) * RESOLUTION_S;
  return {
    delayS: rounded(train.delayS),
    widthS: rounded(train.widthS),
    count: train.count,
    periodS: rounded(train.periodS),
  };
}

function wholeSetting(key: "TSRC" | "ADVT" | "BURM" | "BURC", value: number): Setting {
  return { command: dg645.whole(key, value), query: dg645.ask(key), isMetBy: (line) => decodeWhole(line) === value };
}

function timeSetting(key: "BURP" | "BURD", seconds: number): Setting {
  return {
    command: dg645.time(key, seconds),
    query: dg645.ask(key),
    isMetBy: (line) => isSame(decodeNumber(line), seconds),
  };
}

function delaySetting(edge: dg645.Edge, from: dg645.Edge, seconds: number): Setting {
  return {
    command: dg645.delay(edge, from, seconds),
    query: dg645.askIndexed("DLAY", edge),
    isMetBy(line) {
      const found = decodeDelay(line);
      return found?.from === from && isSame(found.seconds, seconds);
    },
  };
}

function voltageSetting(key: "LAMP" | "LOFF", output: number, value: number): Setting {
  return {
    command: dg645.volts(key, output, value),
    query: dg645.askIndexed(key, output),
    isMetBy: (line) => Math.abs((decodeNumber(line) ?? NaN) - value) <= VOLTAGE_TOLERANCE_V,
  };
}

function isSame(found: number | undefined, seconds: number): boolean {
  return found !== undefined && Math.abs(found - seconds) <= RESOLUTION_S * 2;
}
