#include "nn/inspect/trace_page.h"

namespace keratin::detail {

const std::string_view kTracePageScript = R"js(
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const calls = data.calls.map((row, i) => {
  const c = {i};
  data.fields.forEach((name, k) => { c[name] = row[k]; });
  c.end = c.start + c.time;
  c.gflops = c.time > 0 ? c.flops / c.time * 1e-9 : 0;
  c.gbytes = c.time > 0 ? c.bytes / c.time * 1e-9 : 0;
  c.share = c.time > 0 ? c.least / c.time : 0;
  c.back = [];
  return c;
});
for (const c of calls) if (c.forward >= 0) calls[c.forward].back.push(c.i);
const main = calls.filter(c => c.thread === 0 && c.depth === 0);
const sum = (list, f) => list.reduce((s, c) => s + f(c), 0);
const largest = (list, f, least) => list.reduce((m, c) => Math.max(m, f(c)), least);
const inKernels = sum(main, c => c.time);
const phases = [...new Set(calls.map(c => c.phase))];
const color = phase => `var(--${phase})`;

// ---- text
const fixed = (x, digits = 3) => {
  if (x === 0) return '0';
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(x)) + 1e-9));
  return x.toFixed(Math.min(places, 6));
};
const time = s => s < 0.9995e-3 ? fixed(s * 1e6) + ' µs'
  : s < 0.9995 ? fixed(s * 1e3) + ' ms' : fixed(s) + ' s';
const size = b => b < 1e3 ? b + ' B' : b < 1e6 ? fixed(b / 1e3) + ' KB'
  : b < 1e9 ? fixed(b / 1e6) + ' MB' : fixed(b / 1e9) + ' GB';
const percent = x => (x * 100 < 9.95 ? (x * 100).toFixed(1) : Math.round(x * 100)) + ' %';
const byId = id => document.getElementById(id);

// ---- elements
function element(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes || {})) e.setAttribute(k, v);
  e.append(...children);
  return e;
}
function drawn(parent, tag, attributes, text) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  parent.append(e);
  return e;
}
function emptied(id, height) {
  const svg = byId(id);
  svg.replaceChildren();
  const width = Math.max(280, svg.parentElement.clientWidth - 36);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.style.height = height + 'px';
  return [svg, width];
}

