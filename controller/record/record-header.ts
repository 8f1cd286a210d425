/**
 * What a data folder says of itself: which campaign, on which site, with which seed. Two runs may share a folder
 * only when these agree.
 */
import { canonicalJson, type Json } from "../../protocols/base/canonical-json.ts";

export interface RecordHeader {
  readonly campaign: string;
  /** Hash of everything the campaign file says, as the loader computed it. */
  readonly campaignHash: string;
  readonly siteHash: string;
  /** null where chance is not ours: on a real site. */
  readonly seed: number | null;
  readonly world: "virtual" | "bench" | "site";
  /** The shutter was locked shut: nothing in the record is of a cell that was exposed. Left out otherwise. */
  readonly isRehearsal?: true;
  /** What else a run that is repeated must have in common with the first: when it ends, what goes wrong in it. */
  readonly conditions?: string;
  /** Told, not compared: a newer beamrack may go on where an older one stopped. */
  readonly softwareVersion: string;
}

/** The part that must agree for a run to go on in a folder; the first link of the hash chain is made of it. */
export function identityText(header: RecordHeader): string {
  const { campaign, campaignHash, siteHash, seed, world } = header;
  const rehearsal = header.isRehearsal === true ? { rehearsal: true } : {};
  return canonicalJson({ campaign, campaign_hash: campaignHash, site_hash: siteHash, seed, world, ...rehearsal });
}

export function headerText(header: RecordHeader): string {
  const { campaign, campaignHash, siteHash, seed, world, conditions, softwareVersion } = header;
  return canonicalJson({
    campaign,
    campaign_hash: campaignHash,
    site_hash: siteHash,
    seed,
    world,
    ...(header.isRehearsal === true ? { rehearsal: true } : {}),
    ...(conditions === undefined ? {} : { conditions }),
    software_version: softwareVersion,
  });
}

/** The header, or undefined when the text is not one. */
export function parseHeader(text: string): RecordHeader | undefined {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const campaign = fields["campaign"];
  const campaignHash = fields["campaign_hash"];
  const siteHash = fields["site_hash"];
  const seed = fields["seed"];
  const world = fields["world"];
  const conditions = fields["conditions"];
  const softwareVersion = fields["software_version"];
  if (typeof campaign !== "string" || typeof campaignHash !== "string" || typeof siteHash !== "string")
    return undefined;
  if (seed !== null && typeof seed !== "number") return undefined;
  if (world !== "virtual" && world !== "bench" && world !== "site") return undefined;
  if (typeof softwareVersion !== "string") return undefined;
  const rehearsal = fields["rehearsal"] === true ? { isRehearsal: true as const } : {};
  const known: RecordHeader = { campaign, campaignHash, siteHash, seed, world, ...rehearsal, softwareVersion };
  return typeof conditions === "string" ? { ...known, conditions } : known;
}

/** What keeps a run out of a folder that another began, each with both values; empty when they agree. */
export function headerDifferences(stored: RecordHeader, asked: RecordHeader): readonly string[] {
  const differences: string[] = [];
  if (stored.isRehearsal !== asked.isRehearsal)
    differences.push(stored.isRehearsal === true ? "it holds a rehearsal" : "it holds a run with beam, no rehearsal");
  const compare = <Value>(then: Value, now: Value, words: (then: Value, now: Value) => string): void => {
    if (then !== now) differences.push(words(then, now));
  };
  compare(stored.campaign, asked.campaign, (then, now) => `it holds campaign ${then}, this one is ${now}`);
  compare(
    stored.campaignHash,
    asked.campaignHash,
    () => "the campaign, one of its protocols or the material tables changed since",
  );
  compare(stored.siteHash, asked.siteHash, () => "the site changed since, or is another");
  compare(stored.seed, asked.seed, (then, now) => `it was begun with ${seedText(then)}, this run has ${seedText(now)}`);
  compare(stored.world, asked.world, (then, now) => `it is of the ${then} world, this run of the ${now} world`);
  // A folder of before says nothing of its conditions.
  if (stored.conditions !== undefined)
    compare(stored.conditions, asked.conditions, (then, now) => `it was begun ${then}; this run is ${now ?? "not"}`);
  return differences;
}

function seedText(seed: number | null): string {
  return seed === null ? "no seed" : `seed ${seed}`;
}

/** What the text holds, or undefined where it is not JSON. Outside data: the caller looks at every part. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
