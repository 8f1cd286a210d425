/**
 * The whole campaign on real hardware with the shutter locked shut: steps, motion, filters, triggers and detector as
 * usual, and no order that could let a photon through leaves this process. The permit is never given, neither shutter is
 * ever asked open; both must read closed before anything is rehearsed. Nothing is read otherwise than it is.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { BeamIo } from "../../protocols/roles/beam-io.ts";
import type { Writable } from "../../protocols/base/writable.ts";
import type { CampaignRoles } from "../run/roles.ts";

/** What stands before the names of frames that nothing fell on. */
export const REHEARSED_FRAME = "rehearsal_";
const NAME_ENDS = "-rehearsal";

/** Closing, filters and reading go through; what opens does not. */
export function lockShutter(io: BeamIo): BeamIo {
  const refuse = (what: string): Promise<never> =>
    Promise.reject(new Fault("rehearsal.locked", io.name, `${what} is not asked for in a rehearsal`));
  return {
    ...{ name: io.name, driver: io.driver, isLocked: true },
    connect: () => io.connect(),
    disconnect() {
      io.disconnect();
    },
    onFault: (handler) => io.onFault(handler),
    readInputs: () => io.readInputs(),
    requestShutterOpen: () => refuse("an open shutter"),
    requestShutterClosed: () => io.requestShutterClosed(),
    requestSafetyShutter: (open) => (open ? refuse("an open safety shutter") : io.requestSafetyShutter(false)),
    setFilters: (inBeam) => io.setFilters(inBeam),
    permit: {
      // A heartbeat would be one step less between a defect and the beam.
      renewShutterPermit: () => Promise.resolve(),
      dropShutterPermit: () => io.permit.dropShutterPermit(),
      rearmWatchdog: () => io.permit.rearmWatchdog(),
    },
  };
}

/** Without an integrator: dark frames tell nothing of the cells. */
export function lockedRoles(roles: CampaignRoles): CampaignRoles {
  const io = lockShutter(roles.io);
  const instruments = roles.instruments.map((instrument) => (instrument === roles.io ? io : instrument));
  const { addChannel } = roles;
  const locked: Writable<CampaignRoles> = {
    ...{ ...roles, io, instruments },
    ...(addChannel === undefined
      ? {}
      : {
          addChannel(position) {
            const added = addChannel(position);
            if (added.isNew) instruments.push(added.channel);
            return added;
          },
        }),
  };
  delete locked.integrator;
  return locked;
}

/** Called so on every screen and in every file. */
export function rehearsedCampaign(campaign: Campaign): Campaign {
  return { ...campaign, name: `${campaign.name}${NAME_ENDS}`, title: `Rehearsal: ${campaign.title}` };
}
