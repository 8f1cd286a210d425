/** How a report looks: on light and dark screens, on a phone, on A4. No font and no file from anywhere else. */
import { colourAt } from "../../simulator/report/colours.ts";
import { DARK, LIGHT, type Theme } from "../picture/theme.ts";

/** Steps of a scale from little to much; classes `q0` to `q7`. */
export const SCALE_STEPS = 8;

/** `title` stands at the head of each printed page. */
export function pageStyle(title: string): string {
  return `${variables(":root", LIGHT, "light")}
@media (prefers-color-scheme: dark) { ${variables(":root", DARK, "dark")} }
@media print { ${variables(":root", LIGHT, "light")} }
${STYLE}
@page { size: A4; margin: 16mm 13mm 15mm; @top-left { content: "${cssText(title)}"; font: 8pt sans-serif; color: #5d6873; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #5d6873; } }
`;
}

function variables(where: string, theme: Theme, scheme: "light" | "dark"): string {
  const { paper, ink, faint, grid, empty, apart, scale } = theme;
  const [a, b, c, d] = apart;
  const steps = Array.from({ length: SCALE_STEPS }, (_, step) => {
    const colour = colourAt(scale, step / (SCALE_STEPS - 1));
    return `--q${step}: ${colour}; --i${step}: ${inkOn(colour)};`;
  });
  return `${where} { color-scheme: ${scheme}; --paper: ${paper}; --ink: ${ink}; --faint: ${faint}; --grid: ${grid}; --empty: ${empty};
--a: ${a}; --b: ${b}; --c: ${c}; --d: ${d}; ${steps.join(" ")} }`;
}

/** Of black and white that which stands out more: one of the two always has 4.5 to 1 on any colour. */
export function inkOn(colour: string): string {
  const light = luminance(colour);
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? "#ffffff" : "#000000";
}

/** Relative luminance, WCAG 2.2. */
export function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Within quotes of a style sheet: all but letters and digits by their code. */
function cssText(text: string): string {
  return text.replace(/[^A-Za-z0-9 ]/gu, (sign) =>
    /\p{Cs}/u.test(sign) ? "?" : `\\${(sign.codePointAt(0) ?? 0xfffd).toString(16)} `,
  );
}

const SCALE_CLASSES = Array.from(
  { length: SCALE_STEPS },
  (_, step) => `
.by-dose:checked ~ .rack .d${step}, .by-capacity:checked ~ .rack .c${step}, .scale .q${step} { background: var(--q${step}); color: var(--i${step}); }
.w${step} { stroke: var(--q${step}); }`,
).join("");

