// The page's own words in five languages: t("guide.stop", {n: 12}), and data-i18n in the HTML.

/** Every language of the page, by its own name. */
export const LANGUAGES = {
  en: "English",
  fr: "Français",
  de: "Deutsch",
  es: "Español",
  it: "Italiano",
};

let strings = {};
let plurals = new Intl.PluralRules("en");

/** The language of this browser, or English where the page does not speak it. */
export function browserLanguage() {
  for (const wanted of navigator.languages ?? [navigator.language]) {
    const code = wanted.slice(0, 2).toLowerCase();
    if (code in LANGUAGES) return code;
  }
  return "en";
}

/** Load a language from `folder` and put it into the document. */
export async function useLanguage(code, folders = ["/static/i18n"]) {
  const loaded = await Promise.all(
    folders.map((folder) => fetch(`${folder}/${code}.json`).then((answer) => answer.json())),
  );
  strings = Object.assign({}, ...loaded);
  plurals = new Intl.PluralRules(code);
  document.documentElement.lang = code;
  translate(document);
}

/** A string of the current language, with {names} filled in; plural forms follow `n`. */
export function t(key, values = {}) {
  let text = strings[key] ?? key;
  if (typeof text === "object") text = text[plurals.select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Translate everything under `root` that is marked in the HTML. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-i18n]")) {
    element.textContent = t(element.dataset.i18n);
  }
  for (const element of root.querySelectorAll("[data-i18n-placeholder]")) {
    element.placeholder = t(element.dataset.i18nPlaceholder);
  }
  for (const element of root.querySelectorAll("[data-i18n-label]")) {
    element.setAttribute("aria-label", t(element.dataset.i18nLabel));
  }
}
