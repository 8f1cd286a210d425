/** Passwords as they stand in a users file: scrypt, with a salt of its own each. */
import { randomBytes, scrypt, scryptSync, timingSafeEqual } from "node:crypto";

/** Some 50 ms and 16 MB a try. */
const COST = 16_384;
const BLOCK = 8;
const LENGTH = 32;

/** `scrypt$N$r$p$salt$hash`. */
export function passwordHash(password: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, LENGTH, { N: COST, r: BLOCK, p: 1 });
  return ["scrypt", COST, BLOCK, 1, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/** False also for a hash that is none. Off the main thread. */
export function isPassword(password: string | Buffer, stored: string): Promise<boolean> {
  const [kind, cost, block, lanes, salt = "", hash = ""] = stored.split("$");
  const expected = Buffer.from(hash, "base64url");
  const [N, r, p] = [Number(cost), Number(block), Number(lanes)];
  const isHash = kind === "scrypt" && N > 1 && N <= 2 ** 20 && r > 0 && r <= 32 && p > 0 && p <= 16;
  if (!isHash || expected.length !== LENGTH) return Promise.resolve(false);
  const options = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve) => {
    try {
      scrypt(password, Buffer.from(salt, "base64url"), LENGTH, options, (error, made) => {
        resolve(error === null && timingSafeEqual(made, expected));
      });
    } catch {
      resolve(false);
    }
  });
}
