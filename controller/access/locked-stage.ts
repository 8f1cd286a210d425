/** The campaign's stage while people may have access: it refuses to move then. */
import type { Stage } from "../../protocols/roles/stage.ts";

/** `requireNobody` throws Fault `stage.no-permit` while somebody has access. */
export function lockedStage(own: Stage, requireNobody: () => void): Stage {
  return {
    ...{ name: own.name, driver: own.driver },
    connect: () => own.connect(),
    disconnect() {
      own.disconnect();
    },
    onFault: (handler) => own.onFault(handler),
    async home() {
      requireNobody();
      await own.home();
    },
    async moveTo(target, signal) {
      requireNobody();
      return own.moveTo(target, signal);
    },
    read: () => own.read(),
    halt: () => own.halt(),
  };
}
