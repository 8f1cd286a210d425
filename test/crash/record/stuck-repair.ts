/** `beamrack repair` in a process of its own, killed when all is written and the copy that it was read from goes. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { repairCommand } from "../../../tui/commands/repair.ts";

const remove = fs.rmSync;
fs.rmSync = (path, options) => {
  if (String(path).includes(".source-")) process.kill(process.pid, "SIGKILL");
  else remove(path, options);
};
syncBuiltinESMExports();
await repairCommand({ json: true, print: () => undefined }, process.argv.slice(2));
