/**
 * What makes plots of a report zoom, as the page has it. Nothing is lost without it. The mouse draws over what is to be
 * seen larger; a finger uses the buttons, for its draws are the page's; the keyboard has + - 0 and the arrows.
 */
export const PAGE_SCRIPT = `"use strict";
(() => {
  const UNITS = 4000;
  const NS = "http://www.w3.org/2000/svg";
  const nice = (from, to) => {
    const rough = (to - from) / 7, power = 10 ** Math.floor(Math.log10(rough)), part = rough / power;
    const step = power * (part <= 1.4 ? 1 : part <= 3 ? 2 : part <= 7 ? 5 : 10), ticks = [];
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to + 1e-9 * step; i += 1) ticks.push(i * step);
    return { ticks, decimals: Math.min(8, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))) };
  };
  const make = (parent, name, attributes, text) => {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.appendChild(element);
    return element;
  };
  const ready = (svg) => {
    const [x0, x1, left, width, top, bottom] = ["x0", "x1", "left", "width", "top", "bottom"].map((k) => Number(svg.dataset[k]));
    const panes = svg.querySelectorAll("svg.pane"), axis = svg.querySelector("g.xt");
    let from = x0, to = x1;
    const show = (a, b) => {
      const span = Math.min(x1 - x0, Math.max((x1 - x0) / 500, b - a));
      from = Math.min(x1 - span, Math.max(x0, a));
      to = from + span;
      const perX = UNITS / (x1 - x0);
      for (const pane of panes) pane.setAttribute("viewBox", (from - x0) * perX + " 0 " + span * perX + " 1000");
      axis.textContent = "";
      const { ticks, decimals } = nice(from, to);
      for (const tick of ticks) {
        const x = left + ((tick - from) / span) * width;
        make(axis, "path", { class: "g", d: "M" + x + " " + top + "V" + bottom });
        make(axis, "text", { class: "m", x, y: bottom + 18 }, tick.toFixed(decimals).replace("-", "\\u2212"));
      }
      reset.hidden = span >= (x1 - x0) * 0.999;
    };
    const zoom = (factor, at) => {
      const centre = at === undefined ? (from + to) / 2 : at;
      show(centre - (centre - from) * factor, centre + (to - centre) * factor);
    };
    const bar = document.createElement("div");
    bar.className = "zoom";
    const button = (text, name, act) => {
      const one = document.createElement("button");
      one.type = "button";
      one.textContent = text;
      one.setAttribute("aria-label", name);
      one.tabIndex = -1;
      one.addEventListener("click", act);
      bar.appendChild(one);
      return one;
    };
    button("+", "zoom in", () => zoom(0.5));
    button("\\u2212", "zoom out", () => zoom(2));
    button("\\u2190", "earlier", () => show(from - (to - from) / 3, to - (to - from) / 3));
    button("\\u2192", "later", () => show(from + (to - from) / 3, to + (to - from) / 3));
    const reset = button("whole", "show the whole", () => show(x0, x1));
    svg.before(bar);
    svg.tabIndex = 0;
    svg.setAttribute("aria-keyshortcuts", "+ - 0 ArrowLeft ArrowRight");
    svg.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const third = (to - from) / 3;
      const acts = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => show(x0, x1), Escape: () => show(x0, x1),
        ArrowLeft: () => show(from - third, to - third), ArrowRight: () => show(from + third, to + third) };
      if (!Object.hasOwn(acts, event.key)) return;
      event.preventDefault();
      acts[event.key]();
    });
    const at = (event) => {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      return Math.min(left + width, Math.max(left, point.x));
    };
    let begun = null, mark = null;
    const value = (x) => from + ((x - left) / width) * (to - from);
    svg.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button !== 0) return;
      begun = at(event);
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", (event) => {
      if (begun === null) return;
      const x = at(event);
      if (mark === null) mark = make(svg, "rect", { class: "mark", y: top, height: bottom - top });
      mark.setAttribute("x", Math.min(begun, x));
      mark.setAttribute("width", Math.abs(x - begun));
    });
    const end = (event) => {
      if (begun === null) return;
      const x = at(event), a = value(Math.min(begun, x)), b = value(Math.max(begun, x)), isWide = Math.abs(x - begun) > 6;
      begun = null;
      if (mark !== null) mark.remove();
      mark = null;
      if (isWide && event.type === "pointerup") show(a, b);
    };
    svg.addEventListener("pointerup", end);
    svg.addEventListener("pointercancel", end);
    svg.addEventListener("dblclick", () => show(x0, x1));
    reset.hidden = true;
  };
  for (const svg of document.querySelectorAll("svg.plot[data-x0]")) ready(svg);
  // Where a page is printed the whole of each plot is meant.
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll(".zoom button:last-child:not([hidden])")) one.click();
  });
})();
`;
