/** Which groups' dark controls may be seen by others. Pure. */
import type { Manifest } from "./manifest.ts";

/**
 * Groups all of whose boxes say `share_dark_controls: yes`, and none of which is under embargo: before that day nothing
 * is shown to others.
 */
export function consentingGroups(
  manifests: readonly Pick<Manifest, "group" | "sharesDarkControls" | "embargoUntilMs">[],
): readonly string[] {
  const refusing = new Set(
    manifests.filter((one) => !one.sharesDarkControls || one.embargoUntilMs !== null).map(({ group }) => group),
  );
  return [...new Set(manifests.map(({ group }) => group))].filter((group) => !refusing.has(group));
}
