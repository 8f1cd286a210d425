/** What is read before anybody has access: cells at rest, and beam and stage; a whole rack of them crowds no link. */
import { Fault } from "../../protocols/base/fault.ts";
import { isSafetyShut, shutterState } from "../../protocols/roles/beam-io.ts";
import type { CampaignRoles } from "../run/roles.ts";
import { fewAtOnce, sharedLook } from "./few-at-once.ts";

export interface RestReading {
  /** With the cell off. Rejects with `cell.not-off` where its channel gives none. */
  readonly openCircuitV: (position: string) => Promise<number>;
  /** By what shutter and stage read now; null where the beam is shut off and nothing moves. */
  readonly unrest: () => Promise<Fault | null>;
}

export interface RestReadingDeps {
  readonly roles: Pick<CampaignRoles, "channels" | "io" | "stage">;
  readonly indexOf: (position: string) => number;
  /** The campaign has nothing under way that moves. */
  readonly isStill: () => boolean;
}

/** Channels may share a link, which lets no more than 64 wait. */
const READ_AT_ONCE = 32;

export function createRestReading({ roles, indexOf, isStill }: RestReadingDeps): RestReading {
  const { io, stage } = roles;
  const inTurn = fewAtOnce(READ_AT_ONCE);

  return {
    async openCircuitV(position) {
      const reading = await inTurn(async () => roles.channels[indexOf(position)]?.measureOpenCircuitV());
      if (reading !== undefined && Number.isFinite(reading)) return reading;
      throw new Fault("cell.not-off", position, "its channel gave no voltage with the cell off");
    },
    unrest: sharedLook(async () => {
      const levels = await io.readInputs();
      const shutter = shutterState(levels);
      if (shutter !== "closed" && !isSafetyShut(levels)) {
        const what = `its shutter reads ${shutter}, and the safety shutter not closed`;
        return new Fault("shutter.beam-not-off", io.name, what);
      }
      const { atRest } = await stage.read();
      return atRest && isStill()
        ? null
        : new Fault("stage.no-permit", stage.name, "beam and stage did not come to rest");
    }),
  };
}
