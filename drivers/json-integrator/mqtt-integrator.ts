/**
 * The same program asked by messages of a broker: questions go to `<topic>/ask`, answers come on `<topic>/answer`, where others
 * are answered too. `client` says whose a question is, another one for each connection: what was asked before is nobody's.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import {
  decodeIntegratorMessage,
  encodeIntegratorMessage,
  INTEGRATOR_LINE_LENGTH_MAX,
} from "../../protocols/wire/json-integrator/integrator-lines.ts";
import { openWithin } from "../link/open-within.ts";
import { openMqttSession, type MqttCredentials } from "../mqtt-sensor/mqtt-session.ts";
import { createAskedIntegrator } from "./asked-integrator.ts";

export interface MqttIntegratorDeps {
  /** Name in the site file. */
  readonly name: string;
  /** To the broker. */
  readonly openLink: OpenLink;
  readonly clock: Clock;
  /** Without wildcards; questions and answers stand below it. */
  readonly topic: string;
  readonly timeoutS: number;
  readonly credentials?: MqttCredentials;
}

/** Beside the answer itself: its topic. */
const TOPIC_LENGTH_MAX = 1024;

export function createMqttIntegrator({
  openLink,
  topic,
  credentials,
  ...deps
}: MqttIntegratorDeps): Integrator & Instrument {
  const { name, clock } = deps;
  let connections = 0;
  return createAskedIntegrator({
    ...deps,
    async openWay(events) {
      connections += 1;
      // Two processes of one name throw each other out at a broker: the time of connecting tells them apart.
      const client = `beamrack-${clock.wallMs().toString(36)}-${connections}`;
      const link = await openWithin(clock, openLink, name);
      let isOpen = true;
      const session = await openMqttSession({
        ...{ name, link, clock, clientId: client, topics: [`${topic}/answer`] },
        ...(credentials === undefined ? {} : { credentials }),
        packetLengthMax: INTEGRATOR_LINE_LENGTH_MAX + TOPIC_LENGTH_MAX,
        message(_, payload, isRetained) {
          // A broker's memory answers nobody.
          if (isRetained) return;
          const answer = decodeIntegratorMessage(payload, client);
          if (answer !== null) events.answer(answer);
        },
        // Whose it was cannot be told; who waits for it gives it up in its time.
        oversized: () => undefined,
        lost(fault) {
          isOpen = false;
          events.lost(new Fault(fault.code, name, fault.message, fault.detail, fault));
        },
      });
      return {
        get isOpen() {
          return isOpen;
        },
        ask(line) {
          session.publish(`${topic}/ask`, encodeIntegratorMessage(line, client));
        },
        close() {
          isOpen = false;
          session.close();
        },
      };
    },
  });
}
