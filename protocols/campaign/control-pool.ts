/** `share_dark_controls` of a campaign file: groups that agree to let one another see their dark controls, without names. */
import * as z from "zod";
import type { Finding } from "../base/finding.ts";
import { findingAt, valueAt, type InputDocument, type Path } from "../input/document.ts";
import { readSection } from "../input/section.ts";
import { wordAdvice } from "../input/suggest.ts";

export interface ControlPool {
  /** Groups that give and get; absent where nobody does. */
  readonly sharedControls?: readonly string[];
}

const groupsSchema = z.array(z.string().min(1).max(200));
const KEY: Path = ["share_dark_controls"];

/** Only what the file has. `groups`: of its cells. */
export function resolveControlPool(
  document: InputDocument,
  groups: readonly string[],
  findings: Finding[],
): ControlPool {
  if (valueAt(document.value, KEY) === undefined) return {};
  const sharing = readSection(document, KEY, groupsSchema, findings) ?? [];
  for (const [index, group] of sharing.entries()) {
    const at: Path = [...KEY, index];
    const refuse = (what: string, advice: string): void => {
      findings.push(findingAt(document, "error", "campaign.invalid", at, what, advice));
    };
    if (!groups.includes(group)) {
      refuse(`no cell is of group ${group}`, wordAdvice(group, [...new Set(groups)], "Its groups are"));
    } else if (sharing.indexOf(group) < index) refuse(`${group} stands there twice`, "Name each group once.");
  }
  return sharing.length === 0 ? {} : { sharedControls: sharing };
}
