// A tour that plays from its folder, with no server: a browser loads neither modules nor JSON from
// file://, so this is one classic script, and its strings and works are globals set by two others.
(function () {
  "use strict";
  const STRINGS = window.MUSEUM_GUIDE_STRINGS;
  const TOUR = window.MUSEUM_GUIDE_TOUR;
  const NAMES = { en: "English", fr: "Français", de: "Deutsch", es: "Español", it: "Italiano" };
  const RATES = [0.75, 0.9, 1, 1.1, 1.25, 1.5];
  const FIELDS = ["title", "artist", "artist_bio", "date", "form", "medium", "dimensions", "subjects", "notes", "museum", "object_id", "licence"];
  const PLAIN = { machine: "plainMachine", approved: "plainApproved" };
  const PLAY = "M7 4.5v15l12.5-7.5z";
  const PAUSE = "M6 4.5h4.2v15H6zM13.8 4.5H18v15h-4.2z";
  const KEY = "museum-guide";

  const byId = (id) => document.getElementById(id);
  const audio = byId("audio");
  const settings = Object.assign({ language: browserLanguage(), theme: "system", size: "normal", rate: 1, length: "brief", guideLanguage: null }, kept());
  let work = null;
  let guide = null;
  let sentences = [];

  function browserLanguage() {
    const codes = navigator.languages.map((code) => code.slice(0, 2));
    return codes.find((code) => code in STRINGS) || "en";
  }

  function kept() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) || {};
    } catch {
      return {};
    }
  }

  function choose(changes) {
    Object.assign(settings, changes);
    try {
      localStorage.setItem(KEY, JSON.stringify(settings));
    } catch {
      // Some browsers keep nothing for files; the choice then holds until the page is closed.
    }
  }

  function t(key, values = {}) {
    let text = STRINGS[settings.language][key] ?? key;
    if (typeof text === "object") text = text[new Intl.PluralRules(settings.language).select(values.n)] ?? text.other;
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  function h(tag, properties, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const options = (list, pairs, value) =>
    list.replaceChildren(...pairs.map(([code, text]) => {
      const option = h("option", { value: code }, text);
      option.selected = String(code) === String(value);
      return option;
    }));

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const plain = (text) => String(text ?? "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  function paint() {
    const root = document.documentElement;
    root.lang = settings.language;
    if (settings.theme === "system") delete root.dataset.theme;
    else root.dataset.theme = settings.theme;
    if (settings.size === "normal") delete root.dataset.size;
    else root.dataset.size = settings.size;
    for (const element of document.querySelectorAll("[data-i18n]")) element.textContent = t(element.dataset.i18n);
    for (const element of document.querySelectorAll("[data-i18n-label]")) element.setAttribute("aria-label", t(element.dataset.i18nLabel));
    if (TOUR.museum) byId("museum").textContent = TOUR.museum;
    byId("back").setAttribute("aria-label", t("player.back", { n: 10 }));
    options(byId("language"), Object.keys(STRINGS).map((code) => [code, NAMES[code] ?? code]), settings.language);
    options(byId("theme"), ["system", "light", "dark", "contrast"].map((name) => [name, t(`theme.${name}`)]), settings.theme);
    options(byId("size"), ["normal", "large", "larger"].map((name) => [name, t(`size.${name}`)]), settings.size);
    const number = new Intl.NumberFormat(settings.language);
    options(byId("speed"), RATES.map((rate) => [rate, `${number.format(rate)} ×`]), settings.rate);
    show();
  }

  function show() {
    const id = location.hash === "#main" ? work?.id : decodeURIComponent(location.hash.slice(1));
    const found = TOUR.works.find((one) => one.id === id);
    byId("list").hidden = Boolean(found);
    byId("work").hidden = !found;
    document.documentElement.dataset.view = found ? "guide" : "home";
    if (found) showWork(found);
    else {
      audio.pause();
      work = guide = null;
      document.title = TOUR.museum || t("tour.title");
      list();
    }
  }

  function list() {
    const words = plain(byId("query").value).split(/\s+/).filter(Boolean);
    const found = TOUR.works.filter((one) => {
      const told = plain([one.title, one.artist].join(" "));
      return words.every((word) => told.includes(word) || String(one.stop) === word);
    });
    byId("count").textContent = found.length ? t("search.count", { n: found.length }) : t("search.none", { query: byId("query").value });
    byId("works").replaceChildren(...found.map((one) =>
      h("li", {}, h("a", { href: `#${encodeURIComponent(one.id)}` },
        h("span", { class: "number" }, one.stop === null ? "" : String(one.stop)),
        h("span", { class: "what" },
          h("span", { class: "title" }, one.title),
          h("span", { class: "by" }, [one.artist, one.date].filter(Boolean).join(" · ")))))));
  }

  function showWork(found) {
    const again = work === found;
    work = found;
    document.title = found.title;
    byId("stop").textContent = found.stop === null ? "" : t("guide.stop", { n: found.stop });
    byId("work-title").textContent = found.title;
    byId("maker").textContent = found.artist || t("guide.unknown");
    byId("facts").textContent = [found.date, found.artwork.medium].filter(Boolean).join(" · ");
    const languages = [...new Set(found.guides.map((one) => one.language))];
    const wanted = settings.guideLanguage ?? settings.language;
    const language = languages.includes(wanted) ? wanted : languages[0];
    options(byId("told-in"), languages.map((code) => [code, NAMES[code] ?? code]), language);
    const lengths = ["brief", "full"].filter((name) => found.guides.some((one) => one.language === language && one.length === name));
    const length = lengths.includes(settings.length) ? settings.length : lengths[0];
    options(byId("length"), lengths.map((name) => [name, t(`length.${name}`)]), length);
    const chosen = found.guides.find((one) => one.language === language && one.length === length) ?? null;
    showGuide(chosen, again && chosen === guide);
  }

  function showGuide(chosen, same) {
    guide = chosen;
    const voiced = Boolean(guide?.audio);
    byId("playbar").hidden = !voiced;
    byId("notice").textContent = !guide ? t("tour.none") : voiced ? "" : t("guide.noVoice", { language: NAMES[guide.language] ?? guide.language });
    byId("label").textContent = guide ? t(`label.${guide.label}`) : "";
    byId("label").className = `badge ${guide?.label ?? ""}`;
    showBasis();
    if (same) return draw();
    audio.pause();
    sentences = (guide?.sentences ?? []).map(({ text }, index) => h("span", { class: "sentence", "data-index": index }, text));
    byId("words").lang = guide?.language ?? settings.language;
    byId("words").replaceChildren(...sentences.flatMap((sentence) => [sentence, " "]));
    if (voiced) audio.src = guide.audio.split("/").map(encodeURIComponent).join("/");
    else audio.removeAttribute("src");
    draw();
  }

  function showBasis() {
    document.querySelector(".basis").hidden = !guide;
    if (!guide) return;
    byId("why").textContent = t(`basis.${(guide.model === "none" && PLAIN[guide.label]) || guide.label}`);
    const artwork = guide.artwork ?? work.artwork;
    byId("record").replaceChildren(...FIELDS.filter((field) => artwork[field] && artwork[field].length).map((field) => {
      const value = field === "form" ? t(`form.${artwork.form}`) : [].concat(artwork[field]).join(" · ");
      return h("div", {}, h("dt", {}, t(`field.${field}`)), h("dd", {}, value));
    }));
    const claims = guide.claims ?? [];
    byId("claims").replaceChildren(...claims.map((claim) =>
      h("li", { class: claim.verdict },
        h("q", { lang: guide.language }, claim.text),
        h("span", { class: "verdict" }, t(`verdict.${claim.verdict}`)),
        h("p", { class: "reason", lang: "en" }, claim.reason))));
    if (!claims.length) byId("claims").append(h("li", {}, t("basis.noClaims")));
    byId("credit").textContent = guide.credit_line ?? artwork.credit_line ?? "";
  }

  function draw() {
    const moment = audio.currentTime || 0;
    const end = guide?.sentences.at(-1)?.end ?? audio.duration ?? 0;
    byId("play-shape").setAttribute("d", audio.paused ? PLAY : PAUSE);
    byId("play").setAttribute("aria-label", t(audio.paused ? "player.play" : "player.pause"));
    byId("now").textContent = clock(moment);
    byId("end").textContent = clock(end || 0);
    byId("moment").max = end || 1;
    byId("moment").value = moment;
    byId("moment").setAttribute("aria-valuetext", t("player.valuetext", { now: clock(moment), end: clock(end || 0) }));
    byId("playbar").style.setProperty("--played", end ? `${(100 * moment) / end}%` : "0%");
    const heard = !audio.paused || (moment > 0 && !audio.ended);
    const current = heard ? (guide?.sentences ?? []).findIndex((one) => one.start !== null && moment >= one.start - 0.05 && moment < one.end) : -1;
    sentences.forEach((sentence, index) => sentence.classList.toggle("spoken", index === current));
  }

  const applyRate = () => {
    audio.defaultPlaybackRate = audio.playbackRate = Number(settings.rate);
    audio.preservesPitch = true;
  };
  for (const name of ["play", "pause", "timeupdate", "ended", "loadedmetadata", "seeked"]) audio.addEventListener(name, draw);
  audio.addEventListener("loadedmetadata", applyRate);
  audio.addEventListener("error", () => {
    if (guide?.audio && audio.hasAttribute("src")) byId("notice").textContent = t("guide.noSound");
  });
  byId("play").addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
  byId("back").addEventListener("click", () => (audio.currentTime = Math.max(0, audio.currentTime - 10)));
  byId("moment").addEventListener("input", () => (audio.currentTime = Number(byId("moment").value)));
  byId("speed").addEventListener("change", () => {
    choose({ rate: Number(byId("speed").value) });
    applyRate();
  });
  byId("words").addEventListener("click", (event) => {
    const index = event.target.closest("[data-index]")?.dataset.index;
    if (index === undefined || !guide.audio) return;
    audio.currentTime = guide.sentences[index].start ?? 0;
    audio.play();
  });
  byId("query").addEventListener("input", list);
  byId("language").addEventListener("change", () => (choose({ language: byId("language").value }), paint()));
  byId("theme").addEventListener("change", () => (choose({ theme: byId("theme").value }), paint()));
  byId("size").addEventListener("change", () => (choose({ size: byId("size").value }), paint()));
  byId("told-in").addEventListener("change", () => (choose({ guideLanguage: byId("told-in").value }), showWork(work)));
  byId("length").addEventListener("change", () => (choose({ length: byId("length").value }), showWork(work)));
  addEventListener("hashchange", () => {
    if (location.hash === "#main") return;
    show();
    scrollTo(0, 0);
    byId(work ? "work-title" : "list-title").focus({ preventScroll: true });
  });
  paint();
})();
