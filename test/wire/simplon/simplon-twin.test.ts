import { describe, expect, it } from "vitest";
import type { HttpAnswer, HttpRequest } from "../../../simulator/plant/http-end.ts";
import { createSimplonTwin } from "../../../simulator/dectris-simplon/simplon-twin.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";

/** The simulated detector with a plain client on it: status and body, as text. */
function client() {
  const { clock } = createVirtualTime();
  let handler: ((request: HttpRequest, answer: HttpAnswer) => void) | undefined;
  const twin = createSimplonTwin({
    end: {
      onRequest(next) {
        handler = next;
      },
    },
    clock,
    frames: { frameTaken: () => undefined },
    readOutS: 0.001,
    startState: "na",
  });
  async function ask(line: string, seconds = 0.1): Promise<string> {
    const [method = "", path = "", ...body] = line.split(" ");
    let said = "nothing";
    handler?.({ method, path, body: body.join(" ") }, (status, text) => {
      said = `${status} ${text}`;
    });
    await clock.run(clock.nowMs() + seconds * 1000);
    return said;
  }
  return { ask, twin };
}

const API = "/detector/api/1.8.0";

describe("a simulated SIMPLON detector", () => {
  it("answers with values, bounds and units", async () => {
    const { ask } = client();
    expect(await ask("GET /detector/api/version")).toBe('200 {"value":"1.8.0","value_type":"string"}');
    expect(await ask(`GET ${API}/config/ntrigger`)).toBe(
      '200 {"access_mode":"rw","max":2000000000,"min":1,"value":1,"value_type":"uint"}',
    );
    expect(await ask(`GET ${API}/config/detector_number`)).toBe(
      '200 {"access_mode":"r","value":"E-01-0401","value_type":"string"}',
    );
    expect(await ask(`GET ${API}/status/state`)).toBe('200 {"access_mode":"r","value":"na","value_type":"string"}');
    expect(await ask(`GET ${API}/status/board_000/th0_temp`)).toContain('"value":24.5');
    expect(await ask(`GET /filewriter/api/1.8.0/config/mode`)).toContain('"allowed_values":["enabled","disabled"]');
    expect(await ask("GET /stream/api/1.8.0/status/dropped")).toContain('"value":0');
  });

  it("names what a setting moved, and refuses what cannot be", async () => {
    const { ask } = client();
    expect(await ask(`PUT ${API}/config/count_time {"value":2}`)).toBe(
      '200 ["bit_depth_image","bit_depth_readout","count_time","countrate_correction_count_cutoff","frame_count_time","frame_time"]',
    );
    expect(await ask(`GET ${API}/config/frame_time`)).toContain('"value":2.0000001');
    expect(await ask(`PUT ${API}/config/nimages {"value":10}`)).toBe('200 ["nimages"]');
    for (const wrong of [
      'config/nimages {"value":0}',
      'config/nimages {"value":1.5}',
      'config/nimages {"value":"1"}',
      "config/nimages",
      'config/trigger_mode {"value":"never"}',
      'config/detector_number {"value":"x"}',
    ]) {
      expect(await ask(`PUT ${API}/${wrong}`), wrong).toMatch(/^400 /);
    }
    expect(await ask(`PUT ${API}/config/nothing {"value":1}`)).toMatch(/^404 .*unknown path: "nothing"/);
    expect(await ask(`GET ${API}/config/nothing`)).toMatch(/^404 /);
    expect(await ask("GET /detector/api/1.6.0/config/nimages")).toMatch(/^404 /);
    expect(await ask(`PUT ${API}/command/toString`)).toMatch(/^404 /);
    expect(await ask("GET /")).toMatch(/^404 /);
  });

  it("runs a series: initialise, arm, trigger, disarm, and keeps its files", async () => {
    const { ask, twin } = client();
    expect(await ask(`PUT ${API}/command/arm`)).toMatch(/^400 /);
    expect(await ask(`PUT ${API}/command/initialize`, 60)).toBe('200 {"sequence id":0}');
    await ask(`PUT ${API}/config/ntrigger {"value":2}`);
    expect(await ask(`PUT ${API}/command/arm`, 1)).toBe('200 {"sequence id":1}');
    expect(twin.state).toBe("ready");
    expect(await ask("HEAD /data/series_1_master.h5")).toMatch(/^200 /);
    expect(await ask(`PUT ${API}/command/trigger`, 0.5)).toBe("nothing");
    expect(twin.state).toBe("acquire");
    await ask(`GET ${API}/status/state`, 1);
    expect(twin.state).toBe("ready");
    expect(await ask(`PUT ${API}/command/trigger`, 2)).toBe('200 {"sequence id":1}');
    expect(twin.state).toBe("idle");
    expect(await ask("HEAD /data/series_1_data_000001.h5")).toMatch(/^404 /);
    expect(await ask(`PUT ${API}/command/disarm`)).toBe('200 {"sequence id":1}');
    expect(await ask("HEAD /data/series_1_data_000001.h5")).toMatch(/^200 /);
    expect(await ask("DELETE /data/series_1_data_000001.h5")).toBe("204 ");
    expect(await ask("GET /data/series_1_data_000001.h5")).toMatch(/^404 /);
  });

  it("ends a series at once by abort, and goes back to ready by cancel", async () => {
    const { ask, twin } = client();
    await ask(`PUT ${API}/command/initialize`, 60);
    for (const [command, after] of [
      ["cancel", "ready"],
      ["abort", "idle"],
    ]) {
      await ask(`PUT ${API}/command/disarm`);
      await ask(`PUT ${API}/command/arm`, 1);
      await ask(`PUT ${API}/command/trigger`, 0.2);
      expect(twin.state).toBe("acquire");
      expect(await ask(`PUT ${API}/command/${String(command)}`)).toMatch(/^200 /);
      expect(twin.state).toBe(after);
    }
  });

  it("takes the exposure of an `inte` trigger from its argument", async () => {
    const { ask } = client();
    await ask(`PUT ${API}/command/initialize`, 60);
    await ask(`PUT ${API}/config/trigger_mode {"value":"inte"}`);
    await ask(`PUT ${API}/command/arm`, 1);
    expect(await ask(`PUT ${API}/command/trigger`)).toMatch(/^400 /);
    expect(await ask(`PUT ${API}/command/trigger 0.2`, 2)).toMatch(/^200 /);
  });
});
