/**
 * Rows of a whole screen as one ink element. The text that ink lays out never changes; what is seen is put in as it is
 * drawn. So nothing is measured anew at each frame, and ink's memory of measured texts does not grow with every value
 * that was ever shown.
 */
import { Transform } from "ink";
import { memo, type ReactNode } from "react";

interface CanvasProps {
  /** With escape codes, each narrower than the terminal. */
  readonly lines: readonly string[];
}

function isSame(before: CanvasProps, after: CanvasProps): boolean {
  return before.lines.length === after.lines.length && before.lines.every((line, index) => line === after.lines[index]);
}

export const Canvas = memo(function Canvas({ lines }: CanvasProps): ReactNode {
  const blank = ".\n".repeat(Math.max(0, lines.length - 1)) + ".";
  // An empty line keeps its place only with something in it.
  return <Transform transform={(_, index) => lines[index] ?? ""}>{blank}</Transform>;
}, isSame);
