/** Two people changed the same document: both changes in one, part by part; where both touched one part, somebody chooses. */

import { identities } from "./diff";
import { isObject, type Json, type JsonObject, type Path, same } from "./json";

export type Side = "mine" | "theirs";

/** One part that differs. `undefined` is a part that is not there. */
export interface Difference {
  /** Names the part whatever becomes of the rest: identities instead of indexes. */
  readonly id: string;
  /** Where it stands in the document of the side that has it: mine, else theirs, else the base. */
  readonly path: Path;
  readonly base: Json | undefined;
  readonly mine: Json | undefined;
  readonly theirs: Json | undefined;
  /** Who changed it. */
  readonly by: Side | "both";
}

export interface Merged {
  readonly document: JsonObject;
  readonly differences: readonly Difference[];
}

/** Of what only one changed, that change is taken; of what both did, mine. `choices` say otherwise, by the id of the part. */
export function merge(base: Json, mine: Json, theirs: Json, choices: ReadonlyMap<string, Side> = new Map()): Merged {
  const merging = new Merging(choices);
  const document = merging.value(base, mine, theirs, { id: "", mine: [], theirs: [], base: [] });
  return { document: isObject(document) ? document : {}, differences: merging.differences };
}

interface Place {
  readonly id: string;
  readonly mine: Path;
  readonly theirs: Path;
  readonly base: Path;
}

function below(place: Place, name: string, mine: string | number, theirs: string | number, base: string | number): Place {
  const id = `${place.id}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return { id, mine: [...place.mine, mine], theirs: [...place.theirs, theirs], base: [...place.base, base] };
}

class Merging {
  readonly differences: Difference[] = [];

  constructor(private readonly choices: ReadonlyMap<string, Side>) {}

  value(base: Json | undefined, mine: Json | undefined, theirs: Json | undefined, place: Place): Json | undefined {
    if (same(mine, theirs) && same(base, mine)) return mine;
    if (isObject(mine) && isObject(theirs) && (isObject(base) || base === undefined)) {
      return this.object(base ?? {}, mine, theirs, place);
    }
    const lists = named(base ?? [], mine, theirs);
    if (lists) return this.list(lists, place);
    if (same(mine, theirs)) return mine;
    return this.chosen(base, mine, theirs, place);
  }

  private chosen(base: Json | undefined, mine: Json | undefined, theirs: Json | undefined, place: Place): Json | undefined {
    const by = same(base, theirs) ? "mine" : same(base, mine) ? "theirs" : "both";
    const path = mine !== undefined ? place.mine : theirs !== undefined ? place.theirs : place.base;
    this.differences.push({ id: place.id, path, base, mine, theirs, by });
    const side = this.choices.get(place.id) ?? (by === "theirs" ? "theirs" : "mine");
    return side === "mine" ? mine : theirs;
  }

  private object(base: JsonObject, mine: JsonObject, theirs: JsonObject, place: Place): JsonObject {
    const entries: [string, Json][] = [];
    for (const key of together(Object.keys(mine), Object.keys(theirs))) {
      const value = this.value(own(base, key), own(mine, key), own(theirs, key), below(place, key, key, key, key));
      if (value !== undefined) entries.push([key, value]);
    }
    return Object.fromEntries(entries);
  }

  private list({ base, mine, theirs }: Lists, place: Place): Json[] {
    const order = sameOrder(mine.names, base.names) ? together(theirs.names, mine.names) : together(mine.names, theirs.names);
    const found: Json[] = [];
    for (const name of order) {
      const at = below(place, name, mine.names.indexOf(name), theirs.names.indexOf(name), base.names.indexOf(name));
      const value = this.value(base.get(name), mine.get(name), theirs.get(name), at);
      if (value !== undefined) found.push(value);
    }
    return found;
  }
}

class Named {
  constructor(
    readonly list: readonly Json[],
    readonly names: readonly string[],
  ) {}

  get(name: string): Json | undefined {
    const index = this.names.indexOf(name);
    return index < 0 ? undefined : this.list[index];
  }
}

interface Lists {
  readonly base: Named;
  readonly mine: Named;
  readonly theirs: Named;
}

/** The lists, if each element of each has a name of its own. */
function named(base: Json | undefined, mine: Json | undefined, theirs: Json | undefined): Lists | null {
  if (!Array.isArray(base) || !Array.isArray(mine) || !Array.isArray(theirs)) return null;
  const [one, two, three] = [identities(base), identities(mine), identities(theirs)];
  if (!one || !two || !three) return null;
  return { base: new Named(base, one), mine: new Named(mine, two), theirs: new Named(theirs, three) };
}

/** Names of both: in the order of the first, with what only the other has behind what stands before it there. */
function together(first: readonly string[], second: readonly string[]): string[] {
  const found = [...first];
  for (const [index, name] of second.entries()) {
    if (found.includes(name)) continue;
    const before = second.slice(0, index).findLast((each) => found.includes(each));
    found.splice(before === undefined ? 0 : found.indexOf(before) + 1, 0, name);
  }
  return found;
}

function sameOrder(one: readonly string[], other: readonly string[]): boolean {
  const common = one.filter((name) => other.includes(name));
  return other.filter((name) => one.includes(name)).every((name, index) => common[index] === name);
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
