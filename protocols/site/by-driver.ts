/** Sections of a site file whose keys depend on the family of the driver. */
import * as z from "zod";

export const instrumentName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/, "Use letters, digits, blanks, points and hyphens.");

export const serialNumber = z.string().min(1).exactOptional();

/** One schema for each family, told apart by `driver`; an unknown one is answered with those there are. */
export function byDriver<
  const Options extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
>(options: Options) {
  return z.discriminatedUnion("driver", options, {
    error: `Known here: ${driversOf(options).join(", ")}.`,
  });
}

function driversOf(options: readonly z.core.$ZodTypeDiscriminable[]): readonly string[] {
  return options.flatMap((option) => [...(option._zod.propValues["driver"] ?? [])].map(String));
}
