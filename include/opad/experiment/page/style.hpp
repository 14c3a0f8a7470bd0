#pragma once
#include <string>
#include <string_view>

#include <opad/core/error.hpp>

namespace opad::page {

/// The style sheet of every page.
inline constexpr std::string_view style_text = R"css(
:root{color-scheme:light dark;--paper:#fff;--panel:#f5f6f8;--ink:#1b1f27;--soft:#5c6470;--rule:#dfe2e8;--good:#12784a;
--bad:#b3261e;--accent:#2456c8;
--c0:#2456c8;--c1:#c2570c;--c2:#12784a;--c3:#b3261e;--c4:#7b3fb5;--c5:#0b7683;--c6:#8f6405;--c7:#b82a80;--c8:#5c6470;
--c9:#55721a}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14171c;--panel:#1d2128;--ink:#e8eaee;--soft:#a2aab6;
--rule:#333a45;--good:#5fd098;--bad:#ff8a80;--accent:#8ab0ff;
--c0:#8ab0ff;--c1:#ffab6b;--c2:#5fd098;--c3:#ff8a80;--c4:#c79bff;--c5:#63d3e0;--c6:#e6c15c;--c7:#ff8cc8;--c8:#a2aab6;
--c9:#b6d36b}}
*{box-sizing:border-box}.off,[hidden]{display:none!important}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:break-word;
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1600px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:28px;line-height:1.2;margin:0 0 6px}h2{font-size:20px;margin:40px 0 10px;padding-top:18px;
border-top:1px solid var(--rule)}h3{font-size:16px;margin:0}h4{font-size:14px;font-weight:600;margin:16px 0 6px}
p{max-width:80ch;margin:8px 0}.soft{color:var(--soft)}small,.small{font-size:13px}
nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:10px 0}a{color:var(--accent)}
a:focus-visible,button:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid var(--accent);
outline-offset:2px;border-radius:6px}
button{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--rule);border-radius:6px;
padding:4px 12px;cursor:pointer}button:disabled{opacity:.45;cursor:default}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;max-width:100%}
th,td{padding:7px 14px 7px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
thead th{font-size:13px;color:var(--soft);font-weight:600;vertical-align:bottom}
tbody th{overflow-wrap:anywhere;min-width:min(15em,24vw)}
td.n,th.n{text-align:right;padding-left:6px}td .whole{white-space:nowrap}
td .mean{font-weight:600}td .diff{display:block;font-size:12.5px;color:var(--soft)}
td .better{color:var(--good)}td .worse{color:var(--bad)}
td.text{overflow-wrap:anywhere;min-width:5em}
tr.reference>*{background:var(--panel)}tr.reference>th:first-child{box-shadow:-8px 0 var(--panel)}
.key{display:inline-block;width:11px;height:11px;margin-right:8px;vertical-align:-1px;background:var(--key);
border:3px solid var(--key);border-radius:3px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.key.s1{border-radius:50%}.key.s2{background:none}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;list-style:none;padding:0;margin:8px 0}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:16px}
.forests{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:16px;align-items:start}
.chart,.forest{margin:0;background:var(--panel);border-radius:8px;padding:10px 12px;break-inside:avoid}
svg.chart{width:100%;height:auto;padding:0}
.forest h3{font-size:13px;margin-bottom:6px}.forest ul{list-style:none;margin:0;padding:0}
.forest li{display:grid;grid-template-columns:minmax(5em,38%) 1fr;gap:10px;align-items:center;font-size:12.5px;
line-height:1.25}
.forest li>span{text-align:right;overflow-wrap:anywhere}.forest svg{display:block;width:100%;height:24px;
overflow:visible}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .title{font-weight:600;font-size:13px}
svg .tick{fill:var(--soft);font-size:11px}
svg .end{text-anchor:end}svg .middle{text-anchor:middle}svg .grid{stroke:var(--rule)}svg .zero{stroke:var(--soft)}
svg .curve{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke:var(--key)}svg .curve:hover{stroke-width:4}
svg .pale{opacity:.35;stroke-width:1}svg .s1{stroke-dasharray:7 3}svg .s2{stroke-dasharray:2 2}
svg .bar{stroke:var(--soft);stroke-width:3;stroke-linecap:round}svg .dot{fill:var(--soft)}
.better svg .bar{stroke:var(--good)}.better svg .dot{fill:var(--good)}.worse svg .bar{stroke:var(--bad)}
.worse svg .dot{fill:var(--bad)}
details{margin:10px 0;border:1px solid var(--rule);border-radius:8px;padding:10px 16px}summary{cursor:pointer;
font-weight:600}summary h3{display:inline}
fieldset{border:0;padding:0;margin:10px 0 0}legend{font-weight:600;padding:0;font-size:14px}
fieldset label{display:inline-flex;align-items:baseline;gap:6px;margin:2px 18px 2px 0;font-size:14px}
.photos,.grid,.pairs{display:grid;gap:12px;margin:8px 0 16px;padding:0;list-style:none}
.photos{grid-template-columns:repeat(auto-fill,minmax(80px,88px))}
.grid{grid-template-columns:repeat(auto-fill,minmax(92px,112px))}
.pairs{grid-template-columns:repeat(auto-fill,minmax(min(100%,150px),224px))}
figure{margin:0;break-inside:avoid}figcaption{font-size:12px;line-height:1.25;margin-top:4px;overflow-wrap:anywhere}
img{display:block;width:100%;aspect-ratio:1;object-fit:cover;border-radius:6px}img.exact{image-rendering:pixelated}
button.open{display:block;width:100%;padding:0;border:0;background:none;border-radius:6px;position:relative}
button.open.failed img{outline:3px solid var(--bad);outline-offset:-3px}
.pair img+img{position:absolute;inset:0;clip-path:inset(0 0 0 var(--cut,50%))}
.pair::after{content:"";position:absolute;top:0;bottom:0;left:var(--cut,50%);width:2px;margin-left:-1px;
background:#fff;box-shadow:0 0 2px #000}
.natural img{aspect-ratio:auto;width:auto;max-width:min(100%,760px)}.natural button.open{width:auto}
.slider{display:flex;align-items:center;gap:12px;font-size:14px;margin:10px 0 16px}.slider input{flex:0 1 320px;
min-width:0}
pre{background:var(--panel);border-radius:8px;padding:12px 14px;
font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,monospace;
white-space:pre-wrap;overflow-wrap:anywhere}
dialog{width:min(96vw,1100px);max-height:96vh;border:0;border-radius:12px;padding:16px 20px;background:var(--paper);
color:var(--ink);box-shadow:0 12px 60px #0008}dialog::backdrop{background:#000a}
dialog .bar{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin-bottom:12px}
dialog .bar .count{margin-right:auto}
dialog .whole{display:grid;grid-template-columns:minmax(0,2fr) minmax(220px,1fr);gap:20px;align-items:start}
dialog .stage{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);gap:10px}
dialog .stage img{aspect-ratio:auto;object-fit:contain;max-height:76vh}
dl{margin:0;font-size:14px}dt{color:var(--soft);font-size:12.5px}dd{margin:0 0 8px;overflow-wrap:anywhere}
@media(max-width:720px){main{padding:18px 14px 48px}h1{font-size:23px}
table.cards,table.cards tbody{display:block}table.cards thead{display:none}
table.cards tr{display:grid;grid-template-columns:1fr 1fr;gap:4px 14px;padding:10px 0;
border-bottom:1px solid var(--rule)}
table.cards th,table.cards td{display:block;border:0;padding:0;text-align:left;min-width:0}
table.cards tbody th{grid-column:1/-1}
table.cards td::before{content:attr(data-label);display:block;font-size:12px;color:var(--soft)}
table.cards td.text{grid-column:1/-1}dialog .whole{grid-template-columns:1fr}dialog .stage img{max-height:52vh}
.pairs{grid-template-columns:1fr 1fr}.grid{grid-template-columns:repeat(3,1fr);gap:8px}details{padding:8px 10px}
.forest li{padding:1px 0}dialog{padding:12px 14px}dialog .bar .count{flex:1 0 100%}
dialog .bar{gap:6px}dialog button{padding:4px 8px;
font-size:14px}}
@media print{@page{margin:12mm}main{max-width:none;padding:0}nav,.controls,.slider,dialog{display:none!important}
body{font-size:11pt}h2,h3,h4,summary{break-after:avoid}tr,li,figure,.chart,.forest{break-inside:avoid}
thead{display:table-header-group}details{border:0;padding:0}summary{list-style:none}a{color:inherit}
.chart,.forest,pre{border:1px solid var(--rule);background:none}
.pairs{grid-template-columns:repeat(auto-fill,minmax(60mm,1fr))}.pair{display:grid!important;
grid-template-columns:1fr 1fr;
gap:2mm}.pair img+img{position:static;clip-path:none}.pair::after{content:none}}
)css";

/// The pages' style sheet.
inline std::string style() {
  std::string css(style_text);
  for (int i = 0; i < 10; ++i) css += c10::str(".k", i, "{--key:var(--c", i, ")}");
  return css;
}

}  // namespace opad::page
