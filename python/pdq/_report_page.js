// Draws the charts in the colours of the page, and again when those change.
const charts = JSON.parse(document.getElementById("charts").textContent);
const views = {};

function makeConfig() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue("--" + name).trim();
  const font = "system-ui, sans-serif";
  return {
    background: null,
    font,
    view: {stroke: null},
    axis: {labelColor: color("text"), titleColor: color("quiet"), gridColor: color("line"), domainColor: color("line"),
           tickColor: color("line"), titleFontWeight: "normal", labelLimit: 110, titleLimit: 320},
    legend: {labelColor: color("text"), titleColor: color("quiet"), titleFontWeight: "normal", orient: "top"},
    title: {color: color("text"), subtitleColor: color("quiet"), anchor: "start", fontSize: 13},
    tick: {color: color("text")},
    range: {
      category: ["first", "second", "third", "fourth", "fifth"].map(color),
      ordinal: [color("first"), color("bad")],
      heatmap: [color("low"), color("high")],
    },
  };
}

async function draw() {
  const config = makeConfig();
  for (const [name, spec] of Object.entries(charts)) {
    const place = document.getElementById(name);
    views[name]?.finalize();
    views[name] = await vegaEmbed(place, spec, {actions: false, config, renderer: "canvas", tooltip: {theme: "custom"}});
    document.documentElement.dataset.first ??= Math.round(performance.now());
    // The page is there with its first chart; the browser shows each as it is drawn.
    await new Promise((resolve) => setTimeout(resolve));
  }
  showRegion();
  document.documentElement.dataset.drawn = Math.round(performance.now());
}

function showRegion() {
  const choice = document.getElementById("region");
  if (!choice) return;
  for (const result of Object.values(views))
    if ("region" in (result.view.getState().signals ?? {}))
      result.view.signal("region", choice.value).runAsync();
}

document.getElementById("region")?.addEventListener("change", showRegion);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
