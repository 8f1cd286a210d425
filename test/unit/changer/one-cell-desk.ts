/** A desk over a robot that has one cell to bring, from tray 1, slot 1, into a hutch where all is well. */
import { NO_CHARGE } from "../../../protocols/echem/counting.ts";
import { createChangerDesk, type ChangerDesk, type ChangerDeskDeps } from "../../../controller/changer/changer-desk.ts";

const LEVELS = {
  readAtMs: 0,
  interlocks: { searched: true, doorClosed: true, emergencyOk: true, motionEnabled: true },
  ...{ shutterClosedSwitch: true, shutterOpenSwitch: false },
  ...{ safetyShutterClosedSwitch: true, safetyShutterOpenSwitch: false },
};

export const SLOT = { tray: 1, slot: 1 };

/** `changer`: what the robot says and does; `deps`: what else is not as usual. */
export function openOneCellDesk(changer: object, deps: object = {}): ChangerDesk {
  return createChangerDesk({
    cells: [{ position: "A1", barcode: "R-A1", slot: SLOT }],
    changer: { name: "robot", ...changer },
    channels: [{ measureOpenCircuitV: () => Promise.resolve(3.6) }],
    clock: { monoMs: () => 0, setTimeout: (act: () => void) => setImmediate(act) },
    stage: { moveTo: () => Promise.resolve() },
    io: { readInputs: () => Promise.resolve(LEVELS) },
    lastLevels: () => LEVELS,
    ...{ showLevels: () => undefined, latched: () => [], levelsMaximumAgeMs: 100 },
    alarms: { raise: () => undefined, clearAll: () => undefined },
    recorder: { record: () => undefined },
    commit: () => Promise.resolve(),
    stateOf: () => "away",
    samples: () => ({ releasedAt: () => undefined, totals: () => NO_CHARGE, mayHaveFlowed: () => undefined }),
    ...{ tellCell: () => undefined, stopExposing: () => undefined },
    ...{ cleared: () => undefined, found: () => undefined, fail: () => undefined, next: () => null },
    ...deps,
  } as unknown as ChangerDeskDeps);
}
