/** A process that takes the lock of the reference site in the folder given, says so, and waits to be killed. */
import { parseDocument } from "../../protocols/input/document.ts";
import { readSite } from "../../protocols/site/read-site.ts";
import { createSiteLocks } from "../../tui/site-lock/site-lock.ts";
import { repositoryText, tables } from "./campaign-files.ts";

const folder = process.argv[2] ?? "";
const { site } = readSite(parseDocument(repositoryText("protocols/sites/reference.yaml"), "site.yaml"), tables);
if (site === undefined) throw new Error("the reference site could not be read");
const lock = createSiteLocks({ folder, pid: process.pid, host: "other", wallMs: () => Date.now() }).take(site, {
  command: "beamrack run",
});
console.log("held");
// A lock that nobody refers to any more is collected, and with it the file that is locked.
process.on("SIGTERM", () => {
  lock.release();
  process.exit();
});
setInterval(() => lock, 1000);
