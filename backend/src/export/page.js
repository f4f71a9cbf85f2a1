"use strict";
const form = document.querySelector("form");
const box = form.querySelector("input");
const count = form.querySelector("output");
const days = [...document.querySelectorAll("section")].map((section) => ({ section }));

// Shows the messages whose author, time or text contain every word.
function search() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let total = 0;
  for (const day of days) {
    day.messages ??= [...day.section.querySelectorAll("article")].map((article) => ({
      article,
      text: article.textContent.toLowerCase(),
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
