/** Several edits that are one: each is made on what the one before left. */

import { apply, type Edit } from "../model/edits";
import type { Json, JsonObject, Path } from "../model/json";

export class Composition {
  private readonly edits: Edit[] = [];

  constructor(public document: JsonObject) {}

  do(edit: Edit): this {
    this.edits.push(edit);
    this.document = apply(this.document, edit) as JsonObject;
    return this;
  }

  set(path: Path, value: Json | undefined): this {
    return this.do({ kind: "set", path, value });
  }

  /** The one edit; `label` is a key of the words, which says it as a whole. */
  edit(label: string): Edit {
    return { kind: "many", edits: this.edits, label };
  }
}
