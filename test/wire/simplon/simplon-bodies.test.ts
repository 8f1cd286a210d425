import { describe, expect, it } from "vitest";
import {
  decodeChangedNames,
  decodeSequenceId,
  decodeState,
  decodeValue,
} from "../../../protocols/wire/simplon/simplon-replies.ts";
import {
  commandPath,
  configPath,
  dataPath,
  dataFile,
  namePatternProblem,
  SIMPLON_VERSION,
  statusPath,
  valueBody,
  versionPath,
} from "../../../protocols/wire/simplon/simplon-requests.ts";

describe("requests to a SIMPLON detector", () => {
  it("name module, version, kind and value in their path", () => {
    expect(versionPath("detector")).toBe("/detector/api/version");
    expect(configPath("1.8.0", "detector", "count_time")).toBe("/detector/api/1.8.0/config/count_time");
    expect(configPath("1.8.0", "filewriter", "name_pattern")).toBe("/filewriter/api/1.8.0/config/name_pattern");
    expect(configPath("1.8.0", "detector", "threshold/1/energy")).toBe("/detector/api/1.8.0/config/threshold/1/energy");
    expect(statusPath("1.6.0", "detector", "state")).toBe("/detector/api/1.6.0/status/state");
    for (const command of ["initialize", "arm", "trigger", "disarm", "cancel", "abort", "status_update"] as const) {
      expect(commandPath("1.8.0", command)).toBe(`/detector/api/1.8.0/command/${command}`);
    }
    expect(dataPath("series_1_master.h5")).toBe("/data/series_1_master.h5");
    expect(dataPath("../x")).toBe("/data/..%2Fx");
  });

  it("carry a value as JSON", () => {
    expect(valueBody(0.1)).toBe('{"value":0.1}');
    expect(valueBody("ints")).toBe('{"value":"ints"}');
    expect(valueBody(true)).toBe('{"value":true}');
  });

  it("take no name that would be a path or a pattern of the detector's own", () => {
    expect(namePatternProblem("A1_00001")).toBeUndefined();
    for (const wrong of ["", "a/b", "series_$id", "a b", "ä", "x".repeat(101)]) {
      expect(namePatternProblem(wrong), wrong).toBeTypeOf("string");
    }
    expect(dataFile("A1_00001", 1)).toBe("A1_00001_data_000001.h5");
  });

  it("take no version that would be a path", () => {
    for (const version of ["1.8.0", "1.6"]) expect(version).toMatch(SIMPLON_VERSION);
    for (const version of ["", "1", "1.8.0/..", "../x", "1.8.0 "]) expect(version).not.toMatch(SIMPLON_VERSION);
  });
});

describe("answers of a SIMPLON detector", () => {
  it("are a value with what is known of it", () => {
    const body = '{"access_mode":"rw","max":3600.0,"min":3e-06,"unit":"s","value":0.1,"value_type":"float"}';
    expect(decodeValue(body)).toEqual({
      isRead: true,
      value: {
        value: 0.1,
        valueType: "float",
        unit: "s",
        min: 3e-6,
        max: 3600,
        allowedValues: null,
        accessMode: "rw",
      },
    });
    expect(decodeValue('{"value":"1.8.0","value_type":"string"}')).toMatchObject({
      value: { value: "1.8.0", min: null, unit: null, accessMode: null },
    });
    expect(decodeValue('{"allowed_values":["ints","exts"],"value":"ints"}')).toMatchObject({
      value: { allowedValues: ["ints", "exts"], valueType: null },
    });
    expect(decodeValue('{"value":[],"value_type":"string[]"}')).toMatchObject({ value: { value: [] } });
  });

  it("list the names that a setting changed", () => {
    const names = [
      "bit_depth_image",
      "bit_depth_readout",
      "count_time",
      "countrate_correction_count_cutoff",
      "frame_count_time",
      "frame_time",
    ];
    expect(decodeChangedNames(JSON.stringify(names))).toEqual({ isRead: true, value: names });
    for (const wrong of ["", "{}", "[1]", '["a"', "null"]) expect(decodeChangedNames(wrong).isRead, wrong).toBe(false);
  });

  it("number a series", () => {
    expect(decodeSequenceId('{"sequence id": 12}')).toEqual({ isRead: true, value: 12 });
    for (const wrong of ["{}", '{"sequence id":"1"}', '{"sequence id":-1}', '{"sequence id":1.5}', "12", ""]) {
      expect(decodeSequenceId(wrong).isRead, wrong).toBe(false);
    }
  });

  it.each(["na", "idle", "ready", "acquire", "configure", "initialize", "error"])("know the state %s", (state) => {
    expect(decodeState(JSON.stringify({ value: state, value_type: "string" }))).toEqual({ isRead: true, value: state });
  });

  it("give a reason, on one line, for what is not one", () => {
    for (const wrong of ["", "<html>\n</html>", "{", '{"value":null}', '{"value":{"a":1}}', '[["a"]]', "\u001b[2J"]) {
      const decoded = decodeValue(wrong);
      expect(decoded.isRead, wrong).toBe(false);
      if (!decoded.isRead) expect(decoded.why).toMatch(/^[ -~]+$/);
    }
    expect(decodeState('{"value":"dancing"}').isRead).toBe(false);
    expect(decodeValue("[".repeat(100_000)).isRead).toBe(false);
  });
});