const STYLE = `
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.page { max-width: 74rem; margin: 0 auto; padding: 1.2rem 1.2rem 4rem; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .4rem .8rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; line-height: 1.25; margin: 3rem 0 .8rem; padding-top: .8rem; border-top: 2px solid var(--grid); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .5rem; overflow-wrap: anywhere; }
p, li { max-width: 46rem; overflow-wrap: anywhere; }
a { color: var(--a); } a:focus-visible, summary:focus-visible, .scroll:focus-visible, svg:focus-visible, button:focus-visible, input:focus-visible + label { outline: 3px solid var(--a); outline-offset: 2px; }
.faint, .cap, figcaption, caption { color: var(--faint); }
.badge { display: inline-block; border: 1.5px solid currentColor; border-radius: .3rem; padding: 0 .45rem; font-size: .85rem; font-weight: 600; }
.warn { border-left: .35rem solid var(--b); padding: .1rem 0 .1rem .9rem; margin: 1rem 0; }
.say { font-size: 1.12rem; padding-left: 1.3rem; } .say li { margin: .45rem 0; } .say li:last-child { font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; padding: 0; margin: 1rem 0 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .8rem 1.2rem; margin: 1.4rem 0 0; padding: 0; }
.figures div { border-top: 3px solid var(--grid); padding-top: .4rem; } .figures dt { color: var(--faint); font-size: .85rem; } .figures dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: .8rem 0; max-width: 100%; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 .35rem; } .cap { font-size: .9rem; margin: 1.2rem 0 .3rem; max-width: 60rem; } .cap + .scroll { margin-top: 0; } th, td { text-align: left; vertical-align: top; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--grid); }
thead th { border-bottom: 2px solid var(--faint); white-space: nowrap; } .n { text-align: right; white-space: nowrap; } tbody th { font-weight: 600; white-space: nowrap; }
td { max-width: 34rem; overflow-wrap: break-word; } .k { white-space: nowrap; }
.kv th { font-weight: 400; color: var(--faint); white-space: normal; min-width: 9rem; }
.kv td { overflow-wrap: anywhere; } code { font-size: .92em; overflow-wrap: anywhere; }
.choose { margin-right: 1.1rem; } .choose-input { accent-color: var(--a); margin: 0 .35rem 0 0; }
.rack { table-layout: fixed; min-width: 43rem; width: 100%; border-spacing: 3px; border-collapse: separate; }
.rack th, .rack thead td { text-align: center; border: 0; padding: .1rem; color: var(--faint); font-weight: 400; } .rack tbody th { width: 1.6rem; }
.rack thead td { background: none; height: auto; } .rack tbody td { padding: 0; border: 0; border-radius: .3rem; background: var(--empty); height: 3.1rem; text-align: center; }
.rack td a { display: block; padding: .25rem .1rem; min-height: 3.1rem; color: inherit; text-decoration: none; line-height: 1.25; } .rack td a:hover { text-decoration: underline; }
.rack b { display: block; font-size: .78rem; } .rack span { font-size: .85rem; }
.rack .state, .rack .capacity, .rack .dose { display: none; }
.by-dose:checked ~ .rack .dose, .by-capacity:checked ~ .rack .capacity, .by-state:checked ~ .rack .state { display: inline; }
.by-state:checked ~ .rack .s-complete { background: var(--q1); color: var(--i1); }
.by-state:checked ~ .rack .s-isolated, .by-state:checked ~ .rack .s-stopped { background: var(--q6); color: var(--i6); }
.by-state:checked ~ .rack .s-going-on, .by-state:checked ~ .rack .s-unfinished { background: var(--q3); color: var(--i3); }
.rack td.s-isolated, .rack td.s-stopped { outline: 2.5px dashed var(--ink); outline-offset: -3px; }
.scale { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem; max-width: none; font-size: .85rem; margin: .4rem 0 0; } .scale i { display: inline-block; width: 1.6rem; height: .8rem; }
${SCALE_CLASSES}
figure { margin: 1rem 0 1.4rem; position: relative; max-width: 58rem; } figcaption { font-size: .92rem; margin-bottom: .3rem; max-width: 60rem; padding-right: 9.5rem; }
svg.plot { display: block; width: 100%; height: auto; background: var(--paper); }
svg.plot text { font: 11.5px system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--faint); } svg.plot text.l { fill: var(--ink); } .m { text-anchor: middle; } .e { text-anchor: end; }
.g { stroke: var(--grid); stroke-width: 1; fill: none; } .f { stroke: var(--faint); stroke-width: 1; fill: none; } .pane path, .key path { vector-effect: non-scaling-stroke; fill: none; stroke-linejoin: round; }
.pane .a, .key .a { stroke: var(--a); stroke-width: 1.6; } .pane .b, .key .b { stroke: var(--b); stroke-width: 1.6; stroke-dasharray: none; } .pane .c, .key .c { stroke: var(--c); stroke-width: 1.6; } .pane .d, .key .d { stroke: var(--d); stroke-width: 1.6; stroke-dasharray: 6 3; }
.pane .thin { stroke-width: .9; opacity: .75; } .pane .dot, .key .dot { stroke-width: 7; stroke-linecap: round; } .pane .small { stroke-width: 4.5; } .pane .limit, .key .limit { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 4; } .pane .whisker, .key .whisker { stroke: var(--ink); stroke-width: 1.4; }
.pane .fill-a { fill: var(--a); } .pane .fill-b { fill: var(--b); } .pane .fill-d { fill: var(--d); } .key .fill-a { stroke: var(--a); stroke-width: 9; } .key .fill-b { stroke: var(--b); stroke-width: 9; } .key .fill-d { stroke: var(--d); stroke-width: 9; }
.pane .under { fill: var(--paper); stroke: none; } .pane .wf { stroke-width: 1.1; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.3rem; list-style: none; margin: .2rem 0 0; padding: 0; font-size: .88rem; } .key { width: 28px; height: 12px; vertical-align: -1px; margin-right: .35rem; }
.zoom { position: absolute; right: 0; top: -.35rem; display: flex; gap: .2rem; } .zoom button { font: inherit; font-size: .85rem; min-width: 1.8rem; height: 1.7rem; padding: 0 .4rem; color: var(--ink); background: var(--empty); border: 1px solid var(--faint); border-radius: .25rem; cursor: pointer; }
.pair svg.plot text { font-size: 15px; }
.mark { fill: var(--a); opacity: .2; } .plot[tabindex] { cursor: crosshair; touch-action: pan-x pan-y; }
details { margin: .4rem 0; } summary { cursor: pointer; color: var(--a); font-size: .9rem; }
.cell { border-top: 1px solid var(--grid); margin-top: 1.6rem; } .cell h3 { margin-top: 1rem; }
.pair { display: grid; gap: 0 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
@media (max-width: 40rem) { .page { padding: .8rem .8rem 3rem; } h1 { font-size: 1.4rem; } svg.plot text { font-size: 21px; } svg.plot text.e { font-size: 19px; } figcaption { padding-right: 0; } .zoom { position: static; margin: .2rem 0; } .zoom button { min-width: 2.6rem; height: 2.6rem; }
  tbody th { white-space: normal; } td:not(.n):not(.k) { min-width: 9.5rem; } .kv tbody th { min-width: 6rem; }
  .rack { min-width: 0; border-spacing: 1px; } .rack tbody td:not(.n) { min-width: 0; } .rack b, .rack span { font-size: .6rem; } .rack .unit, .rack .word { display: none; } .rack td a { padding: .5rem 0; } .rack tbody th { width: .9rem; } }
@media print {
  .kv { break-inside: avoid; } body { font-size: 9.5pt; } .page { max-width: none; padding: 0; } .zoom, nav, .skip, .choose, .choose-input, details, .no-print { display: none !important; }
  h2 { break-after: avoid; break-before: auto; margin-top: 1.4rem; } h3 { break-after: avoid; } figure, .figures, tr, .say li, .rack { break-inside: avoid; } .say { padding-left: 1.8rem; } thead { display: table-header-group; }
  .cell { break-inside: avoid; } .scroll { overflow: visible; } table { font-size: 7.5pt; } td { max-width: none; } 
  .rack { min-width: 0; } .rack tbody td, .rack td a { height: 2.1rem; min-height: 2.1rem; line-height: 1.15; padding-top: .1rem; padding-bottom: 0; } .rack td, .scale i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  svg.plot { max-width: 100%; max-height: 78mm; } .cell svg.plot { max-height: 68mm; } #cells { break-before: page; } #cells > h2 { margin-top: 0; } h2 + p, h3 + p, .cap, figcaption { break-after: avoid; } .cell { margin-top: .6rem; } .cell h3 { margin: .4rem 0 .2rem; } figure { margin: .4rem 0 .6rem; } a { color: inherit; text-decoration: none; } .pair { grid-template-columns: 1fr 1fr; }
}

`;
