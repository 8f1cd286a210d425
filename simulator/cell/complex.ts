/** As much complex arithmetic as a spectrum needs. */

export interface Complex {
  readonly re: number;
  readonly im: number;
}

export function plus(a: Complex, b: Complex): Complex {
  return { re: a.re + b.re, im: a.im + b.im };
}

export function times(a: Complex, b: Complex): Complex {
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

export function scaled(a: Complex, factor: number): Complex {
  return { re: a.re * factor, im: a.im * factor };
}

export function inverse(a: Complex): Complex {
  const size = a.re * a.re + a.im * a.im;
  return { re: a.re / size, im: -a.im / size };
}

/** The root with a real part that is not negative. */
export function squareRoot(a: Complex): Complex {
  const size = Math.hypot(a.re, a.im);
  const re = Math.sqrt(Math.max(0, (size + a.re) / 2));
  const im = Math.sqrt(Math.max(0, (size - a.re) / 2));
  return { re, im: a.im < 0 ? -im : im };
}

/** sqrt(p) coth(sqrt(p)) - 1: what a sphere's surface flux feels of its concentration, p = j w R^2 / D. */
export function sphereFlux(p: Complex): Complex {
  // Close to nothing the difference would lose its digits; the series is p/3 - p^2/45 + 2 p^3/945.
  if (Math.hypot(p.re, p.im) < 1e-2) {
    const second = times(p, p);
    return plus(plus(scaled(p, 1 / 3), scaled(second, -1 / 45)), scaled(times(second, p), 2 / 945));
  }
  const root = squareRoot(p);
  return plus(times(root, hyperbolicCotangent(root)), { re: -1, im: 0 });
}

function hyperbolicCotangent({ re, im }: Complex): Complex {
  if (re > 20) return { re: 1, im: 0 };
  const bottom = Math.cosh(2 * re) - Math.cos(2 * im);
  return { re: Math.sinh(2 * re) / bottom, im: -Math.sin(2 * im) / bottom };
}
