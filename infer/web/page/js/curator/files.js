// Files in and out: importing works, the sheet of QR codes, the tour as a folder.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { button, busy, field, line, view } from "./parts.js";
import { call, download } from "./session.js";

export function importView() {
  const says = line();
  const faults = h("ul", { class: "faults" });
  const send = h("button", { class: "primary", type: "submit" }, t("curator.importNow"));
  const file = field("file", t("curator.file"), "", { type: "file", accept: ".json,.jsonl,.csv", required: true, hint: t("curator.fileHint") });
  const form = h("form", { class: "card view narrow", onsubmit: (event) => {
    event.preventDefault();
    faults.replaceChildren();
    busy(send, says, async () => {
      const content = new FormData();
      content.append("file", file.querySelector("input").files[0]);
      const { added, updated, faults: wrong } = await call("POST", "import", content);
      says.say(t("curator.imported", { added, updated, faults: wrong.length }), wrong.length > 0);
      faults.replaceChildren(...wrong.map((fault) => h("li", {}, fault)));
    });
  } }, file, h("div", { class: "row" }, send), says, faults);
  return view(t("curator.import"), h("p", { class: "lead" }, t("curator.importLead")), form);
}

export function qrView() {
  const says = line();
  const base = field("base", t("curator.base"), location.origin, { type: "url", required: true, hint: t("curator.baseHint") });
  const open = (format) => async () => {
    const address = base.querySelector("input").value.trim().replace(/\/+$/, "");
    const parameters = new URLSearchParams({ format, base: address });
    const tab = window.open("", "_blank");
    try {
      await call("GET", "works?limit=1");
      const check = await fetch(`/api/curator/qr?${parameters}`);
      if (!check.ok) throw Object.assign(new Error(), { told: (await check.json()).detail });
      if (tab) tab.location = `/api/curator/qr?${parameters}`;
      says.say("");
    } catch (error) {
      tab?.close();
      if (!error.told) throw error;
      says.say(error.told, true);
    }
  };
  return view(t("curator.qr"), h("p", { class: "lead" }, t("curator.qrLead")),
    h("div", { class: "card view narrow" }, base,
      h("div", { class: "row" },
        button(t("curator.qrPdf"), open("pdf"), { says, kind: "primary" }),
        button(t("curator.qrHtml"), open("html"), { says })), says));
}

export function exportView() {
  const says = line();
  const save = button(t("curator.exportNow"), async () => {
    says.say(t("curator.packing"));
    const address = URL.createObjectURL(await download("export"));
    h("a", { href: address, download: "tour.zip" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    says.say(t("curator.exported"));
  }, { says, kind: "primary" });
  return view(t("curator.export"), h("p", { class: "lead" }, t("curator.exportLead")),
    h("div", { class: "card view narrow" }, h("div", { class: "row" }, save), says));
}
