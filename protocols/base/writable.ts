/**
 * A type with its fields open to whoever makes the object. For objects of the sample path, which keep what they show
 * in plain fields: an object literal with accessors is a hash table to the engine, slow to call and never inlined.
 */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
