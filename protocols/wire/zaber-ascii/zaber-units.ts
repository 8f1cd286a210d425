/** Microsteps, and the device's own units of speed and acceleration, in millimetres and seconds. */

/** Ticks of the device's speed unit: data = microsteps per second x this. */
const SPEED_SCALE = 1.6384;
/** Data = microsteps per second squared x SPEED_SCALE / this. */
const ACCELERATION_DIVISOR = 10_000;

export function microstepsOf(mm: number, microstepUm: number): number {
  return Math.round((mm * 1000) / microstepUm);
}

export function mmOf(microsteps: number, microstepUm: number): number {
  return (microsteps * microstepUm) / 1000;
}

/** Data of `maxspeed` and `limit.approach.maxspeed`, not rounded. */
export function speedData(mmS: number, microstepUm: number): number {
  return ((mmS * 1000) / microstepUm) * SPEED_SCALE;
}

export function speedMmS(data: number, microstepUm: number): number {
  return ((data / SPEED_SCALE) * microstepUm) / 1000;
}

/** Data of `accel`, not rounded. */
export function accelerationData(mmS2: number, microstepUm: number): number {
  return (((mmS2 * 1000) / microstepUm) * SPEED_SCALE) / ACCELERATION_DIVISOR;
}

export function accelerationMmS2(data: number, microstepUm: number): number {
  return (((data * ACCELERATION_DIVISOR) / SPEED_SCALE) * microstepUm) / 1000;
}
