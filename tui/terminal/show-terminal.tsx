/** Opens the full screen on a terminal and shows a session on it until it is quit. Loaded only where there is one. */
import { render } from "ink";
import { createFrameSink, type FrameStats } from "./ink/frame-sink.ts";
import { Screen, type ScreenFeed } from "./ink/screen.tsx";
import type { TerminalDevice } from "./terminal-device.ts";

export interface ShownTerminal {
  /** Gives the terminal back. */
  close(): void;
  readonly stats: () => FrameStats;
  /** Rejects when what is drawn broke; the terminal is given back then. */
  readonly broken: Promise<unknown>;
}

export function showTerminal(device: TerminalDevice, feed: ScreenFeed): ShownTerminal {
  device.enter();
  const sink = createFrameSink(device.stdout, feed.lines);
  const app = render(<Screen feed={feed} />, {
    stdin: device.stdin,
    stdout: sink.stream,
    exitOnCtrlC: false,
    patchConsole: false,
    // Whole frames, as soon as there is one: the session says when, the sink what of it is new.
    debug: true,
  });
  return {
    stats: sink.stats,
    broken: app.waitUntilExit(),
    close() {
      sink.close();
      app.unmount();
      device.leave();
    },
  };
}
