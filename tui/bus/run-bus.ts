/**
 * The bus of a run: the broker's process where it is ours, the controller's session with it, and what is said and taken
 * there. Nothing of it can hold up or end the run: where there is no broker, the run goes on and is told so.
 */
import { randomBytes } from "node:crypto";
import { createControllerBus, type ControllerBus } from "../../controller/bus/controller-bus.ts";
import type { RecordStore } from "../../controller/record/store.ts";
import { topicName, topicText } from "../../protocols/bus/topics.ts";
import { CONTROLLER_USER } from "../../protocols/bus/users.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { DEFAULT_LISTEN, type SiteBroker } from "../../protocols/site/broker-schema.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { CommandContext } from "../command-context.ts";
import { keepBroker, type BrokerProcess } from "./broker-process.ts";
import type { BrokerOrder } from "./broker-server.ts";
import { readText, type BusPlace } from "./bus-place.ts";
import { openBusSession, type BusSession } from "./bus-session.ts";
import { createBusUsers, readUsersFile } from "./bus-users.ts";
import { recallFolder } from "./recall-folder.ts";

export interface RunBusInputs {
  readonly campaign: Campaign;
  readonly site: Site;
  readonly world: "virtual" | "bench" | "site";
  readonly seed: number | null;
  readonly faults: string | null;
  readonly pace: () => number;
  /** In place of what the site says: the embedded broker listens on this port of this machine; 0 for any free one. */
  readonly port?: number;
}

export interface RunBus {
  readonly bus: ControllerBus;
  readonly rack: string;
  /** Says that the controller ends, and ends broker and session. Safe to repeat. */
  end(how: string): Promise<void>;
}

const EMBEDDED: SiteBroker = {
  ...{ listen: DEFAULT_LISTEN, url: null, user: CONTROLLER_USER },
  ...{ passwordFile: null, passwordVariable: null, authorityFile: null, usersFile: null },
};

/**
 * Begins to open it, and waits for nothing: where clients find the bus is told as a message once it is so. Throws Fault
 * `bus.users` or `file.missing` for files that cannot be used.
 */
export function openRunBus(context: CommandContext, inputs: RunBusInputs): RunBus {
  const { site, campaign } = inputs;
  const broker = site.broker ?? EMBEDDED;
  const usersFile = broker.usersFile === null ? null : readUsersFile(broker.usersFile);
  const users = createBusUsers(usersFile);
  const rack = topicName(site.name);
  const instance = `${context.self.pid}-${Math.floor(context.clock.wallMs()).toString(36)}`;
  let session: BusSession | undefined;
  let isEnded = false;
  const bus = createControllerBus({
    port: {
      isOpen: () => session?.isOpen() ?? false,
      backlogBytes: () => session?.backlogBytes() ?? 0,
      publish(topic, payload, retain) {
        session?.publish(topic, payload, retain);
      },
    },
    ...{ rack, site, world: inputs.world, seed: inputs.seed, faults: inputs.faults, pace: inputs.pace, instance },
    dayClock: context.clock,
    userOf: (name) => users.userOf(name),
    ...{ version: context.version, host: context.self.host, pid: context.self.pid },
  });

  function begin(place: BusPlace): void {
    let isToldOff = false;
    session = openBusSession({
      ...{ place, clock: context.clock, clientId: `beamrack-${rack}-${instance}` },
      topics: [`beamrack/${rack}/command/+`],
      lastWill: () => ({ topic: topicText(rack, { kind: "controller" }), payload: bus.lastWill() }),
      message(topic, payload, isRetained) {
        bus.take(topic, payload, isRetained);
      },
      opened() {
        isToldOff = false;
        bus.connected();
      },
      lost(fault) {
        // Once for each loss, not for each try.
        if (!isToldOff) context.printError(`bus: ${fault.where}: ${fault.message}; it is tried again, the run goes on`);
        isToldOff = true;
      },
    });
    context.printError(`bus: ${place.url} (rack ${rack}); the screens: beamrack tui --broker ${place.url}`);
  }

  let kept: BrokerProcess | undefined;
  if (broker.url !== null) begin(externalPlace(broker, context));
  else {
    const secret = randomBytes(24).toString("base64url");
    kept = keepEmbedded(context, inputs, broker, {
      order: {
        ...{ rack, controllerPassword: secret, users: usersFile },
        groups: Object.fromEntries(campaign.cells.map(({ position, group }) => [position, group])),
      },
      listens(where) {
        const place = { url: `mqtt://${where}`, user: CONTROLLER_USER, password: secret, certificateAuthority: null };
        if (session === undefined && !isEnded) begin(place);
        else session?.retry();
      },
    });
  }
  return {
    ...{ bus, rack },
    async end(how) {
      if (isEnded) return;
      isEnded = true;
      bus.end(how);
      await session?.close();
      kept?.stop();
    },
  };
}

/** Puts the bus between a run and its store; so for each that begins after one that was killed, which is told what it finds. */
export function hearingOf({ bus }: Pick<RunBus, "bus">): (store: RecordStore) => RecordStore {
  let isFirst = true;
  return (store) => {
    const heard = bus.hearing(store);
    if (!isFirst) recallFolder(store.folder, bus);
    isFirst = false;
    return heard;
  };
}

function keepEmbedded(
  context: CommandContext,
  inputs: RunBusInputs,
  broker: SiteBroker,
  { order, listens }: { readonly order: Omit<BrokerOrder, "host" | "port">; readonly listens: (where: string) => void },
): BrokerProcess | undefined {
  const start = context.startProcess;
  if (start === undefined) return undefined;
  const listen = broker.listen ?? DEFAULT_LISTEN;
  return keepBroker({
    ...{ start, clock: context.clock, listens },
    order: { ...order, host: listen.host, port: inputs.port ?? listen.port },
    mayListenElsewhere: inputs.port === undefined && inputs.site.broker === undefined,
    failed(fault) {
      context.printError(`bus: the broker: ${fault.message}; it is started again, the run goes on`);
    },
  });
}

function externalPlace(broker: SiteBroker, context: CommandContext): BusPlace {
  const { passwordFile, passwordVariable, authorityFile } = broker;
  const password =
    passwordFile === null
      ? passwordVariable === null
        ? null
        : (context.environment?.[passwordVariable] ?? null)
      : readText(passwordFile);
  return {
    ...{ url: broker.url ?? "", user: broker.user, password },
    certificateAuthority: authorityFile === null ? null : readText(authorityFile),
  };
}
