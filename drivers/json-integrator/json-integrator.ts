/** A program that integrates frames, asked over TCP in lines of JSON. */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import {
  decodeIntegratorLine,
  INTEGRATOR_LINE_LENGTH_MAX,
} from "../../protocols/wire/json-integrator/integrator-lines.ts";
import { createTextLines } from "../../protocols/wire/text-lines.ts";
import { openWithin } from "../link/open-within.ts";
import { createAskedIntegrator } from "./asked-integrator.ts";

export interface JsonIntegratorDeps {
  /** Name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  /** The longest it may take for one frame. */
  readonly timeoutS: number;
}

export function createJsonIntegrator({ openLink, ...deps }: JsonIntegratorDeps): Integrator & Instrument {
  const { name, clock } = deps;
  return createAskedIntegrator({
    ...deps,
    async openWay(events) {
      const link = await openWithin(clock, openLink, name);
      const lines = createTextLines(INTEGRATOR_LINE_LENGTH_MAX);
      let isWanted = true;
      link.onData((chunk) => {
        lines.push(chunk, (line) => {
          if (isWanted) events.answer(decodeIntegratorLine(line));
        });
      });
      link.onClose((why) => {
        if (isWanted) events.lost(new Fault("link.closed", name, `The link closed: ${why}.`));
      });
      return {
        get isOpen() {
          return link.isOpen;
        },
        ask(line) {
          link.write(Buffer.from(line, "latin1"));
        },
        close() {
          isWanted = false;
          link.close();
        },
      };
    },
  });
}
