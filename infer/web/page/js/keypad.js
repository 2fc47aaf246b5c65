// The number beside a work, by finger, keyboard or screen reader.

import { byId, h, icon } from "./dom.js";
import { t } from "./i18n.js";

/** Wire the keypad; `go(stop)` is called with a whole number. */
export function setUpKeypad(go) {
  const field = byId("stop");
  const put = (digits) => {
    field.value = digits.slice(0, field.maxLength);
    complain("");
  };
  const erase = h("button", { type: "button", class: "key", onclick: () => put(field.value.slice(0, -1)) }, icon("erase"));
  erase.dataset.i18nLabel = "keypad.erase";
  const clear = h("button", { type: "button", class: "key small", onclick: () => put("") });
  clear.dataset.i18n = "keypad.clear";
  const digit = (n) => h("button", { type: "button", class: "key", onclick: () => put(field.value + n) }, String(n));
  byId("keys").append(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(digit), clear, digit(0), erase);

  field.addEventListener("input", () => put(field.value.replace(/\D/g, "")));
  byId("keypad").addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value) go(Number(field.value));
    else {
      complain(t("keypad.empty"));
      field.focus();
    }
  });
}

/** Say what is wrong with the number. */
export function complain(text) {
  byId("stop-problem").textContent = text;
  byId("stop").toggleAttribute("aria-invalid", Boolean(text));
}

/** Ready for the next number. */
export function clearKeypad() {
  byId("stop").value = "";
  complain("");
}
