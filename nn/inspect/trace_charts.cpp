#include "nn/inspect/trace_page.h"

namespace keratin::detail {

const std::string_view kTracePageCharts = R"js(
{
  const svg = byId('timeline');
  const limit = () => {
    const length = Math.min(Math.max(view.to - view.from, 1e-6), data.seconds);
    view.from = Math.min(Math.max(0, view.from), data.seconds - length);
    view.to = view.from + length;
    timeline();
  };
  svg.addEventListener('wheel', e => {
    e.preventDefault();
    const at = view.from + (e.clientX - svg.getBoundingClientRect().left - timeline.left)
      * timeline.scale;
    const factor = Math.exp(e.deltaY * 0.002);
    view.from = at - (at - view.from) * factor;
    view.to = at + (view.to - at) * factor;
    limit();
  }, {passive: false});
  let grabbed = null;
  svg.addEventListener('pointerdown', e => { grabbed = e.clientX; });
  addEventListener('pointerup', () => { grabbed = null; });
  addEventListener('pointermove', e => {
    if (grabbed === null) return;
    const moved = (grabbed - e.clientX) * timeline.scale;
    grabbed = e.clientX;
    view.from += moved; view.to += moved;
    limit();
  });
  svg.addEventListener('dblclick', () => { view.from = 0; view.to = data.seconds; timeline(); });
}

// ---- roofline
function roofline() {
  const height = 360, left = 46, bottom = 38, top = 12;
  const [svg, width] = emptied('roofline', height);
  const dots = calls.filter(c => c.flops > 0 && c.bytes > 0 && c.time > 0);
  const log = Math.log10, p = data.peak;
  const intensity = dots.map(c => log(c.flops / c.bytes));
  const ridge = log(p.flops / p.bandwidth);
  const x0 = Math.floor(-largest(intensity, v => -v, 1));
  const x1 = Math.ceil(largest(intensity, v => v, ridge + .6) + .1);
  const rates = dots.map(c => log(c.gflops));
  const y1 = Math.ceil(log(p.flops * 1e-9) + .1);
  const y0 = Math.max(y1 - 6, Math.floor(-largest(rates, v => -v, 3 - y1)));
  const x = v => left + (v - x0) / (x1 - x0) * (width - left - 8);
  const y = v => top + (y1 - Math.max(v, y0)) / (y1 - y0) * (height - top - bottom);
  const power = v => v >= -2 && v <= 4 ? String(+(10 ** v).toPrecision(1)) : `1e${v}`;
  for (let v = x0; v <= x1; v++) {
    drawn(svg, 'line', {class: 'grid', x1: x(v), x2: x(v), y1: top, y2: height - bottom});
    drawn(svg, 'text', {x: x(v), y: height - bottom + 15, 'text-anchor': 'middle'}, power(v));
  }
  for (let v = y0; v <= y1; v++) {
    drawn(svg, 'line', {class: 'grid', x1: left, x2: width - 8, y1: y(v), y2: y(v)});
    drawn(svg, 'text', {x: left - 7, y: y(v) + 4, 'text-anchor': 'end'}, power(v));
  }
  drawn(svg, 'text', {x: (left + width) / 2, y: height - 5, 'text-anchor': 'middle'},
    'FLOPs per byte');
  drawn(svg, 'text', {x: 0, y: 0, transform: `translate(9 ${height / 2}) rotate(-90)`,
    'text-anchor': 'middle'}, 'GFLOP/s');
  const roof = log(p.flops * 1e-9);
  const line = (bandwidth, label, dash) => {
    const at = v => log(bandwidth * 1e-9) + v, corner = roof - log(bandwidth * 1e-9);
    const from = Math.max(x0, y0 - log(bandwidth * 1e-9));
    drawn(svg, 'line', {x1: x(from), y1: y(at(from)), x2: x(corner), y2: y(roof),
      stroke: 'var(--ink)', 'stroke-width': 1.4, 'stroke-dasharray': dash, opacity: .75});
    const angle = -Math.atan2(y(at(0)) - y(at(1)), x(1) - x(0)) * 180 / Math.PI;
    const v = from + .12;
    drawn(svg, 'text', {transform: `translate(${x(v)} ${y(at(v)) - 6}) rotate(${angle})`},
      `${label} ${fixed(bandwidth * 1e-9)} GB/s`);
    return corner;
  };
  const corners = [line(p.bandwidth, 'memory', 'none')];
  if (p.outer) corners.push(line(p.outer, 'outer cache', '6 4'));
  if (p.inner) corners.push(line(p.inner, 'inner cache', '2 3'));
  drawn(svg, 'line', {x1: x(Math.min(...corners)), y1: y(roof), x2: width - 8, y2: y(roof),
    stroke: 'var(--ink)', 'stroke-width': 1.4, opacity: .75});
  drawn(svg, 'text', {x: x(Math.min(...corners)) + 6, y: y(roof) - 7},
    `${fixed(p.flops * 1e-9)} GFLOP/s`);
  const longest = largest(dots, c => c.time, 0);
  for (const c of [...dots].sort((a, b) => b.time - a.time)) {
    const dot = drawn(svg, 'circle', {class: 'mark', cx: x(log(c.flops / c.bytes)),
      cy: y(log(c.gflops)), r: 3 + 13 * Math.sqrt(c.time / longest), fill: color(c.phase),
      'fill-opacity': .5, stroke: color(c.phase), 'stroke-width': 1.2});
    follow(dot, () => describe(c), () => {});
  }
}

// ---- memory: steps from call to call
function memory() {
  const height = 170, left = 64, bottom = 22, top = 8;
  const [svg, width] = emptied('memory', height);
  const points = [...calls].sort((a, b) => a.end - b.end);
  const most = Math.max(1, peakHeld);
  const x = t => left + t / (data.seconds || 1e-6) * (width - left);
  const y = b => top + (1 - b / most) * (height - top - bottom);
  for (const b of steps(0, most, 4)) {
    drawn(svg, 'line', {class: 'grid', x1: left, x2: width, y1: y(b), y2: y(b)});
    drawn(svg, 'text', {x: left - 8, y: y(b) + 4, 'text-anchor': 'end'}, size(b));
  }
  for (const t of steps(0, data.seconds || 1e-6, Math.max(2, Math.floor(width / 110))))
    drawn(svg, 'text', {x: x(t), y: height - 4, 'text-anchor': 'middle'}, time(t));
  if (!points.length) return;
  const path = f => {
    let d = `M${x(0)},${y(f(points[0]))}`;
    for (const c of points) d += `H${x(c.end)}V${y(f(c))}`;
    return d + `H${width}`;
  };
  drawn(svg, 'path', {d: path(c => c.inUse) + `V${y(0)}H${left}Z`, fill: 'var(--forward)',
    opacity: .22});
  drawn(svg, 'path', {d: path(c => c.inUse), fill: 'none', stroke: 'var(--forward)',
    'stroke-width': 1.8});
  drawn(svg, 'path', {d: path(c => c.held), fill: 'none', stroke: 'var(--faint)',
    'stroke-width': 1.4, 'stroke-dasharray': '5 4'});
  const over = drawn(svg, 'rect', {x: left, y: 0, width: width - left, height,
    fill: 'transparent'});
  const cross = drawn(svg, 'line', {class: 'axis', y1: top, y2: height - bottom,
    visibility: 'hidden', 'pointer-events': 'none'});
  over.addEventListener('pointermove', e => {
    const t = (e.clientX - svg.getBoundingClientRect().left - left) / (width - left) * data.seconds;
    let c = points[0];
    for (const d of points) if (d.end <= t) c = d;
    over.call = c;
    cross.setAttribute('x1', x(c.end)); cross.setAttribute('x2', x(c.end));
    cross.setAttribute('visibility', 'visible');
  });
  follow(over, () => {
    const c = over.call;
    const line = (k, v) => element('div', {}, element('span', {}, k), element('span', {}, v));
    tip.replaceChildren(element('b', {}, `after ${c.kernel}${c.layer ? ' of ' + c.layer : ''}`),
      line('in tensors', size(c.inUse)), line('held', size(c.held)), line('at', time(c.end)));
  }, () => cross.setAttribute('visibility', 'hidden'));
}
byId('memory-text').textContent =
  `line: in tensors, at most ${size(peakInUse)}; dashed: held, with what is kept for reuse, ` +
  `at most ${size(peakHeld)}`;

// ---- tables
const cell = (text, numeric, code) =>
  element('td', {class: (numeric ? 'n ' : '') + (code ? 'code' : '')}, text);
function layerCell(c) {
  return element('td', {class: 'name', title: c.layer}, element('span', {class: 'dot', style: `background:${color(c.phase)}`,
    title: c.phase}), c.layer || '–');
}
const columns = [
  ['#', c => c.i, c => cell(c.i, true)],
  ['layer', c => c.layer, layerCell],
  ['phase', c => c.phase, c => cell(c.phase)],
  ['kernel', c => c.kernel, c => cell(c.kernel, false, true)],
  ['rung', c => c.rung, c => cell(c.rung, false, true)],
  ['time', c => c.time, c => cell(time(c.time), true), true],
  ['GFLOP/s', c => c.gflops, c => cell(c.flops ? fixed(c.gflops) : '–', true), true],
  ['GB/s', c => c.gbytes, c => cell(c.bytes ? fixed(c.gbytes) : '–', true), true],
  ['roofline', c => c.share, c => cell(c.least ? percent(c.share) : '–', true), true],
  ['back of', c => c.forward, c => cell(c.forward >= 0 ? c.forward : '', true), true],
  ['shape', c => c.shape, c => cell(c.shape, false, true)]];
const column = name => columns.find(c => c[0] === name);
function head(list, click) {
  const row = element('tr');
  for (const column of list) {
    const th = element('th', {class: column[3] || column[0] === '#' ? 'n' : ''}, column[0]);
    if (click) th.addEventListener('click', () => click(column));
    row.append(th);
  }
  return element('thead', {}, row);
}
let order = null, descending = false;
function all() {
  const list = [...calls];
  if (order) list.sort((a, b) => {
    const u = order[1](a), v = order[1](b);
    return (u < v ? -1 : u > v ? 1 : a.i - b.i) * (descending ? -1 : 1);
  });
  const body = element('tbody');
  for (const c of list) body.append(element('tr', {}, ...columns.map(column => column[2](c))));
  byId('all').replaceChildren(head(columns, column => {
    descending = order === column ? !descending : !!column[3];
    order = column;
    all();
  }), body);
}
{
  const five = calls.filter(c => c.depth === 0).sort((a, b) => b.time - a.time).slice(0, 5);
  const whole = Math.max(1e-12, sum(calls.filter(c => c.depth === 0), c => c.time));
  byId('five-share').textContent =
    `together ${percent(sum(five, c => c.time) / whole)} of the time in kernels`;
  const shown = [...['layer', 'phase', 'kernel', 'rung', 'shape', 'time'].map(column),
    ['of all', null, c => cell(percent(c.time / whole), true), true],
    column('GFLOP/s'), column('GB/s'),
    ['roofline', null, c => {
      const meter = element('div', {class: 'meter', title: percent(c.share)},
        element('div', {style: `width:${Math.min(100, c.share * 100)}%`}));
      return element('td', {}, meter);
    }], ['', null, column('roofline')[2], true]];
  const body = element('tbody');
  for (const c of five) body.append(element('tr', {}, ...shown.map(column => column[2](c))));
  byId('five').append(head(shown), body);

  const layers = new Map();
  for (const c of calls.filter(c => c.depth === 0)) {
    const name = c.layer || '–';
    if (!layers.has(name)) layers.set(name, {name, parts: new Map(), time: 0, least: 0});
    const layer = layers.get(name);
    layer.parts.set(c.phase, (layer.parts.get(c.phase) || 0) + c.time);
    layer.time += c.time; layer.least += c.least;
  }
  const longest = Math.max(1e-12, ...[...layers.values()].map(l => l.time));
  const rows = element('tbody');
  for (const layer of layers.values()) {
    const bar = element('div', {class: 'bar'});
    for (const [phase, seconds] of layer.parts) bar.append(element('div', {
      style: `background:${color(phase)};width:${100 * seconds / longest}%`,
      title: `${phase} ${time(seconds)}`}));
    rows.append(element('tr', {}, cell(layer.name), element('td', {style: 'width:45%'}, bar),
      cell(time(layer.time), true), cell(percent(layer.least / layer.time), true)));
  }
  byId('layers').append(
    head([['layer'], [''], ['time', 0, 0, true], ['roofline', 0, 0, true]]), rows);
}
function draw() { timeline(); roofline(); memory(); }
all();
draw();
addEventListener('resize', draw);
)js";

}  // namespace keratin::detail
