// The visitor's page: the keypad and the list, one work at a time, and the way between them.

import { announce, byId, icon } from "./dom.js";
import { t, useLanguage } from "./i18n.js";
import { getJson } from "./api.js";
import { GuideView } from "./guide.js";
import { clearKeypad, setUpKeypad } from "./keypad.js";
import { setUpKiosk } from "./kiosk.js";
import { install } from "./offline.js";
import { Player } from "./player.js";
import { canScan, scan } from "./scan.js";
import { Search } from "./search.js";
import { forgetChoices, openSettings, settings } from "./settings.js";

const player = new Player(byId("audio"));
let view;
let search;
let config;

async function start() {
  setUpKeypad((stop) => go(`/s/${stop}`, true));
  const spoken = useLanguage(settings.language);
  byId("open-settings").addEventListener("click", () => spoken.then(() => openSettings(settingsChanged)));
  await spoken;
  config = await getJson("/api/config").catch(() => ({ museum: "", languages: ["en"], lengths: ["brief", "full"], voices: [] }));
  if (config.museum) {
    delete byId("museum").dataset.i18n;
    byId("museum").textContent = config.museum;
  }
  view = new GuideView({ section: byId("guide"), player, config, home: () => go("/"), reached });
  search = new Search(addressOf, reached);
  document.addEventListener("click", followLink);
  addEventListener("popstate", () => show(false));
  addEventListener("online", () => reached(true));
  addEventListener("offline", () => reached(false));
  setUpKiosk(() => player.state === "playing", leaveKiosk);
  setUpMediaKeys();
  await setUpScanner();
  reached(navigator.onLine);
  show(true);
  install();
}

/** Where a work's guide is found. */
function addressOf(work) {
  return work.stop === null ? `/?work=${encodeURIComponent(work.id)}` : `/s/${work.stop}`;
}

/** What the address asks for: {stop}, {work}, or null for the list. */
function targetOf({ pathname, search: query }) {
  const [, stop] = /^\/s\/(\d{1,6})\/?$/.exec(pathname) ?? [];
  if (stop) return { stop: Number(stop) };
  const work = new URLSearchParams(query).get("work");
  return work ? { work } : null;
}

/** Go to an address of this page; `pressed` says that a finger or key asked for it. */
function go(address, pressed = false) {
  if (pressed && targetOf(new URL(address, location.href))) player.unlock();
  history.pushState(null, "", address);
  show(false);
}

function followLink(event) {
  const link = event.target.closest("a[data-link]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute("href"), true);
}

function show(first) {
  const target = targetOf(location);
  byId("home").hidden = Boolean(target);
  byId("guide").hidden = !target;
  document.documentElement.dataset.view = target ? "guide" : "home";
  if (target) {
    view.open(target, true);
    focusGuide(first);
  } else {
    view.leave();
    if (!first) clearKeypad(); // what somebody typed while the page was loading stays
    document.title = config.museum || t("app.name");
    search.find();
    if (!first) byId("home-title").focus({ preventScroll: true });
  }
  scrollTo(0, 0);
}

/** Once the work's title is there, a screen reader starts from it. */
function focusGuide(first) {
  if (first) return;
  const section = byId("guide");
  const observer = new MutationObserver(() => {
    const title = section.querySelector("h1");
    if (!title) return;
    observer.disconnect();
    title.focus({ preventScroll: true });
  });
  observer.observe(section, { childList: true, subtree: true });
  byId("main").focus({ preventScroll: true });
}

function reached(yes) {
  const banner = byId("offline");
  if (banner.hidden === yes) return;
  banner.hidden = yes;
  banner.textContent = yes ? "" : t("offline");
}

async function settingsChanged(names) {
  if (names.includes("language")) {
    await useLanguage(settings.language);
    redrawSettings();
    byId("offline").textContent = byId("offline").hidden ? "" : t("offline");
    drawScanButton();
    search?.show();
    announce(t("settings.changed"));
  }
  const follows = names.includes("language") && settings.guideLanguage === null;
  if (names.includes("language") || names.includes("guideLanguage")) {
    view?.redraw(follows || names.includes("guideLanguage"));
  }
}

/** The open dialog in the new language; one that was closed in the meantime stays closed. */
function redrawSettings() {
  if (!byId("settings").open) return;
  openSettings(settingsChanged);
  byId("language").focus();
}

async function setUpScanner() {
  if (!(await canScan())) return;
  drawScanButton();
  byId("scan").hidden = false;
  byId("scan").addEventListener("click", () => {
    player.unlock();
    scan((stop) => go(`/s/${stop}`));
  });
}

function drawScanButton() {
  byId("scan").replaceChildren(icon("scan"), t("scan.open"));
}

/** The keys of a headset and of a locked phone. */
function setUpMediaKeys() {
  if (!("mediaSession" in navigator)) return;
  const session = navigator.mediaSession;
  session.setActionHandler("play", () => player.play());
  session.setActionHandler("pause", () => player.pause());
  session.setActionHandler("seekbackward", () => player.back(10));
  player.addEventListener("change", () => {
    if (!view?.work) return;
    session.metadata = new MediaMetadata({
      title: view.work.title,
      artist: view.work.artist ?? "",
      album: config.museum,
    });
  });
}

async function leaveKiosk() {
  byId("settings").close();
  byId("scanner").close();
  forgetChoices();
  await useLanguage(settings.language);
  byId("query").value = "";
  if (location.pathname !== "/") history.pushState(null, "", "/");
  show(false);
}

start();
