// Writing a tour ahead: which works, languages and lengths; progress that survives leaving the page.

import { h } from "../dom.js";
import { LANGUAGES, t } from "../i18n.js";
import { button, checks, line, sentence, view } from "./parts.js";
import { call } from "./session.js";

const KEY = "museum-guide-tour";
const EVERY = 1000; // milliseconds between two looks at a running job
const MOST = 100; // works on one page of the list

export async function tourView(context) {
  const { works, total } = await call("GET", `works?limit=${MOST}`);
  const { languages, lengths } = context.config;
  const which = checks("works", t("curator.onlyThese"),
    works.map((work) => [work.id, [work.stop, work.title].filter((part) => part !== null).join(" · ")]), [], "pick");
  const told = checks("languages", t("curator.languages"), languages.map((code) => [code, LANGUAGES[code] ?? code]), languages.slice(0, 1));
  const long = checks("lengths", t("guide.length"), lengths.map((length) => [length, t(`length.${length}`)]), ["brief"]);
  const says = line();
  const progress = new Progress(context);
  const begin = button(t("curator.begin"), async () => {
    const order = { work_ids: which.chosen(), languages: told.chosen(), lengths: long.chosen() };
    if (!order.languages.length || !order.lengths.length) {
      says.say(t("curator.chooseOne"), true);
      return;
    }
    if (!order.work_ids.length) order.work_ids = null;
    says.say("");
    const { job_id: job } = await call("POST", "tour", order);
    progress.follow(job);
  }, { says, kind: "primary" });
  progress.resume();
  return view(t("curator.tour"),
    h("p", { class: "lead" }, t("curator.tourLead", { n: total })),
    h("div", { class: "card view" }, told, long,
      works.length ? h("details", {}, h("summary", {}, t("curator.some")), which) : null,
      h("div", { class: "row" }, begin), says),
    progress.element);
}

class Progress {
  constructor(context) {
    this.bar = h("progress", { "aria-label": t("curator.progress") });
    this.count = h("p", { class: "says", role: "status" });
    this.faults = h("ul", { class: "faults" });
    this.cancel = button(t("curator.cancelJob"), async () => this.draw(await call("POST", `jobs/${this.job}/cancel`)));
    this.element = h("div", { class: "card view", hidden: true }, h("h2", {}, t("curator.progress")), this.bar, this.count,
      h("div", { class: "row" }, this.cancel), this.faults);
    context.leave = () => clearTimeout(this.timer);
  }

  /** Follow the job that ran when this page was last open. */
  resume() {
    const job = sessionStorage.getItem(KEY);
    if (job) this.follow(job);
  }

  async follow(job) {
    this.job = job;
    sessionStorage.setItem(KEY, job);
    clearTimeout(this.timer);
    try {
      const state = await call("GET", `jobs/${job}`);
      this.draw(state);
      if (state.state === "waiting" || state.state === "running") this.timer = setTimeout(() => this.follow(job), EVERY);
    } catch (error) {
      if (error.status === 404) {
        sessionStorage.removeItem(KEY);
        this.element.hidden = true;
      } else {
        this.count.textContent = sentence(error);
        this.timer = setTimeout(() => this.follow(job), 4 * EVERY);
      }
    }
  }

  draw({ done, total, faults, state }) {
    this.element.hidden = false;
    this.bar.max = Math.max(1, total);
    this.bar.value = done;
    this.count.textContent = `${t("curator.doneOf", { done, total })} · ${t(`curator.job.${state}`)}`;
    this.cancel.hidden = state !== "waiting" && state !== "running";
    this.faults.replaceChildren(...faults.map((fault) => h("li", {}, fault)));
  }
}
