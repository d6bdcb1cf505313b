/* Search everywhere: Ctrl-K or / opens it, arrows choose, Enter opens. Without this file the link leads to the page. */
(function () {
  "use strict";
  var box = document.getElementById("search-box");
  if (!box || !box.showModal) return;
  var field = box.querySelector("input"), list = document.getElementById("finder-found"), at = -1;

  function hits() { return Array.from(list.querySelectorAll("a")); }

  function choose(to) {
    var all = hits();
    at = all.length ? (to + all.length) % all.length : -1;
    all.forEach(function (hit, number) {
      hit.setAttribute("aria-selected", String(number === at));
      if (number === at) hit.scrollIntoView({ block: "nearest" });
    });
    if (at >= 0) field.setAttribute("aria-activedescendant", all[at].id);
    else field.removeAttribute("aria-activedescendant");
  }

  function open() {
    if (box.open) return;
    box.showModal();
    field.select();
  }

  document.querySelectorAll("[data-search]").forEach(function (link) {
    link.setAttribute("aria-haspopup", "dialog");
    link.addEventListener("click", function (event) { event.preventDefault(); open(); });
  });
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  box.addEventListener("click", function (event) { if (event.target === box) box.close(); });

  field.addEventListener("keydown", function (event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") choose(at + 1);
    else if (event.key === "ArrowUp") choose(at < 0 ? -1 : at - 1);
    else if (event.key === "Enter" && at >= 0) hits()[at].click();
    else return;
    event.preventDefault();
  });

  /* What came is a list of links; here it becomes the list box of the field. */
  list.addEventListener("htmx:afterSwap", function () {
    var found = list.firstElementChild;
    if (found) found.removeAttribute("id");
    list.querySelectorAll("section").forEach(function (group) {
      var title = group.querySelector("h2");
      group.setAttribute("role", "group");
      title.id = "finder-" + title.id;
      title.setAttribute("role", "presentation");
      group.setAttribute("aria-labelledby", title.id);
    });
    hits().forEach(function (hit, number) {
      hit.id = "finder-hit-" + number;
      hit.tabIndex = -1;
      hit.setAttribute("role", "option");
    });
    list.hidden = !list.textContent.trim();
    field.setAttribute("aria-expanded", String(hits().length > 0));
    choose(hits().length ? 0 : -1);
  });
})();
