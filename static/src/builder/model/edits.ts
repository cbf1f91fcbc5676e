/** A change of a definition is a value: it can be applied, taken back, sent, and said in words.
 *
 * Edits touch only their path. What a newer version or a plugin wrote beside it stays as it is.
 */

import { at, child, isObject, isWithin, type Json, type JsonObject, type Path, pointer } from "./json";

export type Edit =
  /** `undefined` takes the key out; `before` says in front of which key a new one stands, else it comes last. */
  | { kind: "set"; path: Path; value: Json | undefined; before?: string }
  /** The path ends with the index in a list. */
  | { kind: "insert"; path: Path; value: Json }
  /** An element of a list. */
  | { kind: "remove"; path: Path }
  /** Between or inside lists; `to` is meant after the element was taken out at `from`. */
  | { kind: "move"; from: Path; to: Path }
  /** One after the other; `label` is a key of the words, for `describe`. */
  | { kind: "many"; edits: readonly Edit[]; label?: string };

/** An edit whose path is not in the document. */
export class EditError extends Error {
  constructor(
    readonly path: Path,
    message: string,
  ) {
    super(`${message} (${pointer(path) || "/"})`);
    this.name = "EditError";
  }
}

/** The document after the edit; parts that it does not touch are the same objects.
 *
 * @throws EditError the path is not there.
 */
export function apply(document: Json, edit: Edit): Json {
  switch (edit.kind) {
    case "set":
      return edit.path.length === 0 ? whole(edit.value) : change(document, edit.path, 0, setting(edit));
    case "insert":
      return change(document, edit.path, 0, inserting(edit.path, edit.value));
    case "remove":
      return change(document, edit.path, 0, removing(edit.path));
    case "move": {
      const moved = element(document, edit.from);
      const without = change(document, edit.from, 0, removing(edit.from));
      return change(without, edit.to, 0, inserting(edit.to, moved));
    }
    case "many":
      return edit.edits.reduce(apply, document);
  }
}

/** The edit that takes `edit` back: `apply(apply(document, edit), invert(document, edit))` is `document` again.
 *
 * @throws EditError the path is not there.
 */
export function invert(document: Json, edit: Edit): Edit {
  switch (edit.kind) {
    case "set":
      return unset(document, edit.path);
    case "insert":
      return { kind: "remove", path: edit.path };
    case "remove":
      return { kind: "insert", path: edit.path, value: element(document, edit.path) };
    case "move":
      return { kind: "move", from: edit.to, to: edit.from };
    case "many":
      return unmany(document, edit.edits, edit.label);
  }
}

/** Set a value and make the objects on the way to it where they are missing; `undefined` takes it out.
 *
 * Objects that would be left empty go, too, but only below `keep` keys of the path.
 */
export function put(document: Json, path: Path, value: Json | undefined, keep = path.length): Edit {
  if (value === undefined) return takenOut(document, path, keep);
  for (let depth = 1; depth < path.length; depth++) {
    if (at(document, path.slice(0, depth)) === undefined) {
      const inner = path.slice(depth).reduceRight<Json>((made, key) => ({ [key]: made }), value);
      return { kind: "set", path: path.slice(0, depth), value: inner };
    }
  }
  return { kind: "set", path, value };
}

/** Whether the edit changes nothing. */
export function isNothing(edit: Edit): boolean {
  return edit.kind === "many" && edit.edits.every(isNothing);
}

/** The paths that an edit is about, as they are after it. */
export function touched(edit: Edit): readonly Path[] {
  if (edit.kind === "many") return edit.edits.flatMap(touched);
  return [edit.kind === "move" ? edit.to : edit.path];
}

function takenOut(document: Json, path: Path, keep: number): Edit {
  let depth = path.length;
  while (depth > keep && depth > 1 && isLonely(at(document, path.slice(0, depth - 1)))) depth--;
  const gone = path.slice(0, depth);
  return at(document, gone) === undefined ? { kind: "many", edits: [] } : { kind: "set", path: gone, value: undefined };
}

function isLonely(value: Json | undefined): boolean {
  return isObject(value) && Object.keys(value).length === 1;
}

function whole(value: Json | undefined): Json {
  if (value === undefined) throw new EditError([], "A document cannot be taken out of itself");
  return value;
}

