// What a visitor chose: languages, text size, colours, speed, length. Kept on the device.

import { byId, h, icon } from "./dom.js";
import { LANGUAGES, browserLanguage, t } from "./i18n.js";

const KEY = "museum-guide";
const usual = () => ({
  language: browserLanguage(),
  guideLanguage: null, // the page's own
  size: "normal",
  theme: "system",
  rate: 1,
  length: "brief",
});

/** The visitor's choices. Read them; change them with `choose`. */
export const settings = { ...usual(), ...read() };

/** The language guides are wanted in. */
export const guideLanguage = () => settings.guideLanguage ?? settings.language;

/** Change choices and keep them. */
export function choose(changes) {
  Object.assign(settings, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Storage is forbidden here: the choice holds until the page is closed.
  }
  paint();
}

/** Everything as it was at first: for a kiosk, between two visitors. */
export const forgetChoices = () => choose(usual());

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return kept && kept.language in LANGUAGES ? kept : {};
  } catch {
    return {};
  }
}

function paint() {
  const root = document.documentElement;
  for (const [name, plain] of [["theme", "system"], ["size", "normal"]]) {
    if (settings[name] === plain) delete root.dataset[name];
    else root.dataset[name] = settings[name];
  }
}

/** Fill and open the dialog; `changed(names)` hears which choices changed. Curators choose no guides. */
export function openSettings(changed, guides = true) {
  const dialog = byId("settings");
  const set = (changes) => {
    choose(changes);
    changed(Object.keys(changes));
  };
  const languages = Object.entries(LANGUAGES);
  dialog.replaceChildren(
    h("div", { class: "sheet-head" },
      h("h2", { id: "settings-title" }, t("settings.title")),
      h("button", { class: "round", type: "button", "aria-label": t("close"), onclick: () => dialog.close() }, icon("close"))),
    select("language", t("settings.language"), languages, settings.language, (value) => set({ language: value })),
    guides ? select("guide-language", t("settings.guideLanguage"),
      [["", t("settings.sameLanguage")], ...languages], settings.guideLanguage ?? "",
      (value) => set({ guideLanguage: value || null })) : "",
    choices("size", t("settings.size"),
      ["normal", "large", "larger"].map((size) => [size, t(`size.${size}`)]), settings.size,
      (value) => set({ size: value })),
    choices("theme", t("settings.theme"),
      ["system", "light", "dark", "contrast"].map((theme) => [theme, t(`theme.${theme}`)]), settings.theme,
      (value) => set({ theme: value })),
  );
  if (!dialog.open) dialog.showModal();
}

/** A labelled list to choose from. */
export function select(id, label, options, value, changed) {
  const list = h("select", { id, onchange: () => changed(list.value) },
    options.map(([code, name]) => h("option", { value: code, selected: code === value }, name)));
  return h("div", { class: "field" }, h("label", { for: id }, label), list);
}

/** A few choices side by side, one of them taken: a group of radio buttons. */
export function choices(name, label, options, value, changed, quiet = false) {
  return h("fieldset", { class: "choices" },
    h("legend", { class: quiet ? "visually-hidden" : null }, label),
    h("div", { class: "segments" }, options.map(([code, text]) =>
      h("label", {},
        h("input", { type: "radio", name, value: code, checked: code === value, onchange: () => changed(code) }),
        h("span", {}, text)))));
}
