// What the curator's views are put together from.

import { byId, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { Problem } from "../api.js";

/** A view with its heading, which takes the focus when the view opens. */
export function view(title, ...content) {
  return h("section", { class: "view", "aria-labelledby": "view-title" },
    h("h1", { id: "view-title", tabindex: "-1" }, title), ...content);
}

/** A line that says how it went; `.say(text, bad)`. */
export function line() {
  const element = h("p", { class: "says", role: "status" });
  element.say = (text, bad = false) => {
    element.classList.toggle("bad", bad);
    element.textContent = text;
  };
  return element;
}

/** An error as a sentence. */
export const sentence = (error) => (error instanceof Problem ? error.message : t("curator.lost"));

/** A button that is busy while its action runs and says what went wrong. */
export function button(text, act, { says, kind = "secondary", type = "button" } = {}) {
  const element = h("button", { class: kind, type }, text);
  element.addEventListener("click", () => busy(element, says, act));
  return element;
}

/** Run an action with its button disabled; returns whether it went well. */
export async function busy(element, says, act) {
  element.disabled = true;
  element.setAttribute("aria-busy", "true");
  try {
    await act();
    return true;
  } catch (error) {
    says?.say(sentence(error), true);
    return false;
  } finally {
    element.disabled = false;
    element.removeAttribute("aria-busy");
  }
}

/** A labelled field; `kind` is input or textarea. */
export function field(name, label, value = "", { kind = "input", hint, ...rest } = {}) {
  const id = `field-${name}`;
  const control = h(kind, { id, name, ...rest, "aria-describedby": hint ? `${id}-hint` : null });
  control.value = value ?? "";
  return h("div", { class: "field" }, h("label", { for: id }, label), control,
    hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null);
}

/** A group of boxes to tick; `.chosen()` lists the ticked values. */
export function checks(name, legend, options, ticked, inside = "options") {
  const boxes = options.map(([value, text]) => {
    const box = h("input", { type: "checkbox", name, value, checked: ticked.includes(value) });
    return [box, h("label", {}, box, h("span", {}, text))];
  });
  const element = h("fieldset", { class: "checks" }, h("legend", {}, legend),
    h("div", { class: inside, tabindex: inside === "pick" ? "0" : null,
      role: inside === "pick" ? "group" : null, "aria-label": inside === "pick" ? legend : null },
      boxes.map(([, label]) => label)));
  element.chosen = () => boxes.filter(([box]) => box.checked).map(([box]) => box.value);
  return element;
}

/** The way back to a list. */
export const back = (href, text) => h("a", { class: "backlink", href }, icon("left"), text);

/** Ask before something that cannot be undone; resolves to whether it was meant. */
export function confirm(question, action) {
  const dialog = byId("confirm");
  return new Promise((resolve) => {
    const end = (meant) => {
      resolve(meant);
      dialog.close();
    };
    dialog.replaceChildren(
      h("h2", { id: "confirm-title" }, question),
      h("div", { class: "row" },
        h("button", { class: "secondary danger", type: "button", onclick: () => end(true) }, action),
        h("button", { class: "secondary", type: "button", autofocus: true, onclick: () => end(false) }, t("curator.keep"))));
    dialog.addEventListener("close", () => resolve(false), { once: true });
    dialog.showModal();
  });
}
