// One guide on the curator's desk: listen, edit with the check's findings, approve, withdraw, history.

import { announce, h } from "../dom.js";
import { LANGUAGES, t } from "../i18n.js";
import { findingList, findings, marked } from "./marks.js";
import { button, line } from "./parts.js";
import { call } from "./session.js";

export class GuideCard {
  constructor(guide) {
    this.guide = guide;
    this.element = h("article", { class: "card guide-card" });
    this.says = line();
    this.draw();
  }

  draw() {
    const { guide } = this;
    const found = findings(guide);
    const name = `${LANGUAGES[guide.language] ?? guide.language}, ${t(`length.${guide.length}`).toLowerCase()}`;
    this.element.classList.toggle("withdrawn", Boolean(guide.withdrawn));
    this.element.setAttribute("aria-label", name);
    this.element.replaceChildren(
      h("header", {}, h("h3", {}, name),
        h("span", { class: `badge ${guide.withdrawn ? "" : guide.label}` }, guide.withdrawn ? t("curator.withdrawn") : t(`label.${guide.label}`))),
      guide.audio ? h("audio", { controls: true, preload: "none", src: `${guide.audio}?at=${Date.parse(guide.created) || 0}`, "aria-label": t("curator.listen", { name }) }) : h("p", { class: "hint" }, t("curator.silent")),
      marked(guide, found),
      findingList(guide, found),
      ...guide.left_out.map((text) => h("p", { class: "hint left-out" }, t("curator.leftOut", { text }))),
      h("div", { class: "row" }, this.#actions()),
      this.says,
      this.#history());
  }

  #actions() {
    const { guide, says } = this;
    const act = (name) => async () => this.#take(await call("POST", `guides/${guide.id}/${name}`), t(`curator.done.${name}`));
    const approved = guide.approved && !guide.withdrawn;
    return [
      approved ? null : button(t("curator.approve"), act("approve"), { says, kind: "primary" }),
      button(t("curator.edit"), () => this.#edit(), { says }),
      guide.withdrawn ? null : button(t("curator.withdraw"), act("withdraw"), { says, kind: "secondary danger" }),
    ].filter(Boolean);
  }

  #take(guide, text) {
    this.guide = guide;
    this.draw();
    this.says.say(text);
    this.element.querySelector("button")?.focus();
  }

  async #edit() {
    const { guide } = this;
    const found = findings(guide);
    const id = `text-${guide.id}`;
    const area = h("textarea", { id, lang: guide.language, spellcheck: "true" });
    area.value = guide.text;
    const says = line();
    const save = button(t("curator.saveText"), async () => {
      const edited = await call("PUT", `guides/${guide.id}`, { text: area.value });
      const wrong = findings(edited).filter((finding) => finding.verdict === "unsupported").length;
      this.#take(edited, wrong ? t("curator.checkedWrong", { n: wrong }) : t("curator.checkedRight"));
    }, { says, kind: "primary" });
    const cancel = button(t("curator.cancel"), async () => this.draw());
    this.element.replaceChildren(
      h("div", { class: "field" }, h("label", { for: id }, t("curator.text")), area),
      findingList(guide, found),
      h("div", { class: "row" }, save, cancel), says);
    area.focus();
    announce(t("curator.editing"));
  }

  #history() {
    const list = h("ol", { class: "history" });
    const details = h("details", {}, h("summary", {}, t("curator.history")), list);
    details.addEventListener("toggle", async () => {
      if (!details.open) return;
      const { history } = await call("GET", `guides/${this.guide.id}/history`);
      const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
      list.replaceChildren(...history.map((event, index) =>
        h("li", {}, `${format.format(new Date(event.at))} · ${t(`curator.action.${event.action}`)} · ${event.actor}`,
          event.text && event.text !== history[index - 1]?.text ? h("p", { lang: this.guide.language }, event.text) : null)));
    });
    return details;
  }
}
