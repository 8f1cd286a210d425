/**
 * The screen as one ink element: that and when there is something to draw is ink's business, what stands in the rows is
 * painted by the frame sink. Ink would take every letter of every frame apart to find its colours, which cost three quarters
 * of what the screens used, and its memory of measured texts would grow with every value that was ever shown.
 */
import { Transform } from "ink";
import { memo, type ReactNode } from "react";

interface CanvasProps {
  /** With escape codes, each narrower than the terminal; the same array while nothing changed. */
  readonly lines: readonly string[];
}

export const Canvas = memo(function Canvas({ lines }: CanvasProps): ReactNode {
  // A new function at each change makes ink draw; nothing at all it would not.
  return <Transform transform={(text) => (lines.length === 0 ? "" : text)}>.</Transform>;
});
