/** Where a channel is, in the five fields of the BTS dialect. */

export interface NewareAddress {
  /** Of the BTS server as its client knows it, most often 127.0.0.1. */
  readonly ip: string;
  /** 20 to 27: BTS78 to BTS85. */
  readonly deviceType: number;
  /** Number of the cabinet. */
  readonly deviceId: number;
  /** Number of the unit in the cabinet. */
  readonly subdeviceId: number;
  readonly channelId: number;
}

/** As clients write it: `21-1-8`. */
export function addressKey(address: Omit<NewareAddress, "ip" | "deviceType">): string {
  return `${address.deviceId}-${address.subdeviceId}-${address.channelId}`;
}

/** `BTS85` for 27; undefined for a type of another family. */
export function deviceTypeName(deviceType: number): string | undefined {
  return deviceType >= 20 && deviceType <= 27 ? `BTS${deviceType + 58}` : undefined;
}