// ---- what is under the pointer
const tip = byId('tip');
function describe(c) {
  const line = (k, v) => element('div', {}, element('span', {}, k), element('span', {}, v));
  tip.replaceChildren(element('b', {}, `${c.kernel} ${c.shape}`),
    line('layer', c.layer || '–'), line('phase', c.phase + (c.op ? `, ${c.op}` : '')),
    line('rung', c.rung), line('time', time(c.time)),
    line('FLOP/s', c.flops ? fixed(c.gflops) + ' G' : '–'),
    line('bytes/s', c.bytes ? fixed(c.gbytes) + ' G' : '–'),
    line('of the roofline', percent(c.share)),
    line('threads', `${c.threads}`));
  if (c.forward >= 0) tip.append(line('way back of', `call ${c.forward}`));
  if (c.back.length) tip.append(line('its way back', time(sum(c.back, i => calls[i].time))));
}
function follow(mark, show, hide) {
  mark.addEventListener('pointermove', e => {
    show();
    tip.style.display = 'block';
    const x = Math.min(e.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const y = e.clientY + 16 + tip.offsetHeight > innerHeight
      ? e.clientY - tip.offsetHeight - 12 : e.clientY + 16;
    tip.style.left = Math.max(4, x) + 'px';
    tip.style.top = y + 'px';
  });
  mark.addEventListener('pointerleave', () => { tip.style.display = 'none'; hide(); });
}

// ---- head
byId('machine').textContent = data.processor;
const shareOf = list => sum(list, c => c.least) / Math.max(1e-12, sum(list, c => c.time));
const peakInUse = largest(calls, c => c.inUse, 0);
const peakHeld = largest(calls, c => c.held, 0);
for (const [value, label] of [
  [time(data.seconds), 'from beginning to end'],
  [percent(data.seconds > 0 ? inKernels / data.seconds : 0),
    `of it in ${calls.length} kernel calls`],
  [percent(shareOf(main)), 'of the roofline, by time'],
  [fixed(sum(main, c => c.flops) / Math.max(1e-12, inKernels) * 1e-9) + ' GFLOP/s',
    `in kernels; the roof is ${fixed(data.peak.flops * 1e-9)}`],
  [size(peakInUse), 'in tensors at the peak']])
  byId('tiles').append(element('div', {class: 'tile'},
    element('b', {}, value), element('span', {}, label)));
for (const phase of phases) {
  const seconds = sum(calls.filter(c => c.phase === phase && c.depth === 0), c => c.time);
  byId('phases').append(element('span', {},
    element('i', {style: `background:${color(phase)}`}), `${phase} ${time(seconds)}`));
}

// ---- axes
function steps(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find(m => m * power >= raw);
  const list = [];
  for (let x = Math.ceil(low / step) * step; x <= high + step * 1e-9; x += step) list.push(x);
  return list;
}

// ---- time line: a lane of layers, one of calls for each thread
const view = {from: 0, to: data.seconds || 1e-6};
const threads = [...new Set(calls.map(c => c.thread))].sort((a, b) => a - b);
const spans = [];
for (const c of main) {
  const last = spans[spans.length - 1];
  if (last && last.layer === c.layer && last.phase === c.phase) {
    last.end = c.end; last.busy += c.time; last.count++;
  } else {
    spans.push({layer: c.layer, phase: c.phase, start: c.start, end: c.end, busy: c.time,
      count: 1});
  }
}
function timeline() {
  const left = 64, lane = 34, arcs = 46, bottom = 22;
  const height = arcs + lane * (1 + threads.length) + bottom;
  const [svg, width] = emptied('timeline', height);
  const x = t => left + (t - view.from) / (view.to - view.from) * (width - left);
  const clip = drawn(drawn(svg, 'defs', {}), 'clipPath', {id: 'lanes'});
  drawn(clip, 'rect', {x: left, y: 0, width: width - left, height});
  for (const t of steps(view.from, view.to, Math.max(2, Math.floor(width / 110)))) {
    drawn(svg, 'line', {class: 'grid', x1: x(t), x2: x(t), y1: arcs, y2: height - bottom});
    drawn(svg, 'text', {x: x(t), y: height - 6, 'text-anchor': 'middle'}, time(t));
  }
  const inside = drawn(svg, 'g', {'clip-path': 'url(#lanes)'});
  const boxes = [];
  const bar = (item, y, label, h) => {
    const at = x(item.start), w = Math.max(1, x(item.end) - at);
    if (at > width || at + w < left) return null;
    const box = drawn(inside, 'rect', {class: 'mark', x: at, y, width: Math.max(w - 0.6, 0.8),
      height: h, rx: Math.min(3, w / 3), fill: color(item.phase)});
    const from = Math.max(at, left), room = Math.min(at + w, width) - from;
    if (room > label.length * 6.4 + 8)
      drawn(inside, 'text', {class: 'in', x: from + 5, y: y + h / 2 + 4}, label);
    return box;
  };
  drawn(svg, 'text', {x: 0, y: arcs + 19}, 'layers');
  for (const s of spans) {
    const box = bar(s, arcs + 2, s.layer, lane - 8);
    if (!box) continue;
    box.setAttribute('fill-opacity', '.55');
    follow(box, () => tip.replaceChildren(element('b', {}, s.layer || '(no layer)'),
      element('div', {}, element('span', {}, s.phase), element('span', {}, time(s.end - s.start))),
      element('div', {}, element('span', {}, `in ${s.count} calls`),
        element('span', {}, time(s.busy)))), () => {});
  }
  const faint = drawn(inside, 'g', {opacity: .16}), arc = drawn(inside, 'g', {opacity: .7});
  const join = (parent, from, to) => {
    const a = x((from.start + from.end) / 2), b = x((to.start + to.end) / 2);
    drawn(parent, 'path', {d: `M${a},${arcs} C${a},${-8} ${b},${-8} ${b},${arcs}`,
      fill: 'none', stroke: 'var(--ink)', 'stroke-width': 1.3, 'pointer-events': 'none'});
  };
  for (const c of calls) if (c.forward >= 0) join(faint, calls[c.forward], c);
  threads.forEach((thread, k) => {
    const y = arcs + lane * (k + 1);
    drawn(svg, 'text', {x: 0, y: y + 19}, thread === 0 ? 'kernels' : `thread ${thread}`);
    for (const c of calls.filter(c => c.thread === thread)) {
      const box = bar(c, y + 2 + 4 * c.depth, c.kernel, lane - 8 - 4 * c.depth);
      if (!box) continue;
      boxes.push([box, c]);
      follow(box, () => {
        describe(c);
        const partners = new Set([c.i, c.forward, ...c.back,
          ...(c.forward >= 0 ? calls[c.forward].back : [])]);
        for (const [other, d] of boxes) other.classList.toggle('dim', !partners.has(d.i));
        arc.replaceChildren();
        const root = c.forward >= 0 ? calls[c.forward] : c;
        for (const i of root.back) join(arc, root, calls[i]);
      }, () => {
        for (const [other] of boxes) other.classList.remove('dim');
        arc.replaceChildren();
      });
    }
  });
  timeline.scale = (view.to - view.from) / (width - left);
  timeline.left = left;
}
)js";

}  // namespace keratin::detail
