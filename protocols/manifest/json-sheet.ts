/** The JSON form of a manifest: one object with the shipment's names, and `cells`, a list of objects. */
import type { Finding } from "../base/finding.ts";
import { wordAdvice } from "../input/suggest.ts";
import { readJsonNodes, type JsonEntry, type JsonNode } from "./json-nodes.ts";
import { CELL_NAMES, SHIPMENT_NAMES } from "./manifest-fields.ts";
import { CELLS_MAX } from "./manifest.ts";
import {
  sheetFinding,
  type Place,
  type ReadSheet,
  type SheetRow,
  type SheetValue,
  type WrittenValue,
} from "./sheet.ts";

export function readJsonSheet(text: string, fileName: string): ReadSheet {
  const read = readJsonNodes(text);
  const findings: Finding[] = [];
  const tell = (at: Place, name: string, what: string, advice: string): void => {
    findings.push(sheetFinding(fileName, "manifest.json", at, name, what, advice));
  };
  if (read.kind === "refused") {
    tell(read.at, "", read.what, "Correct the JSON there; mind brackets, commas and double quotes.");
    return { sheet: undefined, findings };
  }
  const { root } = read;
  if (root.kind !== "object") {
    tell(root.at, "", "this is no manifest", "Give an object with proposal, group, contact and cells.");
    return { sheet: undefined, findings };
  }
  const list = root.entries.find(({ name }) => name === "cells");
  const own = root.entries.filter(({ name }) => name !== "cells");
  const shipment = readRow(root.at, own, "", [...SHIPMENT_NAMES, "cells"], tell);
  for (const { at } of root.entries.filter((entry) => entry.name === "cells").slice(1)) {
    tell(at, "cells", "cells is given twice", "Keep the one that is meant.");
  }
  if (list === undefined || list.node.kind !== "list") {
    const what = list === undefined ? "cells is missing" : "cells is no list";
    tell(list?.node.at ?? root.at, "cells", what, "Give a list of objects, one for each cell.");
    return { sheet: { form: "json", fileName, shipment, cells: [], cellNamesAt: null }, findings };
  }
  const cells = list.node.items.slice(0, CELLS_MAX + 1).map((item, index): SheetRow => {
    if (item.kind === "object") return readRow(item.at, item.entries, `cells[${index}]`, CELL_NAMES, tell);
    tell(item.at, `cells[${index}]`, `${nodeText(item)} is no cell`, "Give an object of names and values.");
    return { at: item.at, values: new Map() };
  });
  return { sheet: { form: "json", fileName, shipment, cells, cellNamesAt: null }, findings };
}

function readRow(
  at: Place,
  entries: readonly JsonEntry[],
  base: string,
  known: readonly string[],
  tell: (at: Place, name: string, what: string, advice: string) => void,
): SheetRow {
  const values = new Map<string, SheetValue>();
  for (const { name, at: nameAt, node } of entries) {
    const place = `${base === "" ? "" : `${base}.`}${name.slice(0, 40)}`;
    if (!known.includes(name))
      tell(nameAt, place, `unknown name ${name.slice(0, 40)}`, wordAdvice(name.slice(0, 40), known, "Known here"));
    else if (values.has(name)) tell(nameAt, place, `${name} is given twice`, "Keep the one that is meant.");
    else values.set(name, { at: node.at, written: writtenOf(node) });
  }
  return { at, values };
}

function writtenOf(node: JsonNode): WrittenValue {
  switch (node.kind) {
    case "text":
      return { kind: "text", text: node.text };
    case "number":
      return { kind: "number", value: node.value, text: node.text };
    case "word":
    case "object":
      return { kind: "other", text: nodeText(node) };
    case "list": {
      const items = node.items.flatMap((item) => (item.kind === "text" ? [{ text: item.text, at: item.at }] : []));
      return items.length === node.items.length ? { kind: "list", items } : { kind: "other", text: nodeText(node) };
    }
  }
}

function nodeText(node: JsonNode): string {
  switch (node.kind) {
    case "text":
      return JSON.stringify(node.text.slice(0, 40));
    case "number":
    case "word":
      return node.text.slice(0, 40);
    case "list":
      return "a list";
    case "object":
      return "an object";
  }
}
