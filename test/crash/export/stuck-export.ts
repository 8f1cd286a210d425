/** A process of its own that exports the folder it is given, and stays in the middle of the third walk over the record. */
import { exportFewAtATime } from "./few-at-a-time.ts";

const [folder = "", out = ""] = process.argv.slice(2);
const forever = new Int32Array(new SharedArrayBuffer(4));
let blocks = 0;
exportFewAtATime(folder, out, {
  onBlock(walks) {
    if (walks === 3) blocks += 1;
    if (blocks !== 2) return;
    process.stdout.write("stuck\n");
    Atomics.wait(forever, 0, 0);
  },
});
