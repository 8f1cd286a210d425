/**
 * One seed for every property: what a change is judged by is the same for all who judge it. Searches over other seeds
 * set PROPERTY_SEED.
 */
import fc from "fast-check";

const DEFAULT_SEED = 20_261_121;

const wanted = Number(process.env["PROPERTY_SEED"] ?? DEFAULT_SEED);
if (!Number.isSafeInteger(wanted)) throw new Error("PROPERTY_SEED is not a whole number");

fc.configureGlobal({ seed: wanted });
