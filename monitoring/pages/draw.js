"use strict";

// Draws each figure that the page holds as JSON, in the colours of the page.
function colours() {
  const style = getComputedStyle(document.querySelector(".tocsin"));
  return { ink: style.color, rule: style.getPropertyValue("--rule").trim() };
}

function draw(place) {
  const figure = JSON.parse(place.querySelector("script").textContent);
  const { ink, rule } = colours();
  const layout = figure.layout;
  layout.font = { color: ink, size: 12 };
  layout.hoverlabel = { bgcolor: getComputedStyle(document.querySelector(".tocsin")).backgroundColor };
  for (const axis of [layout.xaxis, layout.yaxis]) {
    axis.gridcolor = rule;
    axis.zerolinecolor = rule;
    axis.linecolor = rule;
  }
  Plotly.react(place.querySelector(".course"), figure.data, layout, {
    responsive: true,
    displayModeBar: false,
  });
}

function drawAll() {
  document.querySelectorAll(".figure").forEach(draw);
}

document.addEventListener("DOMContentLoaded", () => {
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
});
