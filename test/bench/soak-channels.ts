/** The potentiostats of the soak as a controller has them: a driver each, kept connected, with what it heard. */
import { createActor, fromCallback } from "xstate";
import { faultNote } from "../../controller/machines/errors.ts";
import { createInstrumentLinkMachine, type LinkNews } from "../../controller/machines/instrument-link-machine.ts";
import { createMethodScriptChannel } from "../../drivers/palmsens-methodscript/methodscript-channel.ts";
import { createSilenceWatch } from "../../drivers/palmsens-methodscript/silence-watch.ts";
import { createOpenLink } from "../../drivers/link/open-link.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { faultText, type Fault } from "../../protocols/base/fault.ts";
import type { Channel, ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";
import { createNumberLog, type NumberLog } from "./soak-log.ts";
import { CHANNEL_NAMES, numberOfVoltage, SAMPLE_INTERVAL_S, serialPath, systemMs } from "./soak-plan.ts";

const BAUD = 921_600;
/** As in a run. */
const TRIES_MAX = 12;
const CONNECT_DEADLINE_MS = 20_000;

export const STEP: ChannelStep = {
  kind: "constant-current",
  currentA: 0.001,
  untilVoltageV: null,
  sampleIntervalS: SAMPLE_INTERVAL_S,
  untilTimeS: 30 * 86_400,
  limits: { voltageMaxV: 4.2, voltageMinV: 2.5, currentMaxA: 0.02, currentMinA: -0.02 },
};

export interface HeardChannel {
  readonly name: string;
  readonly channel: Channel;
  /** Number and time of arrival of each sample. */
  readonly numbers: NumberLog;
  readonly arrivedMs: NumberLog;
  readonly faults: string[];
  /** When the link was last given up, by the machine that keeps it; NaN while it stands. */
  readonly lostAtMs: number;
  readonly isReady: boolean;
  readonly ended: StepEnd | null;
}

export interface SoakChannels {
  readonly all: readonly HeardChannel[];
  close(): void;
}

/** Each begins to connect at once. */
export function createSoakChannels(folder: string, clock: Clock): SoakChannels {
  const silenceWatch = createSilenceWatch(clock);
  const machine = createInstrumentLinkMachine({
    clock,
    recorder: { record: () => undefined },
    triesMax: TRIES_MAX,
    connectDeadlineMs: CONNECT_DEADLINE_MS,
  });
  const made = CHANNEL_NAMES.map((name, index) => {
    const path = serialPath(folder, index);
    const channel = createMethodScriptChannel({
      name,
      openLink: createOpenLink({ kind: "serial", path, baud: BAUD }, name, clock),
      clock,
      silenceWatch,
      expectedSerialNumber: `ES4HR22A${1000 + index}`,
    });
    return keptChannel(channel);
  });

  function keptChannel(channel: Channel) {
    const { name } = channel;
    const numbers = createNumberLog();
    const arrivedMs = createNumberLog();
    const faults: string[] = [];
    let last = 0;
    let isReady = false;
    let lostAtMs = Number.NaN;
    let ended: StepEnd | null = null;

    const parent = createActor(
      fromCallback<LinkNews>(({ receive }) => {
        receive((news) => {
          isReady = news.type === "LINK_READY";
          if (isReady) lostAtMs = Number.NaN;
          else if (Number.isNaN(lostAtMs)) lostAtMs = systemMs();
        });
      }),
    );
    parent.start();
    const link = createActor(machine, { parent, input: { instrument: channel } });

    function trouble(fault: Fault): void {
      faults.push(faultText(fault));
      // A fault that names another device would send the operator to the wrong place.
      if (fault.where === name) link.send({ type: "LINK_FAULT", fault: faultNote(fault) });
    }

    channel.listen({
      sample(_, voltageV) {
        last = numberOfVoltage(voltageV, last);
        numbers.add(last);
        arrivedMs.add(systemMs());
      },
      stepEnded(end) {
        ended = end;
      },
      fault: trouble,
    });
    channel.onFault(trouble);
    link.start();
    const heard: HeardChannel = {
      name,
      channel,
      numbers,
      arrivedMs,
      faults,
      get lostAtMs() {
        return lostAtMs;
      },
      get isReady() {
        return isReady;
      },
      get ended() {
        return ended;
      },
    };
    return { heard, link };
  }

  return {
    all: made.map(({ heard }) => heard),
    close() {
      for (const { heard, link } of made) {
        link.stop();
        heard.channel.disconnect();
      }
    },
  };
}
