/** What is asked of the sources one by one: in one file, so that they are parsed once. */
import "./hygiene.ts";
import "./layers.ts";
