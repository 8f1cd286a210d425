/** What became of an amendment, in the words of a reply. */
import type { AmendOutcome } from "../amendments/amend-desk.ts";

const TOLD_MAX = 3;
const LENGTH_MAX = 900;

export function amendmentText(outcome: AmendOutcome): { readonly what: string; readonly advice: string } {
  if (outcome.kind === "amended") {
    const count = outcome.changes.length;
    const raised = outcome.changes.filter(({ isRaised }) => isRaised === true).length;
    const doses = raised === 0 ? "" : `, ${raised} of them a dose limit raised`;
    return { what: `amendment ${outcome.number} is in force: ${count} changes${doses}`, advice: "" };
  }
  if (outcome.kind === "unchanged") return { what: "nothing would change, and nothing did", advice: "" };
  const { refusals } = outcome;
  const more = refusals.length - TOLD_MAX;
  const told = refusals.slice(0, TOLD_MAX).map(({ where, what }) => `${where}: ${what}`);
  const what = [...told, ...(more > 0 ? [`${more} more`] : [])].join("; ");
  return { what: what.slice(0, LENGTH_MAX), advice: refusals[0]?.advice ?? "" };
}
