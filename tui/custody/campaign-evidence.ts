/** Of a campaign whose cells were sent in: what each is held against before its first current. */
import { dirname, isAbsolute, join } from "node:path";
import { readCustody } from "../../controller/custody/custody-ledger.ts";
import { identityEvidence } from "../../controller/custody/identity-evidence.ts";
import type { IdentityEvidence } from "../../controller/custody/identity-proof.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";

/**
 * In the order of the campaign's cells; undefined where it names no custody. Throws Fault custody.unknown where there is
 * no ledger, custody.damaged-ledger where it cannot be believed.
 */
export function campaignEvidence(
  { custodyPath, cells }: Pick<Campaign, "custodyPath" | "cells">,
  campaignPath: string,
  nowMs: number,
): readonly IdentityEvidence[] | undefined {
  if (custodyPath === undefined) return undefined;
  const folder = isAbsolute(custodyPath) ? custodyPath : join(dirname(campaignPath), custodyPath);
  const { custody, entries, findings } = readCustody(folder);
  const [first] = findings;
  if (first !== undefined) throw new Fault("custody.damaged-ledger", first.where, first.what);
  if (entries.length === 0) throw new Fault("custody.unknown", folder, "there is no custody ledger in it");
  return identityEvidence(custody, cells, nowMs);
}
