#pragma once
#include <string_view>

namespace opad::page {

/// What the pages do beyond showing. A picture (button.open) opens large, with what is known of it; arrow keys walk
/// through those that can be seen, Escape closes, and the focus returns to the picture that was shown last. Boxes hide
/// whatever carries a row's or a column's name. A slider, or the mouse over a pair, moves the seam of before and after.
inline constexpr std::string_view script = R"js(
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, text) => Object.assign(document.createElement(tag), {textContent: text});
  const dialog = document.querySelector("dialog"), within = name => dialog.querySelector(name);
  const visible = () => all("button.open").filter(button => button.checkVisibility
    ? button.checkVisibility() : button.offsetParent !== null);
  let shown = null;
  const show = button => {
    shown = button;
    const list = visible(), at = list.indexOf(button);
    within(".stage").replaceChildren(...all("img", button).map(small => {
      const figure = make("figure", ""), large = small.cloneNode();
      if (button.dataset.file) {
        const whole = new Image();
        whole.onload = () => { large.src = whole.src; };
        whole.src = button.dataset.file;
      }
      figure.append(large);
      if (small.dataset.label) figure.append(make("figcaption", small.dataset.label));
      return figure;
    }));
    within("dl").replaceChildren(...JSON.parse(button.dataset.facts).flatMap(
      ([name, value]) => [make("dt", name), make("dd", value)]));
    within(".count").textContent = `Picture ${at + 1} of ${list.length}`;
    within(".previous").disabled = at <= 0;
    within(".next").disabled = at < 0 || at + 1 >= list.length;
    const page = within(".page");
    page.hidden = !button.dataset.page;
    if (button.dataset.page) page.href = button.dataset.page;
    if (!dialog.open) dialog.showModal();
  };
  const walk = by => {
    const list = visible(), next = list[list.indexOf(shown) + by];
    if (next) show(next);
  };
  all("button.open").forEach(button => button.addEventListener("click", () => show(button)));
  document.addEventListener("keydown", event => {
    const by = dialog.open && {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (by) { event.preventDefault(); walk(by); }
  });
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
  within(".previous").addEventListener("click", () => walk(-1));
  within(".next").addEventListener("click", () => walk(1));
  within(".close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { if (shown) shown.focus(); });

  all(".controls").forEach(controls => { controls.hidden = false; });
  const settle = box => ["row", "column"].filter(kind => box.dataset["shows" + kind]).forEach(kind =>
    all(`[data-${kind}="${CSS.escape(box.dataset["shows" + kind])}"]`)
      .forEach(part => part.classList.toggle("off", !box.checked)));
  all(".controls input").forEach(box => { box.addEventListener("change", () => settle(box)); settle(box); });
  all(".controls button").forEach(button => button.addEventListener("click", () =>
    all("input", button.closest("fieldset")).forEach(box => { box.checked = button.value === "all"; settle(box); })));

  all(".slider").forEach(slider => {
    const pairs = document.getElementById(slider.dataset.of), range = slider.querySelector("input");
    const cut = share => {
      pairs.style.setProperty("--cut", share + "%");
      range.value = share;
      range.setAttribute("aria-valuetext", `${share} % untrained, ${100 - share} % trained`);
    };
    slider.hidden = false;
    range.addEventListener("input", () => cut(+range.value));
    pairs.addEventListener("pointermove", event => {
      const pair = event.target.closest(".pair"), box = pair && pair.getBoundingClientRect();
      if (box) cut(Math.round(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * 100));
    });
    cut(50);
  });
})();
)js";

}  // namespace opad::page
