// One work: its record to edit, its guides to hear, mend and approve.

import { h } from "../dom.js";
import { LANGUAGES, t } from "../i18n.js";
import { getJson } from "../api.js";
import { choices, select } from "../settings.js";
import { GuideCard } from "./guide.js";
import { back, button, busy, confirm, field, line, view } from "./parts.js";
import { call, write } from "./session.js";

const FORMS = ["painting", "sculpture", "drawing", "print", "photograph", "installation", "object"];
const SPOKEN = ["artist", "artist_bio", "date", "medium", "dimensions"];
const CREDIT = ["museum", "object_id", "credit_line", "licence", "source_url"];
const LISTS = ["subjects", "notes"];

export async function workView(context, id) {
  const work = id === "new" ? null : await getJson(`/api/works/${id}`);
  const form = recordForm(work);
  const content = [back("#works", t("curator.works")), h("div", { class: "card" }, form)];
  if (work) content.push(await guidesOf(context, work));
  const shown = view(work?.title ?? t("curator.add"), ...content);
  shown.prepend(shown.children[1]); // the way back stands above the heading
  return shown;
}

function recordForm(work) {
  const artwork = work?.artwork ?? {};
  const says = line();
  const save = h("button", { class: "primary", type: "submit" }, t("curator.save"));
  const form = h("form", { class: "record-form", autocomplete: "off" },
    field("title", t("field.title"), artwork.title, { required: true }),
    field("stop", t("curator.stop"), work?.stop, { inputmode: "numeric", pattern: "[0-9]*", maxlength: 6 }),
    SPOKEN.map((name) => field(name, t(`field.${name}`), artwork[name])),
    select("field-form", t("field.form"), FORMS.map((form) => [form, t(`form.${form}`)]), artwork.form ?? "painting", () => {}),
    LISTS.map((name) => field(name, t(`field.${name}`), (artwork[name] ?? []).join("\n"), { kind: "textarea", hint: t("curator.onePerLine") })),
    h("details", { class: "more full" }, h("summary", {}, t("curator.credits")),
      h("div", { class: "inner" }, CREDIT.map((name) => field(name, t(`curator.field.${name}`), artwork[name])))),
    h("div", { class: "row full" }, save, work ? remove(work, says) : null, says));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(save, says, async () => {
      const draft = read(form);
      const saved = work ? await call("PUT", `works/${work.id}`, draft) : await call("POST", "works", draft);
      says.say(t("curator.saved"));
      if (!work) location.hash = `#works/${saved.id}`;
    });
  });
  return form;
}

function read(form) {
  const value = (name) => form.querySelector(`#field-${name}`).value.trim();
  const artwork = { title: value("title"), form: value("form") };
  for (const name of [...SPOKEN, ...CREDIT]) if (value(name)) artwork[name] = value(name);
  for (const name of LISTS) artwork[name] = value(name).split("\n").map((item) => item.trim()).filter(Boolean);
  const stop = value("stop");
  return { stop: stop ? Number(stop) : null, artwork };
}

function remove(work, says) {
  return button(t("curator.delete"), async () => {
    if (!(await confirm(t("curator.deleteSure", { title: work.title }), t("curator.delete")))) return;
    await call("DELETE", `works/${work.id}`);
    location.hash = "#works";
  }, { says, kind: "secondary danger" });
}

async function guidesOf(context, work) {
  const { guides } = await call("GET", `guides?work_id=${work.id}`);
  const list = h("div", { class: "guides" }, guides.map((guide) => new GuideCard(guide).element));
  const says = line();
  if (!guides.length) says.say(t("curator.noGuides"));
  const order = { work_id: work.id, language: context.config.languages[0], length: "brief" };
  const another = button(t("curator.write"), async () => {
    says.say(t("curator.writing"));
    await write(order);
    const now = await call("GET", `guides?work_id=${work.id}`);
    list.replaceChildren(...now.guides.map((guide) => new GuideCard(guide).element));
    says.say(t("guide.ready"));
  }, { says });
  return h("section", { class: "view", "aria-labelledby": "guides-title" },
    h("h2", { id: "guides-title" }, t("curator.guides")),
    h("div", { class: "row" },
      choices("new-length", t("guide.length"), [["brief", t("length.brief")], ["full", t("length.full")]], order.length, (value) => (order.length = value), true),
      languageList(context, order), another),
    says, list);
}

function languageList(context, order) {
  const options = context.config.languages.map((code) => [code, LANGUAGES[code] ?? code]);
  const list = select("new-language", t("guide.language"), options, order.language, (value) => (order.language = value));
  list.querySelector("label").className = "visually-hidden";
  return list;
}
