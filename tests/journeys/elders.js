// What elders' mode promises, measured on the page as it is drawn: text of 18 pixels or more that may be enlarged,
// places to tap of 60 by 60 or more, and nothing that has to be pushed sideways. A radio button or a checkbox is
// tapped through its label; a link that covers the row it stands in, through the row. The pictures of a gift may be
// pushed, for small ones below lead to each. Contrast is axe's business.
() => {
  const TEXT = 18, TARGET = 59.5;
  const found = new Set();
  const name = (element) => [element.tagName.toLowerCase(), ...element.classList].join(".");
  const start = (element) => `"${element.textContent.trim().slice(0, 24)}"`;
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && !element.closest(".sr-only, .skip");
  const size = (element) => parseFloat(getComputedStyle(element).fontSize);

  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const holder = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || holder.closest("script, style, noscript, option, svg") || !seen(holder)) continue;
    if (size(holder) < TEXT) found.add(`text of ${size(holder)} px: ${name(holder)} ${start(holder)}`);
  }
  for (const target of document.querySelectorAll("a[href], button, summary, select, textarea, input:not([type=hidden])")) {
    const ticked = target.matches("[type=radio], [type=checkbox]");
    const place = (ticked && target.closest("label")) || target;
    if (!seen(place)) continue;
    if (target.matches("input, select, textarea") && !ticked && size(target) < TEXT) found.add(`text of ${size(target)} px in ${name(target)}`);
    const over = getComputedStyle(target, "::after");
    const covers = over.position === "absolute" && over.top === "0px" && over.bottom === "0px" && over.content !== "none";
    const { width, height } = (covers ? target.offsetParent : place).getBoundingClientRect();
    if (Math.min(width, height) < TARGET) found.add(`target of ${Math.round(width)} × ${Math.round(height)}: ${name(target)} ${start(target)}`);
  }
  for (const element of document.querySelectorAll("main *")) {
    if (element.scrollWidth > element.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(element).overflowX)
      && !element.matches(".gallery__strip, textarea, input")) found.add(`has to be pushed sideways: ${name(element)}`);
  }
  return [...found];
}
