/* The desk without waiting: eight digits look themselves up, the camera reads codes, the field is ready again. */
(function () {
  "use strict";

  var ask = document.getElementById("ask");
  var field = document.getElementById("code");
  var scan = document.getElementById("scan");
  var video = document.getElementById("video");
  var box = document.getElementById("camera");
  var noCamera = document.getElementById("no-camera");
  var stream = null, reader = null, timer = 0, lastSeen = "", asked = "", busy = false;
  var EVERY = 160;

  /* A Chinese keyboard may write digits in full width: they are the same digits. */
  function digits(text) { return text.normalize("NFKC").replace(/[\s-]/g, ""); }

  function lookUp(code) {
    if (busy) return;
    busy = true;
    field.value = asked = code;
    ask.requestSubmit();
  }

  field.addEventListener("input", function () {
    if (/^\d{8}$/.test(digits(field.value))) lookUp(field.value);
  });

  /* Ready for the next code: the field is empty and has the focus, or the one button that matters has it. */
  function settle() {
    var outcome = document.getElementById("outcome").dataset.outcome;
    busy = false;
    if (field.value === asked) field.value = "";  /* the next code may be under way already */
    if (outcome === "found") document.getElementById("give").focus();
    else field.focus();
    if (outcome !== "found") lastSeen = outcome === "done" || outcome === "known" ? lastSeen : "";
    if (navigator.vibrate && outcome !== "ready") navigator.vibrate(outcome === "refused" ? [80, 60, 80] : 60);
  }
  document.addEventListener("htmx:afterSwap", settle);
  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach(function (name) {
    document.addEventListener(name, function () { busy = false; lastSeen = ""; });
  });

  /* The browser's own reader where it has one, else the one that comes with the mall. */
  function nativeReader() {
    if (!("BarcodeDetector" in window)) return Promise.resolve(null);
    return window.BarcodeDetector.getSupportedFormats().then(function (formats) {
      if (formats.indexOf("qr_code") < 0) return null;
      var detector = new window.BarcodeDetector({ formats: ["qr_code"] });
      return function () {
        return detector.detect(video).then(function (found) { return found.length ? found[0].rawValue : ""; });
      };
    }).catch(function () { return null; });
  }

  function ownReader() {
    return new Promise(function (resolve, reject) {
      var script = document.createElement("script");
      script.src = scan.dataset.decoder;
      script.onload = resolve;
      script.onerror = reject;
      document.head.appendChild(script);
    }).then(function () {
      var canvas = document.createElement("canvas");
      var paper = canvas.getContext("2d", { willReadFrequently: true });
      return function () {
        var width = Math.min(640, video.videoWidth), height = Math.round(video.videoHeight * width / video.videoWidth);
        canvas.width = width;
        canvas.height = height;
        paper.drawImage(video, 0, 0, width, height);
        var found = window.jsQR(paper.getImageData(0, 0, width, height).data, width, height, { inversionAttempts: "dontInvert" });
        return Promise.resolve(found ? found.data : "");
      };
    });
  }

  function read() {
    if (!stream) return;
    var wait = busy || video.readyState < 2 ? Promise.resolve("") : reader();
    wait.catch(function () { return ""; }).then(function (text) {
      var code = digits(text || "");
      if (/^\d{8}$/.test(code) && code !== lastSeen) {
        lastSeen = code;  /* one look for one code, however long it is held in front of the camera */
        lookUp(code);
      }
      timer = setTimeout(read, EVERY);
    });
  }

  function stop() {
    clearTimeout(timer);
    if (stream) stream.getTracks().forEach(function (track) { track.stop(); });
    stream = null;
    box.hidden = true;
    scan.textContent = scan.dataset.start;
  }

  function start() {
    noCamera.hidden = true;
    navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false }).then(function (opened) {
      stream = opened;
      video.srcObject = opened;
      box.hidden = false;
      scan.textContent = scan.dataset.stop;
      return video.play();
    }).then(function () {
      return reader || nativeReader().then(function (own) { return own || ownReader(); });
    }).then(function (found) {
      reader = found;
      lastSeen = "";
      read();
    }).catch(function () {
      stop();
      noCamera.hidden = false;
      field.focus();
    });
  }

  if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) {
    scan.dataset.start = scan.textContent;
    scan.hidden = false;
    scan.addEventListener("click", function () { if (stream) stop(); else start(); });
    document.addEventListener("visibilitychange", function () { if (document.hidden && stream) stop(); });
  }
  field.focus();
})();