type Change = (parent: Json | undefined, key: string | number) => Json;

/** A copy of the parents on the way, with the last of them changed. */
function change(here: Json | undefined, path: Path, depth: number, last: Change): Json {
  const key = path[depth];
  if (key === undefined) throw new EditError(path, "Only an element of a list can be added, removed or moved");
  if (depth === path.length - 1) return last(here, key);
  const below = child(here, key);
  if (below === undefined) throw new EditError(path, `There is no ${JSON.stringify(key)} on the way`);
  return replaced(here as Json[] | JsonObject, key, change(below, path, depth + 1, last));
}

function replaced(parent: Json[] | JsonObject, key: string | number, value: Json): Json {
  if (Array.isArray(parent)) return parent.with(key as number, value);
  return { ...parent, [key]: value };
}

function setting({ path, value, before }: Extract<Edit, { kind: "set" }>): Change {
  return (parent, key) => {
    if (Array.isArray(parent)) {
      if (value === undefined || child(parent, key) === undefined) throw new EditError(path, "There is no such element to set");
      return parent.with(key as number, value);
    }
    if (!isObject(parent)) throw new EditError(path, "Only objects and lists have parts");
    const name = String(key);
    if (value === undefined) return Object.fromEntries(Object.entries(parent).filter(([each]) => each !== name));
    if (Object.hasOwn(parent, name) || before === undefined || !Object.hasOwn(parent, before)) {
      return replaced(parent, name, value);
    }
    return Object.fromEntries(
      Object.entries(parent).flatMap((entry) => (entry[0] === before ? [[name, value], entry] : [entry])),
    );
  };
}

function inserting(path: Path, value: Json): Change {
  return (parent, index) => {
    if (!Array.isArray(parent) || typeof index !== "number" || index < 0 || index > parent.length) {
      throw new EditError(path, "There is no such place in a list");
    }
    return parent.toSpliced(index, 0, value);
  };
}

function removing(path: Path): Change {
  return (parent, index) => {
    element(parent ?? null, [index], path);
    return (parent as Json[]).toSpliced(index as number, 1);
  };
}

function element(document: Json, path: Path, said: Path = path): Json {
  const found = at(document, path);
  if (found === undefined || !Array.isArray(at(document, path.slice(0, -1)))) {
    throw new EditError(said, "There is no such element of a list");
  }
  return found;
}

function unset(document: Json, path: Path): Edit {
  const value = at(document, path);
  const parent = at(document, path.slice(0, -1));
  if (value === undefined || path.length === 0 || !isObject(parent)) return { kind: "set", path, value };
  const keys = Object.keys(parent);
  const before = keys[keys.indexOf(String(path.at(-1))) + 1];
  return before === undefined ? { kind: "set", path, value } : { kind: "set", path, value, before };
}

function unmany(document: Json, edits: readonly Edit[], label: string | undefined): Edit {
  const back: Edit[] = [];
  let here = document;
  for (const edit of edits) {
    back.unshift(invert(here, edit));
    here = apply(here, edit);
  }
  return label === undefined ? { kind: "many", edits: back } : { kind: "many", edits: back, label };
}

/** Where the part at `path` is after the edit, `null` if it is gone. */
export function follow(path: Path, edit: Edit): Path | null {
  switch (edit.kind) {
    case "set":
      return edit.value === undefined && isWithin(path, edit.path) ? null : path;
    case "insert":
      return shifted(path, edit.path, 1);
    case "remove":
      return isWithin(path, edit.path) ? null : shifted(path, edit.path, -1);
    case "move": {
      if (isWithin(path, edit.from)) return [...edit.to, ...path.slice(edit.from.length)];
      return shifted(shifted(path, edit.from, -1), edit.to, 1);
    }
    case "many":
      return edit.edits.reduce<Path | null>((here, each) => here && follow(here, each), path);
  }
}

/** The path after `by` elements came (1) or went (-1) at `place`. */
function shifted(path: Path, place: Path, by: 1 | -1): Path {
  const depth = place.length - 1;
  const here = path[depth];
  const index = place[depth];
  const same = path.length >= place.length && place.slice(0, depth).every((key, at) => key === path[at]);
  if (!same || typeof here !== "number" || typeof index !== "number") return path;
  return here > index || (here === index && by === 1) ? path.with(depth, here + by) : path;
}
