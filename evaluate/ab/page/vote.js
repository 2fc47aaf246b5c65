// The page of a blind comparison: two guides of one work, a verdict, and on to the next pair.

import { Problem, getJson, request, sends } from "/static/js/api.js";
import { announce, byId, h } from "/static/js/dom.js";
import { LANGUAGES, browserLanguage, t, translate, useLanguage } from "/static/js/i18n.js";

const NAME = location.pathname.split("/")[2];
const API = `/api/vote/${NAME}`;
const VERDICTS = ["left", "right", "equal", "both bad"];
const REASONS = ["wrong", "dull", "too long", "too short", "hard to follow", "other"];
const SECTIONS = ["ballot", "thanks", "fault"];
const key = (group, value) => `${group}.${value.replaceAll(" ", "-")}`;

let shown = null; // the ballot before the voter
let more = false; // whether the voter goes on after enough votes
let sending = false;

/** Show one section and put the focus on its heading, where a screen reader goes on reading. */
function open(section, { focus = true } = {}) {
  for (const name of SECTIONS) byId(name).hidden = name !== section;
  if (focus) byId(section).querySelector("h1").focus();
}

/** Everything that stands in the page's language and is not marked in the HTML. */
function fill() {
  document.title = t("title");
  for (const label of document.querySelectorAll("[data-key]")) label.textContent = t(label.dataset.key);
  if (shown?.done) thank();
  else if (shown) describe();
}

function choices() {
  const option = (type, group, name, value, letter) =>
    h("label", { class: "choice" },
      h("input", { type, name, value, id: `${group}-${letter}` }),
      h("span", { "data-key": key(group, value) }));
  byId("verdicts").append(...VERDICTS.map((v, i) => option("radio", "verdict", "verdict", v, i + 1)));
  byId("reasons").append(...REASONS.map((v, i) => option("checkbox", "reason", "reason", v, i + 1)));
}

/** What the ballot says in words of the page: the work, and how far one has come. */
function describe() {
  const { title, artist, date, medium } = shown.artwork;
  byId("work").textContent = title;
  byId("about").textContent = [artist, date, medium].filter(Boolean).join(" · ");
  byId("progress").textContent = t("progress", { n: shown.cast + 1, of: shown.asked });
}

function side(which) {
  const { text, audio } = shown[which];
  const name = key("side", which);
  return h("article", { class: "side", "aria-labelledby": `${which}-name` },
    h("h3", { id: `${which}-name`, "data-key": name }, t(name)),
    audio && h("audio", {
      controls: true, preload: "none", src: audio, "aria-labelledby": `${which}-name`,
      onplay: (event) => hush(event.target),
    }),
    h("p", { class: "text", lang: shown.language, id: which }, text));
}

/** Only one guide speaks at a time. */
function hush(playing) {
  for (const audio of document.querySelectorAll("audio")) if (audio !== playing) audio.pause();
}

function thank() {
  byId("thanks-title").textContent = t(shown.cast ? "thanks.title" : "thanks.nothing");
  byId("thanks-text").textContent = shown.cast ? t("thanks.text", { n: shown.cast }) : "";
  byId("more").hidden = !shown.more;
}

function blame(error) {
  const unknown = error instanceof Problem && error.status === 404;
  byId("fault-title").textContent = t(unknown ? "fault.unknown" : "fault.title");
  byId("fault-text").textContent = unknown ? "" : problem(error);
  byId("again").hidden = unknown;
  open("fault");
}

/** A refusal in the page's language. */
function problem(error) {
  if (!(error instanceof Problem)) return t("problem.unreachable");
  const known = { 403: "problem.forbidden", 425: "problem.soon", 429: "problem.often" }[error.status];
  return known ? t(known, { n: error.retryAfter ?? 60 }) : error.message;
}

async function load(focus = true) {
  byId("problem").textContent = "";
  try {
    shown = await getJson(`${API}/ballot${more ? "?more=1" : ""}`);
  } catch (error) {
    blame(error);
    return;
  }
  if (shown.done) {
    thank();
    open("thanks");
    return;
  }
  byId("form").reset();
  byId("pair").replaceChildren(side("left"), side("right"));
  describe();
  open("ballot", { focus });
  scrollTo({ top: 0 });
  announce(byId("progress").textContent);
}

/** What was chosen, as the API takes it; null, with a word of why, while nothing is. */
function chosen() {
  const form = new FormData(byId("form"));
  const verdict = form.get("verdict");
  if (!verdict) {
    byId("problem").textContent = t("problem.none");
    byId("verdict-1").focus();
    return null;
  }
  return { verdict, reasons: form.getAll("reason"), website: form.get("website") };
}

async function vote(event) {
  event.preventDefault();
  const cast = sending ? null : chosen();
  if (!cast) return;
  sending = true;
  byId("problem").textContent = "";
  try {
    await request(`${API}/ballots/${shown.id}`, sends("POST", cast));
  } catch (error) {
    // A pair that was voted on already, in another window say, is behind us too.
    if (!(error instanceof Problem) || error.status !== 409) {
      byId("problem").textContent = problem(error);
      return;
    }
  } finally {
    sending = false;
  }
  await load();
}

async function start() {
  const language = byId("language");
  language.append(...Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code }, name)));
  language.value = remembered();
  choices();
  byId("form").addEventListener("submit", vote);
  byId("more").addEventListener("click", () => { more = true; load(); });
  byId("again").addEventListener("click", () => load());
  language.addEventListener("change", () => speak(language.value));
  await speak(language.value);
  await load(false);
}

async function speak(code) {
  await useLanguage(code, ["/vote/page/i18n"]);
  translate(document);
  fill();
}

/** The language that was chosen on the visitor's page, else the browser's. */
function remembered() {
  try {
    const { language } = JSON.parse(localStorage.getItem("museum-guide") || "{}") || {};
    if (language in LANGUAGES) return language;
  } catch {
    // Storage may be forbidden.
  }
  return browserLanguage();
}

start();
