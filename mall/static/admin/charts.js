/* Draws what data-chart describes: {names: [...], series: [{name, data}], kind?: "line" | "bar", urls?: where a press on each leads}. Colours follow the theme. */
(function () {
  "use strict";
  var COLOURS = { light: ["#4c6fb1", "#0b6e3f", "#c77a1a", "#8a4fa3", "#2e8f98", "#b04a5a", "#7a7f35", "#6b7280"], dark: ["#8fb0ec", "#6fd39b", "#f0b45e", "#c79be0", "#7fd0d8", "#f09aa8", "#c8cc7a", "#a5adba"] };

  function draw(box) {
    var given = JSON.parse(box.dataset.chart);
    var dark = document.documentElement.getAttribute("data-bs-theme") === "dark";
    var ink = dark ? "#c8d0cc" : "#56605b", line = dark ? "#3a423e" : "#e3e7e5";
    var chart = echarts.init(box, null, { renderer: "canvas" });
    if (given.kind === "ring") return ring(box, chart, given, dark, ink);
    chart.setOption({
      animationDuration: 300,
      color: COLOURS[dark ? "dark" : "light"],
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 12, top: 40, bottom: 8, containLabel: true },
      legend: { top: 0, right: 0, textStyle: { color: ink } },
      tooltip: { trigger: "axis", renderMode: "richText" },
      xAxis: { type: "category", data: given.names, axisLabel: { color: ink }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
      yAxis: { type: "value", axisLabel: { color: ink }, splitLine: { lineStyle: { color: line } } },
      series: given.series.map(function (one) {
        var smooth = given.kind === "line";
        return { name: one.name, data: one.data, type: given.kind || "bar", smooth: smooth, smoothMonotone: smooth ? "x" : undefined, showSymbol: false, barMaxWidth: 22,
          areaStyle: smooth ? { opacity: 0.12 } : undefined, itemStyle: smooth ? undefined : { borderRadius: [3, 3, 0, 0] } };
      })
    });
    if (given.urls) {
      chart.getZr().setCursorStyle("pointer");
      chart.getZr().on("click", function (event) {
        var place = chart.containPixel("grid", [event.offsetX, event.offsetY]) && chart.convertFromPixel({ seriesIndex: 0 }, [event.offsetX, event.offsetY])[0];
        if (typeof place === "number" && given.urls[place]) window.location.assign(given.urls[place]);
      });
    }
    box.drawn = chart;
    new ResizeObserver(function () { chart.resize(); }).observe(box);
  }

  function ring(box, chart, given, dark, ink) {
    chart.setOption({
      animationDuration: 300,
      color: COLOURS[dark ? "dark" : "light"],
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: { trigger: "item", renderMode: "richText" },
      series: [{ type: "pie", radius: ["48%", "78%"], data: given.series, label: { show: false }, itemStyle: { borderColor: dark ? "#182320" : "#fff", borderWidth: 2 } }]
    });
    box.drawn = chart;
    new ResizeObserver(function () { chart.resize(); }).observe(box);
  }

  function all() {
    document.querySelectorAll("[data-chart]").forEach(function (box) { if (!box.drawn) draw(box); });
  }
  document.addEventListener("htmx:afterSettle", all);
  all();
})();
