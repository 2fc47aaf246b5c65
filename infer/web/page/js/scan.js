// Reading a work's QR code with the camera, where the browser can (BarcodeDetector); hidden elsewhere.

import { byId, h, icon } from "./dom.js";
import { t } from "./i18n.js";

const EVERY = 250; // milliseconds between two looks

/** Whether this browser can read QR codes and has a camera to ask for. */
export async function canScan() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return false;
  try {
    return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
  } catch {
    return false;
  }
}

/** The stop number that a code of this museum holds, or null: other addresses are never followed. */
export function stopOf(text) {
  try {
    const url = new URL(text, location.origin);
    const [, stop] = /^\/s\/(\d{1,6})$/.exec(url.pathname) ?? [];
    return stop ? Number(stop) : null;
  } catch {
    return null;
  }
}

/** Open the camera; `found(stop)` is called once a code has been read. */
export async function scan(found) {
  const dialog = byId("scanner");
  const video = h("video", { class: "finder", playsinline: true, muted: true });
  const hint = h("p", { role: "status" }, t("scan.hint"));
  dialog.replaceChildren(
    h("div", { class: "sheet-head" },
      h("h2", { id: "scanner-title" }, t("scan.title")),
      h("button", { class: "round", type: "button", "aria-label": t("close"), onclick: () => dialog.close() }, icon("close"))),
    video, hint);
  dialog.showModal();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    hint.textContent = t("scan.refused");
    return;
  }
  const closed = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  closed.then(() => stream.getTracks().forEach((track) => track.stop()));
  video.srcObject = stream;
  await video.play().catch(() => {});
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  while (dialog.open) {
    for (const code of await detector.detect(video).catch(() => [])) {
      const stop = stopOf(code.rawValue);
      if (stop !== null) {
        dialog.close();
        found(stop);
        return;
      }
      hint.textContent = t("scan.other");
    }
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, EVERY))]);
  }
}
