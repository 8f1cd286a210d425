/** What each group had of the beam, against its shares: over the whole campaign, not since yesterday. */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { GroupShare } from "./schedule-state.ts";

export interface ShareAccount {
  /** `exposureS` of beam on a cell of the group, of which filters let `transmission` through. */
  given(group: string, exposureS: number, transmission: number): void;
  /** Of the groups that have a share. */
  now(): ReadonlyMap<string, GroupShare>;
}

/** The campaign's shares are looked up each time: they may be amended. */
export function createShareAccount(campaign: Pick<Campaign, "shares">): ShareAccount {
  const given = new Map<string, { beamS: number; dose: number }>();
  const total = { beamS: 0, dose: 0 };

  return {
    given(group, exposureS, transmission) {
      const own = given.get(group) ?? { beamS: 0, dose: 0 };
      given.set(group, own);
      for (const sum of [own, total]) {
        sum.beamS += exposureS;
        sum.dose += exposureS * transmission;
      }
    },
    now() {
      return new Map(
        (campaign.shares ?? []).map(({ group, beamTime, dose }) => {
          // Before anything is given nobody is behind.
          if (total.beamS === 0) return [group, { share: beamTime, used: beamTime }];
          const own = given.get(group) ?? { beamS: 0, dose: 0 };
          const ofBeam = own.beamS / total.beamS / beamTime;
          const ofDose = dose === null || total.dose === 0 ? 0 : own.dose / total.dose / dose;
          // The share that is nearer to its end counts.
          return [group, { share: beamTime, used: beamTime * Math.max(ofBeam, ofDose) }];
        }),
      );
    },
  };
}
