/* The frame on a picture: it shows what the sliders mean, and moves them when it is dragged. */
(function () {
  "use strict";
  var form = document.querySelector("[data-crop]");
  if (!form) return;
  var image = form.querySelector(".cropper img"), frame = form.querySelector(".cropper__frame");
  var size = form.elements.size, x = form.elements.x, y = form.elements.y, from = null;

  function box() {
    var chosen = form.querySelector("[name=shape]:checked"), wide = image.clientWidth, high = image.clientHeight;
    var across = Number(chosen.dataset.across), down = Number(chosen.dataset.down);
    var scale = Math.min(wide / across, high / down) * size.value / 100;
    return { width: across * scale, height: down * scale, room: [wide - across * scale, high - down * scale] };
  }

  function show() {
    var now = box();
    frame.hidden = false;
    frame.style.width = now.width + "px";
    frame.style.height = now.height + "px";
    frame.style.left = now.room[0] * x.value / 100 + "px";
    frame.style.top = now.room[1] * y.value / 100 + "px";
  }

  function place(left, top) {
    var room = box().room;
    if (room[0] > 0) x.value = Math.round(left / room[0] * 100);
    if (room[1] > 0) y.value = Math.round(top / room[1] * 100);
    show();
  }

  frame.addEventListener("pointerdown", function (event) {
    if (event.button) return;
    frame.setPointerCapture(event.pointerId);
    from = { x: event.clientX - frame.offsetLeft, y: event.clientY - frame.offsetTop };
  });
  frame.addEventListener("pointermove", function (event) {
    if (from) place(event.clientX - from.x, event.clientY - from.y);
  });
  ["pointerup", "pointercancel"].forEach(function (name) { frame.addEventListener(name, function () { from = null; }); });
  frame.addEventListener("wheel", function (event) {
    event.preventDefault();
    size.value = Number(size.value) + (event.deltaY < 0 ? 3 : -3);
    show();
  }, { passive: false });
  frame.addEventListener("keydown", function (event) {
    var step = { ArrowLeft: [x, -2], ArrowRight: [x, 2], ArrowUp: [y, -2], ArrowDown: [y, 2], "+": [size, 2], "-": [size, -2] }[event.key];
    if (!step) return;
    event.preventDefault();
    step[0].value = Number(step[0].value) + step[1];
    show();
  });
  form.addEventListener("input", show);
  addEventListener("resize", show);
  if (image.complete) show(); else image.addEventListener("load", show);
})();
