/* Keys for lists: j and k move, x ticks, / goes to the search, ? shows them. Never while something is typed. */
(function () {
  "use strict";
  var body = document.querySelector("tbody[data-keys]");
  if (!body) return;
  var rows = Array.from(body.rows), at = -1;

  function go(to) {
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows[at].querySelector("a").focus();
    rows[at].scrollIntoView({ block: "nearest" });
  }
  body.addEventListener("focusin", function (event) { at = rows.indexOf(event.target.closest("tr")); });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
    var keys = document.getElementById("keys"), search = document.getElementById("f-number");
    if (event.key === "j") go(at + 1);
    else if (event.key === "k") go(at - 1);
    else if (event.key === "x" && at >= 0) {
      var box = rows[at].querySelector("input[type=checkbox]");
      if (box) box.checked = !box.checked;
    } else if (event.key === "/" && search) search.focus();
    else if (event.key === "?" && keys) { keys.open = !keys.open; keys.scrollIntoView({ block: "nearest" }); }
    else return;
    event.preventDefault();
  });
})();
