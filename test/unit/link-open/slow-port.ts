import type { Link, OpenLink } from "../../../protocols/roles/link.ts";

/** A port that opens when the test says so, if ever. */
export function slowPort() {
  const links: { isOpen: boolean; written: number }[] = [];
  const waiting: (() => void)[] = [];
  const openLink: OpenLink = () =>
    new Promise<Link>((resolve) => {
      waiting.push(() => {
        const state = { isOpen: true, written: 0 };
        const closeHandlers: ((why: string) => void)[] = [];
        links.push(state);
        resolve({
          name: "slow port",
          get isOpen() {
            return state.isOpen;
          },
          write: (bytes) => (state.written += bytes.length),
          onData: () => () => undefined,
          onClose(handler) {
            closeHandlers.push(handler);
            return () => undefined;
          },
          close() {
            state.isOpen = false;
            for (const handler of closeHandlers.splice(0)) handler("closed by the host");
          },
        });
      });
    });
  return {
    openLink,
    links,
    get asked() {
      return waiting.length;
    },
    open: () => waiting.shift()?.(),
  };
}

/** What came of it, be it an error. */
export const ended = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: unknown) => error,
  );
