/** What can be said of a file before it is sent: the server looks at its content. */

export interface Limits {
  /** Media types (`image/*`) and endings (`.pdf`), empty: any. */
  accept: readonly string[];
  /** The most bytes, 0: whatever the server takes. */
  most: number;
}

export type Wrong = "large" | "kind" | "empty";

export function wrongWith(file: { name: string; type: string; size: number }, { accept, most }: Limits): Wrong | undefined {
  if (file.size === 0) return "empty";
  if (most && file.size > most) return "large";
  if (accept.length && !accept.some((each) => fits(file, each.toLowerCase()))) return "kind";
  return undefined;
}

function fits(file: { name: string; type: string }, wanted: string): boolean {
  if (wanted.startsWith(".")) return file.name.toLowerCase().endsWith(wanted);
  // a system that does not know the kind leaves it out: the server finds out
  if (!file.type) return true;
  return wanted.endsWith("/*") ? file.type.startsWith(wanted.slice(0, -1)) : file.type === wanted;
}

/** As the server says it: counted in 1,024s, as limits are. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 ** 2).toFixed(1).replace(".0", "")} MB`;
}

/** `{name}` and the like filled in. */
export function filled(sentence: string | undefined, values: Readonly<Record<string, string>>): string {
  return (sentence ?? "").replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
}
