/** A picture as a list of shapes, in pixels from the upper left, painted one over the other. Knows no file format. */

export interface PicturePoint {
  readonly x: number;
  readonly y: number;
}

export type Shape =
  | {
      readonly kind: "box";
      readonly x: number;
      readonly y: number;
      readonly widthPx: number;
      readonly heightPx: number;
      readonly fill: string;
    }
  /** Through the points; one that is no number breaks it. */
  | {
      readonly kind: "line";
      readonly points: readonly PicturePoint[];
      readonly stroke: string;
      readonly widthPx: number;
    }
  | { readonly kind: "area"; readonly points: readonly PicturePoint[]; readonly fill: string }
  | {
      readonly kind: "dots";
      readonly points: readonly PicturePoint[];
      readonly radiusPx: number;
      readonly fill: string;
    }
  /** `y` is of the baseline. A steep text runs upwards. */
  | {
      readonly kind: "text";
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly sizePx: number;
      readonly fill: string;
      readonly anchor: "start" | "middle" | "end";
      readonly isBold?: boolean;
      readonly isSteep?: boolean;
    };

export interface Picture {
  readonly title: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Of the paper. */
  readonly fill: string;
  readonly shapes: readonly Shape[];
}
