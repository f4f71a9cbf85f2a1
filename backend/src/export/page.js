"use strict";
const form = document.querySelector("form");
const box = form.querySelector("input");
const count = form.querySelector("output");
const days = [...document.querySelectorAll("section")].map((section) => ({ section }));

// What the search ignores: accents, vowel points, invisible characters, skin tones.
const DROPPED =
  /[\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0610-\u061a\u061c\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7-\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u08ca-\u08e1\u08e3-\u08ff\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\u{1f3fb}-\u{1f3ff}\u{e0000}-\u{e0fff}]/u;
const WRITTEN = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ħ: "h", ŧ: "t", ı: "i", ς: "σ" };

// Makes letters comparable as the server's search does (shared/src/search/tokenizer/fold.rs).
function fold(text) {
  const folded = [];
  for (const source of text) {
    if (source < "\x80") {
      folded.push(source <= " " || source === "\x7f" ? " " : source.toLowerCase());
      continue;
    }
    // These would decompose to letters of the word beside them.
    for (const c of "№™℠".includes(source) ? source : source.normalize("NFKD")) {
      const last = folded.at(-1);
      const letter = last && c >= "\u0300" ? (last + c).normalize("NFC") : "";
      // Letters of their own: Hangul syllables, voiced Kana, and Cyrillic letters such as й.
      if (/^(?:[\uac00-\ud7a3\u3041-\u30ff]|(?![ёѐѝ])[\u0400-\u052f])$/.test(letter)) {
        folded[folded.length - 1] = letter;
      } else if (!DROPPED.test(c)) {
        for (const small of c.toLowerCase()) {
          folded.push(...(WRITTEN[small] ?? (/[\s\p{Cc}]/u.test(small) ? " " : small)));
        }
      }
    }
  }
  return folded.join("");
}

// Shows the messages whose author, time or text contain every word.
function search() {
  const words = fold(box.value).split(" ").filter(Boolean);
  let total = 0;
  for (const day of days) {
    day.messages ??= [...day.section.querySelectorAll("article")].map((article) => ({
      article,
      text: fold(article.textContent),
    }));
    let shown = 0;
    for (const { article, text } of day.messages) {
      const matches = words.every((word) => text.includes(word));
      if (article.hidden === matches) article.hidden = !matches;
      shown += matches;
    }
    day.section.hidden = shown === 0;
    total += shown;
  }
  count.value = words.length ? `${total} found` : "";
}

let timer;
box.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, 150);
});
form.addEventListener("submit", (event) => event.preventDefault());
// A link to a hidden message clears the search.
addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  if (!target?.hidden) return;
  box.value = "";
  search();
  target.scrollIntoView();
});
// Scroll to the target again once the messages above it have their final height.
addEventListener("load", () => document.querySelector(":target")?.scrollIntoView());
form.hidden = false;
if (box.value) search();
