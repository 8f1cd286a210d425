/** The site lock of this machine: where the locks lie, and who this process is. */
import { hostname } from "node:os";
import type { Site } from "../../protocols/site/site.ts";
import { createSiteLocks, type SiteHolder, type SiteLock, type SiteLocks } from "../site-lock/site-lock.ts";

/**
 * One folder for all users of the machine, whatever their own settings: a folder for each would let two of them
 * control one site. `BEAMRACK_STATE` names another, then for all of them.
 */
const STATE_FOLDER = "/tmp/beamrack-sites";

const FRESHEN_MS = 3_600_000;

/** Throws Fault `site.in-use` where another process holds the site or a port of it. Ends with this process. */
export function takeSiteLock(site: Site, options: { readonly command: string }): SiteLock {
  const lock = siteLocks().take(site, options);
  const timer = setInterval(() => {
    lock.freshen();
  }, FRESHEN_MS).unref();
  return {
    release() {
      clearInterval(timer);
      lock.release();
    },
  };
}

/** Who holds the site or a port of it now; undefined when it is free. */
export function siteHolder(site: Site): SiteHolder | undefined {
  return siteLocks().holderOf(site);
}

function siteLocks(): SiteLocks {
  const named = process.env["BEAMRACK_STATE"];
  const folder = named === undefined || named === "" ? STATE_FOLDER : named;
  return createSiteLocks({ folder, pid: process.pid, host: hostname(), wallMs: () => Date.now() });
}
