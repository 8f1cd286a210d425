import { Script } from "node:vm";
import { describe, expect, it } from "vitest";
import { html, raw, table } from "../../../tui/report/markup.ts";
import { inkOn, luminance, pageStyle, SCALE_STEPS } from "../../../tui/report/page-style.ts";
import { dotsPath, plotSvg, traceData } from "../../../tui/report/plot.ts";
import { DARK, LIGHT } from "../../../tui/picture/theme.ts";
import { PAGE_SCRIPT } from "../../../tui/report/page-script.ts";
import { colourAt } from "../../../simulator/report/colours.ts";

const contrast = (one: string, other: string): number => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
};

describe("markup", () => {
  it("escapes what is put into it, and not what is markup already", () => {
    const name = `<b onload="x">'&'</b>\u202e\u0000\ud800`;
    const plain = "&lt;b onload=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;\ufffd\ufffd\ufffd";
    const made = html`<i title="${name}">${name}</i>${raw("<br>")}${[html`${1}`]}`;
    expect(made.markup).toBe(`<i title="${plain}">${plain}</i><br>1`);
    expect(table("<", [{ head: "&", of: () => "<" }], [0]).markup).not.toMatch(/<<|&</);
  });
});

describe.each([
  ["light", LIGHT],
  ["dark", DARK],
] as const)("on a %s screen", (_name, theme) => {
  it("text and plots stand out from the paper as WCAG AA asks", () => {
    for (const text of [theme.ink, theme.faint, theme.apart[0]])
      expect(contrast(text, theme.paper)).toBeGreaterThanOrEqual(4.5);
    for (const line of theme.apart) expect(contrast(line, theme.paper)).toBeGreaterThanOrEqual(3);
    for (let step = 0; step < SCALE_STEPS; step += 1) {
      const colour = colourAt(theme.scale, step / (SCALE_STEPS - 1));
      expect(contrast(colour, inkOn(colour))).toBeGreaterThanOrEqual(4.5);
    }
  });
});

it("puts a title into its style that cannot end it", () => {
  const style = pageStyle(`"} </style> \\ \u{1f600} \ud800`);
  expect(style).not.toMatch(/<\/style|\u{1f600}/u);
  expect(style).toContain(String.raw`content: "\22 \7d `);
});

describe("a plot", () => {
  const range = { from: 0, to: 10 };

  it("draws a line through numbers, level pieces as one, broken where there is none", () => {
    const at = (x: number, y: number) => ({ x, y });
    const points = [at(0, 0), at(1, 0), at(2, 0), at(3, 10), at(NaN, 1), at(5, 5), at(5, 10), at(10, 10)];
    expect(traceData(points, range, range)).toBe("M0 1000h800l400-1000M2000 500v-500h2000");
    expect(dotsPath([at(5, 5), at(1, NaN)], range, range, "dot").markup).toBe(
      html`<path class="dot" d="M2000 500h0" />`.markup,
    );
  });

  it("says in words what it shows, and what the script needs to zoom", () => {
    const svg = plotSvg({
      ...{ id: "p", title: "a <plot>", x: { ...range, label: "time (h)" } },
      panes: [{ heightPx: 100, y: range, label: "voltage (V)", content: raw("") }],
    }).markup;
    expect(svg).toContain("a &lt;plot&gt;");
    expect(svg).toMatch(/data-x0="0" data-x1="10" data-left="66"/);
    expect(svg).toMatch(/time \(h\)[^]*<\/svg>$/);
  });

  it("is zoomed by a script that is one, and reaches for nothing outside", () => {
    expect(() => new Script(PAGE_SCRIPT)).not.toThrow();
    expect(PAGE_SCRIPT).not.toMatch(/fetch|import|XMLHttp|eval|innerHTML|localStorage|<\//);
  });
});
