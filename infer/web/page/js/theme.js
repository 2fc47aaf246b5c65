// Before the first paint: the visitor's own colours, text size and language, so nothing flashes.
// A classic script, because modules run only after the page has been drawn.
(function () {
  "use strict";
  var root = document.documentElement;
  var settings = {};
  try {
    settings = JSON.parse(localStorage.getItem("museum-guide") || "{}") || {};
  } catch {
    // A browser that forbids storage shows the page as it comes.
  }
  if (["light", "dark", "contrast"].indexOf(settings.theme) >= 0) root.dataset.theme = settings.theme;
  if (["large", "larger"].indexOf(settings.size) >= 0) root.dataset.size = settings.size;
})();
