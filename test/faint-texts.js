/**
 * Run in a browser, gives every text on the page that has less contrast than 4.5 to 1 (WCAG 2.2) with the ground
 * it stands on, as `text: contrast`. What lies on a photo is left out: its ground is not of one colour.
 */
(() => {
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === "" || element.closest(".frame") || !element.checkVisibility()) continue;
    const ratio = contrast(getComputedStyle(element).color, groundOf(element));
    if (ratio < 4.5) faint.push(`${text}: ${ratio.toFixed(2)}`);
  }
  return faint;

  function groundOf(element) {
    const ground = getComputedStyle(element).backgroundColor;
    return ground === "rgba(0, 0, 0, 0)" ? groundOf(element.parentElement) : ground;
  }

  function contrast(one, other) {
    const [dim, bright] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
    return (bright + 0.05) / (dim + 0.05);
  }

  function luminance(colour) {
    const [red, green, blue] = colour.match(/[\d.]+/g).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
})();
