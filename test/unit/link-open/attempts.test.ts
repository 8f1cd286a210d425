import { describe, expect, it } from "vitest";
import { createAttempts } from "../../../drivers/link/attempts.ts";

function createDoor() {
  const door = {
    closes: 0,
    close() {
      door.closes += 1;
    },
  };
  return door;
}

const overtaken = { code: "link.closed", where: "oven" };

describe("attempts to connect", () => {
  it("give what was opened to the one that is wanted", async () => {
    const attempts = createAttempts("oven");
    expect(attempts.isWanted).toBe(false);
    const attempt = attempts.begin();
    const door = createDoor();
    expect(await attempt.open(() => Promise.resolve(door))).toBe(door);
    expect(door.closes).toBe(0);
    expect([attempts.isWanted, attempt.isWanted]).toEqual([true, true]);
    expect(() => {
      attempt.needWanted();
    }).not.toThrow();
  });

  it.each(["a disconnect", "another connect"])("close what opens after %s, once, and give it to nobody", async (by) => {
    const attempts = createAttempts("oven");
    const attempt = attempts.begin();
    const door = createDoor();
    const opening = attempt.open(async () => {
      await Promise.resolve();
      return door;
    });
    if (by === "a disconnect") attempts.end();
    else attempts.begin();
    await expect(opening).rejects.toMatchObject(overtaken);
    expect(door.closes).toBe(1);
    expect(attempt.isWanted).toBe(false);
    expect(attempts.isWanted).toBe(by === "another connect");
  });

  it("open nothing for one that was overtaken before its turn", async () => {
    const attempts = createAttempts("oven");
    const attempt = attempts.begin();
    attempts.end();
    let opens = 0;
    const opening = attempt.open(() => {
      opens += 1;
      return Promise.resolve(createDoor());
    });
    await expect(opening).rejects.toMatchObject(overtaken);
    expect(opens).toBe(0);
    expect(() => {
      attempt.needWanted();
    }).toThrow(expect.objectContaining(overtaken));
  });

  it("say why nothing opened, wanted or not", async () => {
    const attempts = createAttempts("oven");
    const attempt = attempts.begin();
    await expect(attempt.open(() => Promise.reject(new Error("no such port")))).rejects.toThrow("no such port");
    expect(attempt.isWanted).toBe(true);
  });
});
