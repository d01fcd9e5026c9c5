// Keys for the queue and a lead's page. Everything here can be done without it.
"use strict";
{
  const one = selector => document.querySelector(selector);
  const links = () => [...document.querySelectorAll("tr.row a.open")];
  const go = link => link && (link.focus(), link.closest("tr").scrollIntoView({block: "nearest"}));

  const step = by => {
    const all = links(), at = all.indexOf(document.activeElement);
    if (all.length) {
      const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
      to < 0 || to >= all.length ? one(by > 0 ? "a[rel=next]" : "a[rel=prev]")?.focus() : go(all[to]);
    } else {
      one(by > 0 ? "a[rel=next]" : "a[rel=prev]")?.click();
    }
  };

  const keys = one("#keys"), button = one("button.keys");
  button.hidden = false;
  button.addEventListener("click", () => keys.showModal());

  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || keys.open) return;
    const typing = e.target.closest("input,select,textarea");
    const inRow = e.target.matches("tr.row a.open");
    const acts = {
      "/": () => one("input[type=search]")?.select(),
      "?": () => keys.showModal(),
      j: () => step(1),
      k: () => step(-1),
      u: () => one("a.back")?.click(),
      ArrowDown: inRow || e.target.type === "search" ? () => step(1) : null,
      ArrowUp: inRow ? () => step(-1) : null,
    };
    const act = Object.hasOwn(acts, e.key) && acts[e.key];
    if (!act || typing && !(e.key === "ArrowDown" && typing.type === "search")) return;
    e.preventDefault();
    act();
  });

  const filters = one("details.filters");
  if (filters && matchMedia("(max-width: 760px)").matches) filters.open = false;
}
