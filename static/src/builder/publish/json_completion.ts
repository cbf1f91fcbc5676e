/** What may stand at the caret of the JSON view: keys and words that the server's description names. */

import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";
import { fetchJson } from "../../app/http";
import { localText } from "../model/describe";
import { at, isObject, type Json, type JsonObject, type Path } from "../model/json";
import type { Builder } from "../model/store";

/** What may stand at a place: words, an object of known keys, or a list of the like. */
export interface Known {
  readonly words?: readonly string[];
  readonly flag?: true;
  readonly keys?: Readonly<Record<string, Known>>;
  readonly list?: Known & { readonly by?: string; readonly of?: string; readonly object?: string };
}

export interface Keys {
  readonly root: string;
  readonly objects: Readonly<Record<string, Readonly<Record<string, Known>>>>;
}

/** What is known of the part at `path`; `document` says of which type or kind elements are. */
export function knownAt(keys: Keys, document: Json, path: Path): Known | undefined {
  let here: Known | undefined = { keys: keys.objects[keys.root] ?? {} };
  for (const [depth, step] of path.entries()) {
    if (here === undefined) return undefined;
    here = typeof step === "number" ? element(keys, here, at(document, path.slice(0, depth + 1))) : here.keys?.[step];
  }
  return here;
}

function element(keys: Keys, { list }: Known, value: Json | undefined): Known | undefined {
  if (list?.object) return { keys: keys.objects[list.object] ?? {} };
  if (!list?.by) return list;
  const word = isObject(value) ? value[list.by] : undefined;
  const known = typeof word === "string" ? keys.objects[`${list.of}${word}`] : undefined;
  return { keys: known ?? common(keys, list.of ?? "", list.by) };
}

/** Before the type is written, the keys that all types have. */
function common(keys: Keys, prefix: string, by: string): Readonly<Record<string, Known>> {
  const all = Object.entries(keys.objects).filter(([name]) => name.startsWith(prefix));
  const [first, ...rest] = all.map(([, each]) => each);
  const shared = Object.entries(first ?? {}).filter(([key]) => key === by || rest.every((each) => Object.hasOwn(each, key)));
  return Object.fromEntries(shared);
}

export function completions(builder: Builder): CompletionSource {
  let asked: Promise<Keys> | undefined;
  return async (context) => {
    const place = placeOf(context.state, context.pos);
    if (!place || (!context.explicit && place.from === context.pos)) return null;
    asked ??= fetchJson<Keys>(builder.boot.urls["keys"] ?? "");
    try {
      return offered(await asked, builder, context, place);
    } catch {
      asked = undefined; // without the description nothing is offered; the next time asks again
      return null;
    }
  };
}

interface Place {
  /** Of the object for a key, of the value itself for a value. */
  readonly path: Path;
  readonly isKey: boolean;
  readonly from: number;
  readonly to: number;
  readonly there: readonly string[];
}

function offered(keys: Keys, builder: Builder, context: CompletionContext, place: Place): CompletionResult | null {
  const document = builder.document.value;
  const known = knownAt(keys, document, place.path);
  const options = place.isKey ? keyOptions(known, builder, place, context.state) : valueOptions(known, builder, place);
  return options.length ? { from: place.from, to: Math.max(place.to, context.pos), options, validFor: /^"?[\w.]*"?$/ } : null;
}

function keyOptions(known: Known | undefined, builder: Builder, place: Place, state: EditorState): Completion[] {
  const isNamed = /^\s*:/.test(state.sliceDoc(place.to, place.to + 20));
  const after = isNamed ? "" : ": ";
  const names = known?.keys ? Object.keys(known.keys).map((name) => ({ name, label: "" })) : fieldNames(builder);
  return names
    .filter(({ name }) => !place.there.includes(name))
    .map(({ name, label }) => ({ label: `"${name}"`, apply: `"${name}"${after}`, type: "property", ...(label ? { detail: label } : {}) }));
}

