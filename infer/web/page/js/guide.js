// One work: its guide being told, and everything a visitor can do with it.

import { announce, h, icon } from "./dom.js";
import { LANGUAGES, t } from "./i18n.js";
import { Problem, getJson } from "./api.js";
import { basis } from "./basis.js";
import { recall, remember } from "./offline.js";
import { Playbar } from "./playbar.js";
import { choices, choose, guideLanguage, select, settings } from "./settings.js";
import { tell } from "./tell.js";
import { Transcript } from "./transcript.js";

export class GuideView {
  /** `home()` goes back to the list; `reached(yes)` hears whether the server answers. */
  constructor({ section, player, config, home, reached }) {
    Object.assign(this, { section, player, config, home, reached });
    this.transcript = new Transcript((index) => {
      player.seekSentence(index);
      player.play();
    });
    player.addEventListener("sentence", (event) => this.transcript.mark(event.detail));
    player.addEventListener("change", () => this.#soundChanged());
    player.addEventListener("finished", () => this.#report(true));
    addEventListener("pagehide", () => this.#report(false));
    this.telling = null;
  }

  /** Open a work, {stop} or {work: id}; `wanted` says whether sound may start by itself. */
  async open(target, wanted) {
    this.leave();
    this.target = target;
    const telling = (this.telling = new AbortController());
    this.section.replaceChildren(this.#frame(h("p", { class: "loading", role: "status" }, t("guide.loading"))));
    try {
      const url = target.stop === undefined ? `/api/works/${encodeURIComponent(target.work)}` : `/api/stops/${target.stop}`;
      const work = await getJson(url, { signal: telling.signal });
      this.work = work;
      this.#draw();
      await this.#tell(wanted);
    } catch (error) {
      if (!telling.signal.aborted) this.#notOpened(error, target);
    }
  }

  /** Stop everything: another work comes, or none. */
  leave() {
    this.#report(false);
    this.telling?.abort();
    this.player.reset();
    this.guide = null;
    this.work = null;
  }

  /** Draw again in another language of the page, without interrupting the guide. */
  redraw(tellAgain) {
    if (!this.work) return;
    const { guide } = this;
    this.#draw();
    if (tellAgain || !guide) this.#retell();
    else this.#finish(guide);
  }

  #frame(...content) {
    return h("div", { class: "frame" }, this.#backLink(), ...content);
  }

  #backLink() {
    const link = h("a", { href: "/", class: "backlink" }, icon("left"), t("guide.all"));
    link.dataset.link = "";
    return link;
  }

  #draw() {
    const { work } = this;
    const { artwork } = work;
    document.title = `${work.title} – ${t("app.name")}`;
    const languages = this.config.languages.map((code) => [code, LANGUAGES[code] ?? code]);
    this.status = h("div", { class: "notice", role: "status" });
    this.label = h("p", { class: "label" });
    this.below = h("div", { class: "below" });
    this.playbar?.leave();
    this.playbar = new Playbar(this.player, settings.rate, (rate) => {
      choose({ rate });
      this.player.setRate(rate);
    });
    this.section.replaceChildren(this.#frame(
      h("div", { class: "work" },
        work.stop === null ? null : h("p", { class: "stop" }, t("guide.stop", { n: work.stop })),
        h("h1", { id: "guide-title", tabindex: "-1" }, work.title),
        h("p", { class: "maker" }, work.artist ?? t("guide.unknown")),
        h("p", { class: "facts" }, [artwork.date, artwork.medium].filter(Boolean).join(" · ")),
        h("div", { class: "options" },
          choices("length", t("guide.length"), [["brief", t("length.brief")], ["full", t("length.full")]],
            settings.length, (length) => this.#option({ length }), true),
          select("told-in", t("guide.language"), languages, guideLanguage(),
            (language) => this.#option({ guideLanguage: language })))),
      h("div", { class: "telling" }, this.transcript.element, this.status, this.label, this.below),
      this.playbar.element));
  }

  #option(changes) {
    choose(changes);
    this.#retell();
  }

  async #retell() {
    this.#report(false);
    this.telling?.abort();
    const telling = (this.telling = new AbortController());
    const wanted = this.player.wanted || this.player.over;
    this.player.reset();
    this.guide = null;
    try {
      await this.#tell(wanted);
    } catch (error) {
      if (!telling.signal.aborted) this.#say(this.#reason(error), t("retry"), () => this.#retell());
    }
  }

  async #tell(wanted) {
    const { signal } = this.telling;
    const order = { work_id: this.work.id, language: guideLanguage(), length: settings.length };
    const voiced = this.config.voices.includes(order.language);
    this.#clear(order.language, voiced);
    this.player.setRate(settings.rate);
    if (wanted && voiced) this.player.play();
    let stored = false;
    await tell(order, {
      start: (event) => {
        stored = event.stored;
        this.reached(true);
        this.#say(t("guide.writing"));
      },
      sentence: ({ index, text, audio }) => {
        this.transcript.put(index, text);
        if (audio && !stored) this.player.addClip(index, audio);
      },
      done: (guide) => {
        this.#finish(guide);
        remember(this.work, guide).then(() => (this.section.dataset.kept = guide.id));
      },
      lost: async (shown) => {
        this.reached(false);
        const kept = shown ? null : await recall(order.work_id, order.language, order.length);
        if (kept && !signal.aborted) this.#finish(kept);
        return Boolean(kept);
      },
      waiting: (state) => this.#waiting(state),
    }, { signal, retryNow: (wake) => (this.wake = wake) });
  }

  /** An empty transcript while the guide is on its way. */
  #clear(language, voiced) {
    this.label.replaceChildren();
    this.below.replaceChildren();
    this.transcript.start(language, voiced);
    this.playbar.element.hidden = !voiced;
    this.playbar.writing = true;
    this.#say(t("guide.writing"));
  }

  #finish(guide) {
    this.guide = guide;
    const voiced = Boolean(guide.audio);
    this.transcript.settle(guide.sentences.map((sentence) => sentence.text));
    this.playbar.writing = false;
    this.playbar.element.hidden = !voiced;
    if (voiced && !this.player.whole) {
      const duration = guide.sentences.at(-1)?.end ?? 0;
      this.player.setWhole({ url: guide.audio, sentences: guide.sentences, duration });
    }
    this.playbar.draw();
    this.#say(voiced ? "" : t("guide.noVoice", { language: LANGUAGES[guide.language] ?? guide.language }));
    if (voiced) announce(t("guide.ready"));
    this.label.replaceChildren(h("span", { class: `badge ${guide.label}` }, t(`label.${guide.label}`)));
    this.below.replaceChildren(basis(guide), this.#another());
  }

  #another() {
    const link = h("a", { href: "/", class: "secondary wide" }, t("guide.another"));
    link.dataset.link = "";
    return link;
  }

