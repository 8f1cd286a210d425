import type { ChannelCapabilities } from "../../protocols/roles/channel.ts";

/** As site files name the family. */
export const NEWARE_BTS = "neware-bts";

/** What a site file or a tool may say of one channel of a Neware cabinet. */
export interface NewareChannelOptions {
  /** Of the channel's hardware; the dialect does not tell. Default 0..5 V. */
  readonly voltageRangeV?: { readonly min: number; readonly max: number };
  /** Default 20 mA. */
  readonly currentMaxA?: number;
  /** Shown on the instrument's computer and kept with its data. Default: the channel's name. */
  readonly barcode?: string;
  /** What `connect` does with a test that runs: ends it, as a controller must, or leaves it, as a reader must. Default stop. */
  readonly whatRuns?: "stop" | "leave";
}

const SAMPLE_INTERVAL_MIN_S = 1;

export function newareCapabilities({ voltageRangeV, currentMaxA }: NewareChannelOptions): ChannelCapabilities {
  return {
    voltageRangeV: voltageRangeV ?? { min: 0, max: 5 },
    currentMaxA: currentMaxA ?? 0.02,
    sampleIntervalMinS: SAMPLE_INTERVAL_MIN_S,
    runsProgrammeAlone: true,
    buffersSamples: true,
  };
}
