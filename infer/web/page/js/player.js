// The sound of one guide: its sentences one after another while it is being written, and the
// whole recording as soon as there is one. One audio element for both, because a phone lets only an
// element that a finger has started go on by itself.

const CLIP_TRIES = 4;

/**
 * Events: "change" (state), "time" (position), "sentence" (detail: index, or -1).
 * State is "idle", "playing", "paused", "waiting" (for the next sentence) or "ended".
 */
export class Player extends EventTarget {
  constructor(audio) {
    super();
    this.audio = audio;
    this.rate = 1;
    this.reset();
    audio.addEventListener("ended", () => this.#ended());
    audio.addEventListener("timeupdate", () => this.#tick());
    audio.addEventListener("play", () => this.#change());
    audio.addEventListener("pause", () => this.#change());
    audio.addEventListener("error", () => this.#failed());
  }

  /** Forget the guide before. */
  reset() {
    this.#forget();
    this.clips = [];
    this.whole = null;
    this.mode = "clips";
    this.index = -1;
    this.wanted = false;
    this.waiting = false;
    this.over = false;
    this.heard = 0;
    this.broken = false;
    this.#change();
  }

  /** Start with silence while a finger is on the page, so that sound may follow later. */
  unlock() {
    this.audio.src = silence();
    this.audio.play().catch(() => {});
  }

  /** Whether there is anything to play. */
  get ready() {
    return Boolean(this.whole) || this.clips.length > 0;
  }

  get state() {
    if (this.over) return "ended";
    if (this.waiting && this.wanted) return "waiting";
    if (this.wanted && !this.audio.paused) return "playing";
    return this.index < 0 && this.mode === "clips" ? "idle" : "paused";
  }

  /** Seconds from the start of the guide. */
  get position() {
    if (this.over) return this.duration;
    if (this.mode === "whole") return this.audio.currentTime || this.pending || 0;
    return this.#before(this.index) + (this.index >= 0 && !this.waiting ? this.audio.currentTime : 0);
  }

  /** Seconds that are known so far; all of them once the recording is there. */
  get duration() {
    if (this.mode === "whole") return this.whole.duration;
    return this.whole?.duration ?? this.#before(this.clips.length);
  }

  /** One sentence's sound; asked for again after a fault, it is fetched again. */
  addClip(index, url) {
    const clip = this.clips[index];
    if (clip && !clip.failed) return;
    this.clips[index] = { url, source: null, duration: 0, failed: false };
    this.#fetchClip(index, this.clips[index]);
  }

  /** The whole recording: url, its sentences with start and end, its length in seconds. */
  setWhole({ url, sentences, duration }) {
    this.whole = { url, sentences, duration };
    if (this.index < 0 || this.waiting) {
      const next = this.index < 0 ? 0 : this.index;
      if (next >= sentences.length) this.#finish();
      else this.#enterWhole(sentences[next].start ?? 0);
    }
    this.#change();
  }

  play() {
    this.wanted = true;
    if (this.over) {
      this.over = false;
      this.seek(0);
    } else if (this.mode === "clips" && (this.index < 0 || this.waiting)) {
      this.#startClip(Math.max(0, this.index));
    } else this.#start();
  }

  pause() {
    this.wanted = false;
    this.audio.pause();
    this.#change();
  }

  toggle() {
    if (this.state === "playing" || this.state === "waiting") this.pause();
    else this.play();
  }

  back(seconds) {
    this.seek(this.position - seconds);
  }

  /** Go to a moment, in seconds of the whole guide. */
  seek(moment) {
    const target = Math.max(0, Math.min(moment, this.duration));
    this.over = false;
    if (this.whole) {
      if (this.mode === "whole") {
        if (this.audio.readyState > 0) this.audio.currentTime = target;
        else this.pending = target;
        if (this.wanted) this.#start();
        this.#tick();
      } else this.#enterWhole(target);
      return;
    }
    let index = 0;
    while (index < this.clips.length - 1 && this.#before(index + 1) <= target) index += 1;
    this.#startClip(index, target - this.#before(index));
  }

  /** Go to a sentence. */
  seekSentence(index) {
    if (this.whole) this.seek(this.whole.sentences[index]?.start ?? 0);
    else if (this.clips[index]) this.#startClip(index);
  }

  setRate(rate) {
    this.rate = rate;
    this.#applyRate();
  }

  #applyRate() {
    this.audio.preservesPitch = true;
    this.audio.defaultPlaybackRate = this.rate;
    this.audio.playbackRate = this.rate;
  }

  #before(index) {
    return this.clips.slice(0, Math.max(0, index)).reduce((sum, clip) => sum + (clip?.duration ?? 0), 0);
  }

  async #fetchClip(index, clip) {
    for (let attempt = 0; attempt < CLIP_TRIES; attempt += 1) {
      try {
        const answer = await fetch(clip.url);
        if (!answer.ok) throw new Error(String(answer.status));
        const bytes = await answer.arrayBuffer();
        if (this.clips[index] !== clip) return;
        clip.duration = wavSeconds(bytes);
        clip.source = URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
        if (this.wanted && this.waiting && this.index === index) this.#startClip(index);
        this.#change();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 300 * 2 ** attempt));
        if (this.clips[index] !== clip) return;
      }
    }
    clip.failed = true;
  }

  #startClip(index, offset = 0) {
    this.index = index;
    const clip = this.clips[index];
    this.waiting = !clip?.source;
    if (this.waiting) {
      this.audio.pause();
      this.#change();
      return;
    }
    this.#load(clip.source, offset);
    this.#announceSentence(index);
    if (this.wanted) this.#start();
  }

  #enterWhole(moment) {
    this.mode = "whole";
    this.waiting = false;
    this.#load(this.whole.url, moment);
    if (this.wanted) this.#start();
    this.#tick();
  }

  #load(source, offset) {
    this.pending = offset;
    this.audio.src = source;
    this.#applyRate();
    const settle = () => {
      if (this.pending) this.audio.currentTime = this.pending;
      this.pending = 0;
    };
    this.audio.addEventListener("loadedmetadata", settle, { once: true });
  }