  /** A sentence above the words, with something to press where there is something to do. */
  #say(text, action, act) {
    const key = `${text}|${action ?? ""}`;
    if (this.status.dataset.said === key) return;
    this.status.dataset.said = key;
    this.status.replaceChildren(...(text ? [h("span", {}, text)] : []));
    if (action) this.status.append(h("button", { class: "secondary", type: "button", onclick: act }, action));
  }

  /** The countdown of a wait: said once, then only counted, or a screen reader would count too. */
  #waiting({ reason, seconds }) {
    this.#say(t(`waiting.${reason}`), t("retry.now"), () => this.wake?.());
    let count = this.status.querySelector(".countdown");
    if (!count) {
      count = h("span", { class: "countdown", "aria-hidden": "true" });
      this.status.lastChild.before(count);
    }
    count.textContent = t("waiting.again", { n: seconds });
  }

  #soundChanged() {
    if (this.player.broken && this.status) this.#say(t("guide.noSound"));
  }

  #reason(error) {
    return error instanceof Problem ? error.message : t("guide.lost");
  }

  #notOpened(error, target) {
    const missing = error instanceof Problem && error.status === 404;
    if (!(error instanceof Problem)) this.reached(false);
    const title = missing ? t("missing.title") : t("lost.title");
    const why = missing
      ? t(target.stop === undefined ? "missing.work" : "missing.stop", { n: target.stop ?? "" })
      : error instanceof Problem ? error.message : t("lost.text");
    const again = h("button", { class: "primary", type: "button", onclick: () => this.open(target, false) }, t("retry"));
    this.section.replaceChildren(this.#frame(h("div", { class: "apology" },
      h("h1", { id: "guide-title", tabindex: "-1" }, title),
      h("p", { role: "alert" }, why),
      missing ? this.#another() : again)));
    this.section.querySelector("h1").focus({ preventScroll: true });
  }

  /** Tell the server how long the guide was heard; nothing else about anybody. */
  #report(finished) {
    const seconds = this.player.heard;
    if (!this.guide || seconds < 1 || !navigator.sendBeacon) return;
    const body = new Blob([JSON.stringify({ seconds, finished })], { type: "application/json" });
    navigator.sendBeacon(`/api/guides/${encodeURIComponent(this.guide.id)}/listened`, body);
    this.player.heard = 0;
  }
}
