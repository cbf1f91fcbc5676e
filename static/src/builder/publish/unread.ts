/** Text of the JSON view that could not be read: it outlives a look at another view. */

import type { Builder } from "../model/store";

export const unread = new WeakMap<Builder, string>();
