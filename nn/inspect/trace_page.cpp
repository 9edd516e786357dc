#include "nn/inspect/trace_page.h"

namespace keratin::detail {

const std::string_view kTracePageStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #e3e6eb; --ink: #1a1d23; --soft: #5c6470;
  --faint: #9aa1ac; --hover: #eef1f6; --shadow: 0 1px 2px rgba(20, 25, 35, .06);
  --forward: #2a6fdb; --loss: #8a55cf; --backward: #d9730d; --update: #18936a;
  --metrics: #1391a8; --data: #c2478b; --other: #868d98;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151a; --card: #1b1f26; --line: #2d333d; --ink: #e8eaee; --soft: #a3abb8;
    --faint: #6d7583; --hover: #252b34; --shadow: none;
    --forward: #6aa5ff; --loss: #b98df2; --backward: #f0994a; --update: #4cc79b;
    --metrics: #4fc0d6; --data: #ea82bb; --other: #9aa1ac;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 48px; }
header { margin: 0 2px 18px; }
h1 { font-size: 22px; font-weight: 650; margin: 0 0 2px; letter-spacing: -.01em; }
h2 { font-size: 15px; font-weight: 650; margin: 0; }
p { margin: 0; color: var(--soft); }
section, .tile {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  box-shadow: var(--shadow);
}
section { padding: 16px 18px; margin-top: 14px; min-width: 0; }
.head { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; margin-bottom: 10px; }
.head p { font-size: 12.5px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
.tile { padding: 12px 14px; }
.tile b { display: block; font-size: 22px; font-weight: 650; letter-spacing: -.02em; }
.tile span { color: var(--soft); font-size: 12.5px; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 0 14px; }
@media (max-width: 520px) { .two { grid-template-columns: 1fr; } }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; color: var(--soft); font-size: 12.5px; }
.legend i {
  display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px;
}
svg { display: block; width: 100%; overflow: visible; }
svg text { fill: var(--soft); font-size: 11.5px; font-family: inherit; }
svg text.in { fill: #fff; pointer-events: none; }
@media (prefers-color-scheme: dark) { svg text.in { fill: #0d1015; } }
.grid { stroke: var(--line); stroke-width: 1; }
.axis { stroke: var(--faint); stroke-width: 1; }
.mark { cursor: pointer; }
.dim { opacity: .22; }
#timeline { cursor: grab; touch-action: pan-y; }
#timeline:active { cursor: grabbing; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); font-size: 12.5px; white-space: nowrap; }
#all th { cursor: pointer; position: sticky; top: 0; background: var(--card); }
#all th:hover { color: var(--ink); }
td.n, th.n { text-align: right; padding-right: 14px; white-space: nowrap; }
td.code {
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 12.5px;
  white-space: nowrap;
}
td.name { max-width: 230px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: var(--hover); }
.wide { overflow-x: auto; }
.tall { max-height: 520px; overflow: auto; }
.dot { display: inline-block; width: 8px; height: 8px; border-radius: 4px; margin-right: 7px; }
.bar { display: flex; height: 14px; border-radius: 4px; overflow: hidden; gap: 1px; }
.meter { background: var(--line); border-radius: 4px; height: 8px; min-width: 70px; }
.meter div { height: 8px; border-radius: 4px; background: var(--ink); opacity: .75; }
#tip {
  position: fixed; z-index: 9; pointer-events: none; display: none; max-width: 380px;
  background: var(--card); color: var(--ink); border: 1px solid var(--line); border-radius: 8px;
  box-shadow: 0 6px 24px rgba(0, 0, 0, .18); padding: 9px 12px; font-size: 12.5px;
}
#tip b { display: block; font-size: 13px; margin-bottom: 2px; }
#tip div { display: flex; justify-content: space-between; gap: 18px; color: var(--soft); }
#tip div span:last-child { color: var(--ink); font-variant-numeric: tabular-nums; }
footer { color: var(--faint); font-size: 12px; margin: 18px 2px 0; }
)css";

const std::string_view kTracePageBody = R"html(
<main>
<header><h1>Kernel trace</h1><p id="machine"></p></header>
<div class="tiles" id="tiles"></div>
<section>
  <div class="head"><h2>Time line</h2>
    <p>wheel to zoom, drag to move, double click for all; arcs lead from a call to its way back</p></div>
  <div class="legend" id="phases"></div>
  <svg id="timeline" role="img" aria-label="Kernel calls over time"></svg>
</section>
<section>
  <div class="head"><h2>The five costliest calls</h2><p id="five-share"></p></div>
  <div class="wide"><table id="five"></table></div>
</section>
<div class="two">
<section>
  <div class="head"><h2>Roofline</h2>
    <p>area: time; the closer to its line, the better the machine is used</p></div>
  <svg id="roofline" role="img" aria-label="FLOP/s over FLOPs per byte"></svg>
</section>
<section>
  <div class="head"><h2>Layers</h2><p>time forward, backward and beside</p></div>
  <div class="tall"><table id="layers"></table></div>
</section>
</div>
<section>
  <div class="head"><h2>Memory</h2><p id="memory-text"></p></div>
  <svg id="memory" role="img" aria-label="Bytes of tensors over time"></svg>
</section>
<section>
  <div class="head"><h2>All calls</h2><p>click a column to sort by it</p></div>
  <div class="tall"><table id="all"></table></div>
</section>
<footer>FLOPs and bytes are what an operation takes at the least. Roofs were measured on this
machine; data that fit into a cache are held against that cache's.</footer>
</main>
<div id="tip"></div>
)html";

}  // namespace keratin::detail
