/** Real links for the drivers of a site: ports, sockets and HTTP of this machine, captured when somebody asks for it. */
import { readFileSync } from "node:fs";
import { createHttpPort } from "../../drivers/link/http-port.ts";
import { createOpenLink } from "../../drivers/link/open-link.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import { hostAndPort } from "../../protocols/site/site-lookup.ts";
import type { CaptureFolder } from "../capture/capture-folder.ts";
import { writeDurably } from "../run/write-durably.ts";
import type { DriverDeps } from "./drivers.ts";

/** Opens nothing. */
export function createRealLinks(clock: Clock, capture?: CaptureFolder): DriverDeps {
  // One for each cable: it knows when the port it had opened last has been let go of.
  const known = new Map<string, OpenLink>();
  // Two processes of one name throw each other out at a broker: the time at which they began tells them apart.
  const began = clock.wallMs().toString(36);
  return {
    clock,
    clientIdOf: (source) => `beamrack-${source}-${began}`,
    openLinkOf(cable, link) {
      const made = known.get(cable);
      if (made !== undefined) return made;
      const bare = createOpenLink(link, cable, clock);
      const openLink = capture === undefined ? bare : capture.capture(cable, link, bare);
      known.set(cable, openLink);
      return openLink;
    },
    httpPortOf(cable, link) {
      const port = createHttpPort({ name: cable, ...hostAndPort(link), clock });
      return capture === undefined ? port : capture.captureHttp(cable, port);
    },
    writeFile: writeDurably,
    readSecret(instrument, path) {
      try {
        return readFileSync(path, "utf8").trimEnd();
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Fault("site.invalid", instrument, `its password_file cannot be read: ${why}`, {}, error);
      }
    },
  };
}
