/**
 * The bus of a run: the broker's process where it is ours, the controller's session with it, and what is said and taken
 * there. Nothing of it can hold up or end the run: where there is no broker, the run goes on and is told so.
 */
import { randomBytes } from "node:crypto";
import { createControllerBus, type ControllerBus } from "../../controller/bus/controller-bus.ts";
import type { RecordStore } from "../../controller/record/store.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { topicName, topicText } from "../../protocols/bus/topics.ts";
import { CONTROLLER_USER } from "../../protocols/bus/users.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { DEFAULT_LISTEN, type SiteBroker } from "../../protocols/site/broker-schema.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { CommandContext } from "../command-context.ts";
import { keepBroker, type BrokerProcess } from "./broker-process.ts";
import { readText, type BusPlace } from "./bus-place.ts";
import { openBusSession, type BusSession } from "./bus-session.ts";
import { createBusUsers, readUsersFile } from "./bus-users.ts";

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
  /** Where clients find it: `mqtt://127.0.0.1:1883`. */
  readonly url: string;
  readonly rack: string;
  /** Says that the controller ends, and ends broker and session. Safe to repeat. */
  end(how: string): Promise<void>;
}

const EMBEDDED: SiteBroker = {
  ...{ listen: DEFAULT_LISTEN, url: null, user: CONTROLLER_USER },
  ...{ passwordFile: null, passwordVariable: null, authorityFile: null, usersFile: null },
};

/**
 * Rejects with Fault `bus.users` or `file.missing` for files that cannot be used, and `bus.broker-failed` when the
 * embedded broker cannot listen where the site says.
 */
export async function openRunBus(context: CommandContext, inputs: RunBusInputs): Promise<RunBus> {
  const { site, campaign } = inputs;
  const broker = site.broker ?? EMBEDDED;
  const users = createBusUsers(broker.usersFile === null ? null : readUsersFile(broker.usersFile));
  const rack = topicName(site.name);
  const secret = randomBytes(24).toString("base64url");
  const kept =
    broker.url === null
      ? await startEmbedded(context, inputs, broker, {
          ...{ rack, controllerPassword: secret },
          users: broker.usersFile === null ? null : readUsersFile(broker.usersFile),
          groups: Object.fromEntries(campaign.cells.map(({ position, group }) => [position, group])),
        })
      : null;
  const place: BusPlace =
    kept === null
      ? externalPlace(broker, context)
      : { url: kept.url, user: CONTROLLER_USER, password: secret, certificateAuthority: null };

  const instance = `${context.self.pid}-${Math.floor(context.clock.wallMs()).toString(36)}`;
  const bus = createControllerBus({
    port: {
      isOpen: () => session.isOpen(),
      backlogBytes: () => session.backlogBytes(),
      publish(topic, payload, retain) {
        session.publish(topic, payload, retain);
      },
    },
    ...{ rack, site, world: inputs.world, seed: inputs.seed, faults: inputs.faults, pace: inputs.pace, instance },
    dayClock: context.clock,
    userOf: (name) => users.userOf(name),
    ...{ version: context.version, host: context.self.host, pid: context.self.pid },
  });
  let isToldOff = false;
  let isEnded = false;
  const session: BusSession = openBusSession({
    ...{ place, clock: context.clock, clientId: `beamrack-${rack}-${instance}` },
    topics: [`beamrack/${rack}/command/+`],
    lastWill: () => ({ topic: topicText(rack, { kind: "controller" }), payload: bus.lastWill() }),
    message(topic, payload) {
      bus.take(topic, payload);
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
  return {
    ...{ bus, rack, url: place.url },
    async end(how) {
      if (isEnded) return;
      isEnded = true;
      bus.end(how);
      await session.close();
      kept?.broker.stop();
    },
  };
}

/** Puts the bus between a run and its store. */
export function hearingOf({ bus }: RunBus): (store: RecordStore) => RecordStore {
  return (store) => bus.hearing(store);
}

interface Embedded {
  readonly broker: BrokerProcess;
  readonly url: string;
}

async function startEmbedded(
  context: CommandContext,
  inputs: RunBusInputs,
  broker: SiteBroker,
  order: Omit<Parameters<typeof keepBroker>[0]["order"], "host" | "port">,
): Promise<Embedded> {
  const start = context.startProcess;
  if (start === undefined) throw new Fault("bus.broker-failed", "broker", "no process can be started from here");
  const listen = broker.listen ?? DEFAULT_LISTEN;
  const keep = async (port: number): Promise<Embedded> => {
    const kept = keepBroker({
      ...{ start, clock: context.clock, order: { ...order, host: listen.host, port } },
      listens: () => undefined,
      failed(fault) {
        context.printError(`bus: the broker: ${fault.message}; it is started again, the run goes on`);
      },
    });
    return { broker: kept, url: `mqtt://${await kept.started}` };
  };
  const port = inputs.port ?? listen.port;
  try {
    return await keep(port);
  } catch (error) {
    // Where nobody said which port, any will do.
    if (!isFault(error) || inputs.port !== undefined || inputs.site.broker !== undefined) throw error;
    return keep(0);
  }
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
