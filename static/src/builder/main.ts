/** The start of the builder: reads what the page brought along and takes the page's frame. */

import { createApp } from "vue";
import App from "./App.vue";
import type { Boot } from "./model/boot";
import { createBuilder } from "./model/store";
import { learnIcons } from "./shared/icons";
import "./styles/builder.css";
import "./styles/json.css";
import "./styles/publish.css";
import "./styles/shared.css";

const RELOADED = "signoff:builder:reloaded";

/** A new version was installed since the page was drawn: its parts have other names. Drafts are kept, so load it again, once. */
window.addEventListener("vite:preloadError", (event) => {
  if (sessionStorage.getItem(RELOADED) === location.href) return;
  event.preventDefault();
  sessionStorage.setItem(RELOADED, location.href);
  location.reload();
});

const frame = document.getElementById("builder");
const source = document.getElementById("builder-boot");
if (frame && source) {
  const boot = JSON.parse(source.textContent ?? "") as Boot;
  learnIcons(boot.icons);
  const builder = createBuilder(boot);
  createApp(App, { builder }).mount(frame);
  frame.dataset["started"] = "builder";
}
