// The curator's page: logging in, and the way between its views (/curator#works, #works/ID, …).

import { announce, byId, h } from "../dom.js";
import { t, useLanguage } from "../i18n.js";
import { getJson } from "../api.js";
import { openSettings, settings } from "../settings.js";
import { busy, field, line, sentence, view } from "./parts.js";
import { logIn, logOut, onExpired, resume } from "./session.js";
import { importView, exportView, qrView } from "./files.js";
import { tourView } from "./tour.js";
import { workView } from "./work.js";
import { worksView } from "./works.js";

const VIEWS = {
  works: (context, id) => (id ? workView(context, id) : worksView(context)),
  import: importView,
  tour: tourView,
  qr: qrView,
  export: exportView,
};
const FOLDERS = ["/static/i18n", "/static/i18n/curator"];
const context = { config: null, leave: null };
let inside = false;

async function start() {
  const spoken = useLanguage(settings.language, FOLDERS);
  byId("open-settings").addEventListener("click", () => spoken.then(() => openSettings(settingsChanged, false)));
  await spoken;
  context.config = await getJson("/api/config");
  byId("logout").addEventListener("click", async () => {
    await logOut().catch(() => {});
    showLogin();
  });
  addEventListener("hashchange", () => {
    if (location.hash !== "#main") show(true);
  });
  onExpired(() => showLogin(t("curator.expired")));
  inside = await resume().catch(() => false);
  await show(false);
}

async function show(moved) {
  if (!inside) {
    showLogin();
    return;
  }
  frame(true);
  const [, name = "works", id] = /^#(\w+)(?:\/(\w+))?/.exec(location.hash) ?? [];
  const section = name in VIEWS ? name : "works";
  for (const tab of byId("tabs").children) {
    if (tab.hash === `#${section}`) {
      tab.setAttribute("aria-current", "page");
      tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else tab.removeAttribute("aria-current");
  }
  context.leave?.();
  context.leave = null;
  const shown = await Promise.resolve(VIEWS[section](context, id)).catch((error) =>
    view(t("curator.failed"), h("p", { role: "alert" }, sentence(error))));
  if (!inside) return;
  byId("main").replaceChildren(shown);
  document.title = `${shown.querySelector("h1").textContent} – ${context.config.museum}`;
  if (moved) {
    scrollTo(0, 0);
    shown.querySelector("h1").focus({ preventScroll: true });
  }
}

function frame(visible) {
  byId("tabs").hidden = !visible;
  byId("logout").hidden = !visible;
  delete byId("museum").dataset.i18n;
  byId("museum").textContent = context.config.museum || t("curator.title");
}

function showLogin(why = "") {
  inside = false;
  frame(false);
  const says = h("p", { class: "problem", role: "alert" });
  says.textContent = why;
  says.say = (text) => (says.textContent = text);
  const submit = h("button", { class: "primary wide", type: "submit" }, t("curator.login"));
  const password = field("password", t("curator.password"), "", { type: "password", autocomplete: "current-password", required: true });
  const form = h("form", { class: "login", onsubmit: (event) => {
    event.preventDefault();
    busy(submit, says, async () => {
      await logIn(form.elements.password.value);
      inside = true;
      await show(true);
      announce(t("curator.welcome"));
    });
  } },
  h("h1", { tabindex: "-1" }, t("curator.title")),
  h("input", { type: "text", value: "curator", autocomplete: "username", hidden: true }), // for password managers
  password, says, submit);
  byId("main").replaceChildren(form);
  document.title = `${t("curator.login")} – ${context.config.museum}`;
  form.elements.password.focus();
}

async function settingsChanged(names) {
  if (!names.includes("language")) return;
  await useLanguage(settings.language, FOLDERS);
  if (byId("settings").open) {
    openSettings(settingsChanged, false);
    byId("language").focus();
  }
  await show(false);
}

start();
