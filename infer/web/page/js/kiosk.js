// A screen that stands in the room (/?kiosk): after a while of nobody there, it is as it was at first.

const QUIET = 120_000; // milliseconds without a touch, a key or a sound

/** Watch, if this page was opened as a kiosk; `leave()` resets the page. */
export function setUpKiosk(playing, leave) {
  if (new URLSearchParams(location.search).has("kiosk")) sessionStorage.setItem("kiosk", "1");
  if (!sessionStorage.getItem("kiosk")) return;
  document.documentElement.dataset.kiosk = "";
  let last = Date.now();
  for (const name of ["pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(name, () => (last = Date.now()), { passive: true });
  }
  setInterval(() => {
    if (playing()) last = Date.now();
    if (Date.now() - last < QUIET) return;
    last = Date.now();
    leave();
  }, 1000);
}