  #start() {
    this.audio.play().catch((error) => {
      if (error.name === "NotAllowedError") {
        this.wanted = false;
        this.#change();
      }
    });
  }

  #ended() {
    if (this.mode === "whole") {
      if (this.whole && this.wanted) this.#finish();
      return;
    }
    if (this.index < 0) return; // the silence that unlocks the sound
    const next = this.index + 1;
    if (this.whole) {
      if (next >= this.whole.sentences.length) this.#finish();
      else this.#enterWhole(this.whole.sentences[next].start ?? 0);
      return;
    }
    this.#startClip(next);
  }

  #finish() {
    this.over = true;
    this.wanted = false;
    this.waiting = false;
    this.mode = "whole";
    this.index = -1;
    this.audio.pause();
    this.#load(this.whole.url, 0);
    this.#announceSentence(-1);
    this.#change();
    this.dispatchEvent(new Event("finished"));
  }

  #tick() {
    this.heard = Math.max(this.heard, this.position);
    if (this.mode === "whole" && this.whole && !this.over) {
      const moment = this.position + 0.05;
      const sentences = this.whole.sentences;
      let index = sentences.findIndex((s) => s.start !== null && moment < s.end);
      if (index < 0) index = sentences.length - 1;
      this.#announceSentence(index);
    }
    this.dispatchEvent(new Event("time"));
  }

  #failed() {
    if (!this.ready || !this.audio.src) return;
    this.broken = true;
    this.wanted = false;
    this.#change();
    this.broken = false;
  }

  #announceSentence(index) {
    if (this.said === index) return;
    this.said = index;
    this.dispatchEvent(new CustomEvent("sentence", { detail: index }));
  }

  #change() {
    this.dispatchEvent(new Event("change"));
  }

  #forget() {
    this.audio.pause();
    this.audio.removeAttribute("src");
    for (const clip of this.clips ?? []) if (clip?.source) URL.revokeObjectURL(clip.source);
    this.said = -1;
    this.pending = 0;
  }
}

/** The length of a WAV file in seconds, from its header. */
export function wavSeconds(bytes) {
  const view = new DataView(bytes);
  if (bytes.byteLength < 44) return 0;
  const bytesPerSecond = view.getUint32(28, true);
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    if (view.getUint32(at) === 0x64617461) {
      return Math.min(size, bytes.byteLength - at - 8) / bytesPerSecond; // the "data" chunk
    }
    at += 8 + size + (size % 2);
  }
  return 0;
}

/** A tenth of a second of nothing, as a WAV file. */
function silence() {
  const samples = 800;
  const view = new DataView(new ArrayBuffer(44 + samples));
  const text = (at, word) => [...word].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8000, true);
  view.setUint32(28, 8000, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, samples, true);
  for (let i = 0; i < samples; i += 1) view.setUint8(44 + i, 128);
  return URL.createObjectURL(new Blob([view.buffer], { type: "audio/wav" }));
}
