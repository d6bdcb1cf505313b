/* Rows dragged to another place: with mouse or finger by the handle, or with the arrow keys on it and Enter. One post
   saves the order; it names the order that was seen, so that nobody else's is overwritten. */
(function () {
  "use strict";
  document.querySelectorAll("tbody[data-arrange]").forEach(function (body) {
    var form = document.getElementById(body.dataset.arrange), seen = order();

    function order() { return Array.from(body.querySelectorAll("tr[data-id]")).map(function (row) { return row.dataset.id; }); }

    function add(name, value) {
      var field = document.createElement("input");
      field.type = "hidden"; field.name = name; field.value = value;
      form.append(field);
    }

    function save() {
      var wanted = order();
      if (wanted.join() === seen.join()) return;
      seen.forEach(function (id) { add("seen", id); });
      wanted.forEach(function (id) { add("ids", id); });
      form.requestSubmit();
      seen = wanted;
    }

    body.querySelectorAll("[data-drag]").forEach(function (handle) {
      var row = handle.closest("tr");
      handle.hidden = false;

      /* The document listens while a row is dragged: a row that changes its place loses the pointer it had caught. */
      handle.addEventListener("pointerdown", function (event) {
        if (event.button) return;
        event.preventDefault();
        row.classList.add("is-dragged");
        document.addEventListener("pointermove", move);
        document.addEventListener("pointerup", drop);
        document.addEventListener("pointercancel", drop);
      });
      function move(event) {
        var over = Array.from(body.rows).find(function (one) {
          var box = one.getBoundingClientRect();
          return event.clientY >= box.top && event.clientY < box.bottom;
        });
        if (event.clientY < 60) scrollBy(0, -20);
        if (event.clientY > innerHeight - 60) scrollBy(0, 20);
        if (!over || over === row) return;
        var box = over.getBoundingClientRect();
        if (event.clientY < box.top + box.height / 2) over.before(row); else over.after(row);
      }
      function drop() {
        document.removeEventListener("pointermove", move);
        document.removeEventListener("pointerup", drop);
        document.removeEventListener("pointercancel", drop);
        row.classList.remove("is-dragged");
        save();
      }

      handle.addEventListener("keydown", function (event) {
        var next = row.nextElementSibling, before = row.previousElementSibling;
        if (event.key === "ArrowDown" && next) next.after(row);
        else if (event.key === "ArrowUp" && before) before.before(row);
        else if (event.key === "Enter" || event.key === " ") save();
        else return;
        event.preventDefault();
        handle.focus();
      });
    });
  });
})();