function valueOptions(known: Known | undefined, builder: Builder, place: Place): Completion[] {
  if (known?.flag) return ["true", "false"].map((label) => ({ label, type: "keyword" }));
  const words = known?.words?.map((name) => ({ name, label: "" })) ?? named(String(place.path.findLast((key) => typeof key === "string") ?? ""), builder);
  return words.map(({ name, label }) => ({ label: `"${name}"`, type: "text", ...(label ? { detail: label } : {}) }));
}

interface Name {
  readonly name: string;
  readonly label: string;
}

/** What the catalogue names for a key: roles, people, calendars … else the fields of the form. */
function named(key: string, builder: Builder): readonly Name[] {
  const { catalogue } = builder.boot;
  const listed = { role: catalogue.roles, person: catalogue.people, head_of: catalogue.departments, of: catalogue.departments, calendar: catalogue.calendars, template: catalogue.templates, channels: catalogue.channels }[key];
  if (listed) return listed.map((each) => ({ name: each.key, label: each.name }));
  if (key === "form") return catalogue.forms.map((each) => ({ name: each.key, label: each.title }));
  if (key === "do") return catalogue.actions.map((each) => ({ name: each.name, label: each.label }));
  const ofFields = ["field", "manager_with_limit", "amount", "material", "show", "hide", "require", "readonly", "summary", "rows", "at", "by", "status", "until"];
  return ofFields.includes(key) ? fieldNames(builder) : [];
}

function fieldNames(builder: Builder): readonly Name[] {
  const form: JsonObject | null = builder.kind === "form" ? builder.document.value : builder.boot.form;
  const fields = form && Array.isArray(form["fields"]) ? form["fields"].filter(isObject) : [];
  return fields.flatMap((each) => (typeof each["key"] === "string" ? [{ name: each["key"], label: localText(each["label"]) }] : []));
}

/** Where the caret is: at a key or a value of which part. */
function placeOf(state: EditorState, pos: number): Place | null {
  const node = syntaxTree(state).resolveInner(pos, -1);
  if (node.name === "PropertyName") {
    const object = node.parent?.parent;
    return object ? { path: pathTo(state, object), isKey: true, from: node.from, to: node.to, there: keysOf(state, object, node) } : null;
  }
  if (["String", "True", "False", "Number", "Null"].includes(node.name)) {
    return { path: pathTo(state, node), isKey: false, from: node.from, to: node.to, there: [] };
  }
  const open = node.name === "⚠" ? node.parent : node;
  if (open?.name === "Object" || open?.name === "{") {
    const object = open.name === "Object" ? open : open.parent;
    return object ? { path: pathTo(state, object), isKey: true, from: pos, to: pos, there: keysOf(state, object) } : null;
  }
  if (open?.name === "Property") return { path: pathTo(state, open), isKey: false, from: pos, to: pos, there: [] };
  if (open?.name === "Array" || open?.name === "[") {
    const list = open.name === "Array" ? open : open.parent;
    return list ? { path: [...pathTo(state, list), 0], isKey: false, from: pos, to: pos, there: [] } : null;
  }
  return null;
}

function keysOf(state: EditorState, object: SyntaxNode, except?: SyntaxNode): string[] {
  return object.getChildren("Property").flatMap((each) => {
    const name = each.getChild("PropertyName");
    return name && name.from !== except?.from ? [textOf(state, name)] : [];
  });
}

function pathTo(state: EditorState, node: SyntaxNode): Path {
  const path: (string | number)[] = [];
  for (let here: SyntaxNode | null = node; here; here = here.parent) {
    if (here.name === "Property") {
      const name = here.getChild("PropertyName");
      if (name) path.unshift(textOf(state, name));
    } else if (here.parent?.name === "Array" && here.name !== "[" && here.name !== "]") path.unshift(indexOf(here));
  }
  return path;
}

function indexOf(node: SyntaxNode): number {
  let index = 0;
  for (let before = node.prevSibling; before; before = before.prevSibling) {
    if (before.name !== "[" && before.name !== "," && before.name !== "⚠") index++;
  }
  return index;
}

function textOf(state: EditorState, node: SyntaxNode): string {
  return state.sliceDoc(node.from, node.to).replace(/^"|"$/g, "");
}
