/** Files that a site file names, such as register maps; read by whoever read the site file. */

export type SiteFile =
  | { readonly kind: "text"; readonly text: string; readonly fileName: string }
  | { readonly kind: "refused"; readonly code: string; readonly what: string; readonly advice: string };

/** `path` as written: relative to the site file, or whole. */
export type SiteFiles = (path: string) => SiteFile;

/** For sites that name no files. */
export const NO_FILES: SiteFiles = (path) => ({
  kind: "refused",
  code: "file.missing",
  what: `${path} cannot be read here`,
  advice: "Give the site as a file, beside the files that it names.",
});
