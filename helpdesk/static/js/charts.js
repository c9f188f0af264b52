/** Draws each chart from the table below it, in the site's own colours. Needs vendor/echarts.min.js. */
"use strict";

(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const SERIES = 7; // colours in tokens.css

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function number(cell) {
    const value = parseFloat(cell.textContent.replaceAll(",", ""));
    return Number.isNaN(value) ? null : value;
  }

  function read(table) {
    const [, ...names] = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    const rows = [...table.tBodies[0].rows];
    return {
      labels: rows.map((row) => row.cells[0].textContent.trim()),
      links: rows.map((row) => row.cells[0].querySelector("a")?.href),
      series: names.map((name, index) => ({ name, values: rows.map((row) => number(row.cells[index + 1])) })),
    };
  }

  function options(type, data) {
    const ink = token("ink-soft");
    const line = token("line");
    const font = getComputedStyle(document.body).fontFamily;
    const isSideways = type === "hbar";
    const hasLegend = data.series.length > 1;
    const category = {
      type: "category",
      data: data.labels,
      inverse: isSideways,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: token("line-strong") } },
      axisLabel: { color: ink, hideOverlap: true, ...(isSideways && { width: 150, overflow: "truncate" }) },
    };
    const value = { type: "value", minInterval: 1, splitLine: { lineStyle: { color: line } }, axisLabel: { color: ink } };
    return {
      animation: !still.matches,
      animationDuration: 250,
      color: Array.from({ length: SERIES }, (_, index) => token(`series-${index + 1}`)),
      textStyle: { fontFamily: font },
      grid: { left: 8, right: 16, top: hasLegend ? 40 : 16, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      legend: { show: hasLegend, type: "scroll", top: 0, left: 0, right: 16, textStyle: { color: ink }, pageTextStyle: { color: ink }, pageIconColor: ink, pageIconInactiveColor: line },
      tooltip: {
        trigger: "axis",
        renderMode: "richText", // an HTML tooltip would need inline styles
        confine: true,
        backgroundColor: token("surface"),
        borderColor: line,
        textStyle: { color: token("ink"), fontFamily: font },
        axisPointer: { type: type === "line" ? "line" : "shadow" },
      },
      xAxis: isSideways ? value : category,
      yAxis: isSideways ? category : value,
      series: data.series.map(({ name, values }) => ({
        name,
        data: values,
        type: type === "line" ? "line" : "bar",
        stack: type === "stacked" ? "all" : undefined,
        barMaxWidth: 36,
        symbolSize: 7,
        lineStyle: { width: 2.5 },
      })),
    };
  }

  function draw(holder) {
    const table = document.getElementById(holder.dataset.table);
    const data = read(table);
    if (!data.labels.length) return;
    const type = holder.dataset.chart;
    holder.classList.add("is-drawn");
    holder.classList.toggle("is-tall", type === "hbar" && data.labels.length > 10);
    holder.closest("figure").querySelector("details").open = false;
    const chart = echarts.init(holder, null, { renderer: "canvas" });
    const paint = () => chart.setOption(options(type, data), true);
    paint();
    chart.on("click", ({ dataIndex }) => {
      if (data.links[dataIndex]) window.location.assign(data.links[dataIndex]);
    });
    dark.addEventListener("change", paint);
    new ResizeObserver(() => chart.resize()).observe(holder);
  }

  for (const holder of document.querySelectorAll("[data-chart]")) draw(holder);
})();
