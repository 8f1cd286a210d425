/** Joins the screen to ink: draws when there is something new, hears keys and the size of the terminal. */
import { useInput, useStdout } from "ink";
import { useEffect, useSyncExternalStore, type ReactNode } from "react";
import { pressed, type Pressed } from "../keys/key-press.ts";
import { Canvas } from "./canvas.tsx";

/** What is drawn, and who is told of what happens at the terminal. */
export interface ScreenFeed {
  /** The same array while nothing changed. */
  readonly lines: () => readonly string[];
  readonly subscribe: (changed: () => void) => () => void;
  heard(keys: Pressed): void;
  resized(columns: number, rows: number): void;
}

export function Screen({ feed }: { readonly feed: ScreenFeed }): ReactNode {
  const lines = useSyncExternalStore(feed.subscribe, feed.lines);
  const { stdout } = useStdout();
  useEffect(() => {
    const tell = (): void => {
      feed.resized(stdout.columns, stdout.rows);
    };
    stdout.on("resize", tell);
    return () => {
      stdout.off("resize", tell);
    };
  }, [feed, stdout]);
  useInput((input, key) => {
    feed.heard(pressed(input, key));
  });
  return <Canvas lines={lines} />;
}
