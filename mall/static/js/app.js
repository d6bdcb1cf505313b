/* Smoothness only: every page works without this file. */
(function () {
  "use strict";

  function toast(text) {
    var box = document.getElementById("flash");
    var item = document.createElement("div");
    item.className = "toast toast--error";
    item.setAttribute("data-toast", "");
    item.appendChild(document.createElement("p")).textContent = text;
    box.appendChild(item);
    settle(box);
  }

  /* Good news leaves by itself; what went wrong stays until it is touched. */
  function settle(root) {
    root.querySelectorAll("[data-toast]").forEach(function (item) {
      if (item.dataset.settled) return;
      item.dataset.settled = "1";
      item.addEventListener("click", function () { item.remove(); });
      if (!item.classList.contains("toast--error")) setTimeout(function () { item.remove(); }, 6000);
    });
  }

  function offerCopy(root) {
    if (!navigator.clipboard) return;
    root.querySelectorAll("[data-copy][hidden]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(button.dataset.copy).then(function () {
          button.querySelector("span").textContent = button.dataset.copied;
        });
      });
    });
  }

  /* One press, one order: the server would refuse the second anyway, this only shows it. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    setTimeout(function () {
      form.querySelectorAll("button[type=submit]").forEach(function (button) { button.disabled = true; });
    });
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload();
  });

  /* The answer is a whole page. If it is another page than the one asked for (signed out meanwhile, an error), go there. */
  document.addEventListener("htmx:beforeSwap", function (event) {
    var wanted = (event.detail.requestConfig.elt.getAttribute("hx-select") || "").match(/^#([\w-]+)/);
    if (wanted && event.detail.serverResponse.indexOf('id="' + wanted[1] + '"') < 0) {
      event.detail.shouldSwap = false;
      location.assign(event.detail.xhr.responseURL || location.href);
    }
  });
  document.addEventListener("htmx:afterSettle", function () {
    settle(document);
    offerCopy(document);
  });
  document.addEventListener("htmx:responseError", function () { location.reload(); });
  document.addEventListener("htmx:sendError", function () { toast(document.body.dataset.offline); });
  document.addEventListener("htmx:timeout", function () { toast(document.body.dataset.offline); });

  /* The time left of a quiz, counted from when the page came; the server decides what is late. */
  function countDown(box) {
    var left = box.querySelector("[data-deadline]"), ends = Date.now() + Number(box.dataset.seconds) * 1000, timer;
    function tick() {
      var seconds = Math.max(0, Math.round((ends - Date.now()) / 1000));
      left.textContent = Math.floor(seconds / 60) + ":" + ("0" + (seconds % 60)).slice(-2);
      box.classList.toggle("deadline--soon", seconds < 30);
      if (!seconds) {
        clearInterval(timer);
        /* What has been answered is handed in rather than lost; the server allows for the way it takes. */
        var form = document.getElementById(box.dataset.handsIn);
        if (form) { form.noValidate = true; form.requestSubmit(); }
      }
    }
    timer = setInterval(tick, 1000);
    left.hidden = false;
    tick();
  }

  /* How many questions of a quiz are answered. */
  function countAnswered(box) {
    var form = document.getElementById(box.dataset.answered), bar = box.querySelector("progress");
    function count() {
      var names = {};
      form.querySelectorAll("input:checked").forEach(function (input) { names[input.name] = true; });
      bar.value = Object.keys(names).length;
      box.querySelector("[data-count]").textContent = bar.value + " / " + bar.max;
    }
    form.addEventListener("change", count);
    box.hidden = false;
    count();
  }

  settle(document);
  offerCopy(document);
  document.querySelectorAll(".deadline").forEach(countDown);
  document.querySelectorAll("[data-answered]").forEach(countAnswered);
})();
