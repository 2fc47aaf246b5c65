// The words of a guide, sentence by sentence, the spoken one marked.
//
// While there is sound the words are not announced as they come: a screen reader would talk over the
// voice. Where there is no voice they are a polite live region, which is then the only way to hear them.

import { h } from "./dom.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Transcript {
  /** `pick(index)` is called when a sentence is clicked; the slider does the same by keyboard. */
  constructor(pick) {
    this.element = h("div", { class: "transcript" });
    this.element.addEventListener("click", (event) => {
      const sentence = event.target.closest("[data-index]");
      if (sentence && getSelection().isCollapsed) pick(Number(sentence.dataset.index));
    });
    this.sentences = [];
  }

  /** Empty, for a guide in this language, with or without a voice. */
  start(language, voiced) {
    this.sentences = [];
    this.element.replaceChildren(h("p", { class: "words" }));
    this.element.lang = language;
    this.element.toggleAttribute("data-voiced", voiced);
    if (voiced) this.element.removeAttribute("aria-live");
    else this.element.setAttribute("aria-live", "polite");
  }

  /** One sentence in its place; one that is there already stays as it is. */
  put(index, text) {
    const shown = this.sentences[index];
    if (shown?.textContent === text) return;
    if (shown) {
      shown.textContent = text;
      this.#cut(index + 1);
      return;
    }
    const sentence = h("span", { class: "sentence fresh", "data-index": index }, text);
    this.sentences[index] = sentence;
    this.element.firstChild.append(sentence, " ");
  }

  /** All sentences of a finished guide; what is shown already does not move. */
  settle(texts) {
    texts.forEach((text, index) => this.put(index, text));
    this.#cut(texts.length);
  }

  /** Mark the sentence that is heard; -1 marks none. */
  mark(index) {
    this.sentences.forEach((sentence, i) => {
      sentence.classList.toggle("spoken", i === index);
      sentence.classList.toggle("said", index >= 0 && i < index);
      if (i === index) sentence.setAttribute("aria-current", "true");
      else sentence.removeAttribute("aria-current");
    });
    this.#keepInView(this.sentences[index]);
  }

  #keepInView(sentence) {
    if (!sentence) return;
    const { top, bottom } = sentence.getBoundingClientRect();
    if (top > 90 && bottom < innerHeight - 190) return;
    sentence.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
  }

  #cut(length) {
    for (const sentence of this.sentences.splice(length)) {
      sentence.nextSibling?.remove();
      sentence.remove();
    }
  }
}
