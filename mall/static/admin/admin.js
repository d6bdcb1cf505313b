/* Smoothness only: every page works without this file. */
(function () {
  "use strict";

  /* The menu on narrow windows; without this file the link's :target opens it. */
  document.querySelectorAll("[data-toggle-menu]").forEach(function (link) {
    var menu = document.querySelector(link.getAttribute("href"));
    link.setAttribute("role", "button");
    link.setAttribute("aria-expanded", "false");
    link.addEventListener("click", function (event) {
      event.preventDefault();
      link.setAttribute("aria-expanded", String(menu.classList.toggle("show")));
    });
  });

  /* Sections of the menu: what somebody opens is open on the next page too, and the menu shows where one is. */
  document.querySelectorAll("details[data-part] > summary").forEach(function (title) {
    title.addEventListener("click", function () {
      var part = title.parentElement, kept = document.cookie.match(/(?:^|; )desk_opened=([\d.]*)/);
      var opened = (kept ? kept[1].split(".") : []).filter(function (one) { return one && one !== part.dataset.part; });
      if (!part.open) opened.push(part.dataset.part);
      document.cookie = "desk_opened=" + opened.join(".") + "; path=/admin; max-age=31536000; samesite=lax" + (location.protocol === "https:" ? "; secure" : "");
    });
  });
  var side = document.getElementById("side"), here = side && side.querySelector("[aria-current]");
  if (here && getComputedStyle(side).overflowY === "auto" && here.getBoundingClientRect().bottom > innerHeight)
    side.scrollTop = here.offsetTop - innerHeight / 2;

  /* Back from one thing to its list: the list as it was filtered, in this tab. */
  if (document.querySelector("[data-list-page]") && !document.querySelector("[data-list]"))
    sessionStorage.setItem("list:" + location.pathname, location.search);
  document.querySelectorAll("a[data-list]").forEach(function (link) {
    link.search = sessionStorage.getItem("list:" + link.pathname) || "";
  });

  /* A table that is wider than the window is scrolled with the arrow keys too: one without a link or field of its own
     has to take the focus for that. */
  function reachTables() {
    document.querySelectorAll(".table-responsive").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth && !box.querySelector("a[href], button, input, select, summary")) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  }
  reachTables();
  addEventListener("resize", reachTables);

  /* A question that is open closes with Escape or a press elsewhere. */
  function closeQuestions(but) {
    document.querySelectorAll("details.confirm[open]").forEach(function (box) {
      if (!but || !box.contains(but)) box.open = false;
    });
  }
  document.addEventListener("click", function (event) { closeQuestions(event.target); });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") closeQuestions(null); });

  /* One press, one act: the server would refuse or repeat the second anyway, this only shows it. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || event.defaultPrevented || form.hasAttribute("hx-post")) return;
    setTimeout(function () {
      form.querySelectorAll("button[type=submit]").forEach(function (button) { button.disabled = true; });
    });
    /* What takes long shows that it goes on: an import, a bulk change, a photograph. */
    setTimeout(function () { document.getElementById("busy").hidden = false; }, 500);
    setTimeout(function () { say(document.body.dataset.working, "info"); }, 1500);
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload();
  });

  /* Lists with a filter apply it at once. */
  document.addEventListener("change", function (event) {
    var form = event.target.closest("form[data-apply]");
    if (form) form.requestSubmit();
  });

  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.addEventListener("click", function () { window.print(); });
  });

  /* One box ticks a column of boxes. */
  document.addEventListener("change", function (event) {
    var name = event.target.dataset && event.target.dataset.tickAll;
    if (name) document.querySelectorAll("input[name='" + name + "']").forEach(function (box) { box.checked = event.target.checked; });
  });

  /* The answer to htmx is a whole page; another one than asked for (signed out, an error) is gone to. */
  document.addEventListener("htmx:beforeSwap", function (event) {
    var wanted = (event.detail.requestConfig.elt.getAttribute("hx-select") || "").match(/^#([\w-]+)/);
    if (event.detail.xhr.status === 422 && wanted && event.detail.serverResponse.indexOf('id="' + wanted[1] + '"') >= 0) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
      return;
    }
    if (wanted && event.detail.serverResponse.indexOf('id="' + wanted[1] + '"') < 0) {
      event.detail.shouldSwap = false;
      if (event.detail.requestConfig.verb === "get") location.assign(event.detail.xhr.responseURL || location.href);
      else location.assign("/admin/sign-in");
    }
  });

  /* A form that is checked while it is typed: only the parts marked data-live are taken from the answer, by id,
     so nothing that is being typed is touched. */
  document.addEventListener("htmx:afterRequest", function (event) {
    var form = event.detail.elt;
    if (!form.matches || !form.matches("[data-live-form]") || !event.detail.successful) return;
    var answer = new DOMParser().parseFromString(event.detail.xhr.response, "text/html");
    document.querySelectorAll("[data-live][id]").forEach(function (place) {
      var fresh = answer.getElementById(place.id);
      if (!fresh || place.contains(document.activeElement) || place.innerHTML === fresh.innerHTML) return;
      place.replaceChildren.apply(place, Array.from(fresh.childNodes).map(function (node) { return document.importNode(node, true); }));
      var field = document.getElementById(place.id.replace(/-help$/, ""));
      if (field && field !== place) {
        var wrong = place.childElementCount > 0;
        field.classList.toggle("is-invalid", wrong);
        if (wrong) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
      }
    });
  });

  function say(text, kind) {
    var box = document.getElementById("flash");
    if (!box) return;
    var item = document.createElement("div");
    item.className = "alert alert-" + (kind || "danger");
    item.textContent = text;
    box.replaceChildren(item);
  }
  document.addEventListener("htmx:sendError", function () { say(document.body.dataset.offline); });
  document.addEventListener("htmx:timeout", function () { say(document.body.dataset.offline); });
})();
