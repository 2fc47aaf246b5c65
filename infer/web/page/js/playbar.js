// The controls of the player: play, back ten seconds, the moment, the speed.

import { clock, h, icon } from "./dom.js";
import { t } from "./i18n.js";

export const RATES = [0.75, 0.9, 1, 1.1, 1.25, 1.5];
const BACK = 10; // seconds

/** The bar for one player; `rateChosen(rate)` keeps the visitor's speed. */
export class Playbar {
  constructor(player, rate, rateChosen) {
    this.player = player;
    this.writing = false;
    this.button = h("button", { class: "play", type: "button", onclick: () => player.toggle() });
    this.back = h("button", { class: "round", type: "button", onclick: () => player.back(BACK), "aria-label": t("player.back", { n: BACK }) },
      icon("back"), h("span", { class: "ten", "aria-hidden": "true" }, String(BACK)));
    this.slider = h("input", {
      type: "range", min: 0, max: 1, step: 0.1, value: 0, "aria-label": t("player.moment"),
      oninput: () => player.seek(Number(this.slider.value)),
    });
    this.now = h("span", {}, "0:00");
    this.end = h("span", {}, "–:––");
    const name = new Intl.NumberFormat(document.documentElement.lang);
    this.speed = h("select", { "aria-label": t("player.speed"), onchange: () => rateChosen(Number(this.speed.value)) },
      RATES.map((r) => h("option", { value: r, selected: r === rate }, `${name.format(r)} ×`)));
    this.element = h("section", { class: "playbar", "aria-label": t("player.label") },
      h("div", { class: "moment" }, this.now, this.slider, this.end),
      h("div", { class: "buttons" }, this.back, this.button, h("div", { class: "speed" }, this.speed)));
    this.gone = new AbortController();
    player.addEventListener("change", () => this.draw(), { signal: this.gone.signal });
    player.addEventListener("time", () => this.drawMoment(), { signal: this.gone.signal });
    this.draw();
  }

  /** Listen to the player no longer: another bar takes this one's place. */
  leave() {
    this.gone.abort();
  }

  /** Everything as the player is now. */
  draw() {
    const state = this.player.state;
    const running = state === "playing" || state === "waiting";
    this.button.replaceChildren(icon(running ? "pause" : "play"));
    this.button.setAttribute("aria-label", t(running ? "player.pause" : "player.play"));
    this.button.classList.toggle("waiting", state === "waiting");
    this.button.disabled = !this.player.ready && !this.writing;
    this.back.disabled = !this.player.ready;
    this.slider.disabled = !this.player.ready;
    this.drawMoment();
  }

  drawMoment() {
    const { position, duration } = this.player;
    this.slider.max = Math.max(0.1, duration || 0);
    this.slider.value = position;
    this.element.style.setProperty("--played", duration ? `${(100 * position) / duration}%` : "0%");
    this.now.textContent = clock(position);
    this.end.textContent = this.player.whole ? clock(duration) : "–:––";
    this.slider.setAttribute("aria-valuetext",
      t("player.valuetext", { now: clock(position), end: clock(duration) }));
  }
}
