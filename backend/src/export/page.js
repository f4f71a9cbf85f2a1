"use strict";
const form = document.querySelector("form");
const box = form.querySelector("input");
const found = form.querySelector("output");
const days = [...document.querySelectorAll("section")].map((section) => ({ section }));

// Every word that was typed, anywhere in a message: its author, its time, its text.
function look() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const day of days) {
    day.all ??= [...day.section.querySelectorAll("article")].map((article) => ({
      article,
      text: article.textContent.toLowerCase(),
    }));
    let here = 0;
    for (const { article, text } of day.all) {
      const fits = words.every((word) => text.includes(word));
      if (article.hidden === fits) article.hidden = !fits;
      here += fits;
    }
    day.section.hidden = here === 0;
    count += here;
  }
  found.value = words.length ? `${count} found` : "";
}

let later;
box.addEventListener("input", () => {
  clearTimeout(later);
  later = setTimeout(look, 150);
});
form.addEventListener("submit", (event) => event.preventDefault());
// A link to a message that is not shown shows all of them.
addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  if (!target?.hidden) return;
  box.value = "";
  look();
  target.scrollIntoView();
});
// What is above it had no height of its own when the browser first went there.
addEventListener("load", () => document.querySelector(":target")?.scrollIntoView());
form.hidden = false;
if (box.value) look();
