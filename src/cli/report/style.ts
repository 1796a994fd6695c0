/** The whole style of the report: light, dark, phone and paper. Colours are never the only sign of anything. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--bg:#f6f6f3;--card:#ffffff;--ink:#1c1e21;--soft:#5a5f66;--line:#dedcd5;
--grid:#e9e7e1;--live:#1a6e43;--live-bg:#dcefe3;--dry:#5d6167;--dry-bg:#e8e7e2;--price:#2a5db0;
--buy:#1a6e43;--sell:#8a4b08;--stop:#b3261e;--stop-bg:#f8dedb;--level:#6a6e75;--gain:#1a6e43;--loss:#b3261e;
--warn:#8a5a00;--warn-bg:#fbeccb}
@media (prefers-color-scheme:dark){:root{--bg:#131517;--card:#1c1f22;--ink:#ececea;--soft:#a4a9b0;--line:#34383d;
--grid:#292d31;--live:#6fcf9a;--live-bg:#173526;--dry:#b0b4ba;--dry-bg:#2c3034;--price:#8ab4f8;
--buy:#6fcf9a;--sell:#f0b067;--stop:#ff8f87;--stop-bg:#46201d;--level:#9a9fa6;--gain:#6fcf9a;--loss:#ff8f87;
--warn:#f3c566;--warn-bg:#40310f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue","Liberation Sans",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:28px 20px 56px;overflow-wrap:anywhere}
.eyebrow{margin:0 0 6px;color:var(--soft);font-size:.875rem;display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center}
.badge{font-weight:650;font-size:.75rem;letter-spacing:.04em;padding:2px 9px;border-radius:99px}
.badge.live{color:var(--live);background:var(--live-bg)}
.badge.dry{color:var(--dry);background:var(--dry-bg)}
.badge.money{color:var(--stop);background:var(--stop-bg)}
h1{font-size:clamp(1.35rem,1rem + 1.5vw,1.75rem);line-height:1.22;letter-spacing:-.012em;margin:0 0 18px;font-weight:680;
text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1.06rem;margin:0 0 4px;font-weight:650;letter-spacing:-.003em}
.note{color:var(--soft);font-size:.875rem;margin:0 0 12px;overflow-wrap:anywhere}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin:0 0 16px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:1px;margin:0 0 16px;padding:0;
background:var(--line);border:1px solid var(--line);border-radius:12px;overflow:hidden}
.figures div{background:var(--card);padding:12px 16px}
.figures dt{color:var(--soft);font-size:.8125rem}
.figures dd{margin:0;font-size:1.3rem;font-weight:640;letter-spacing:-.01em;line-height:1.3}
.figures small{display:block;font-size:.8125rem;font-weight:400;color:var(--soft);letter-spacing:0}
.gain{color:var(--gain)}.loss{color:var(--loss)}
.story{list-style:none;margin:8px 0 0;padding:0}
.story li{display:grid;grid-template-columns:5.2em minmax(0,1fr) auto;gap:2px 12px;padding:8px 0;
border-top:1px solid var(--grid)}
.story li:first-child{border-top:0;padding-top:0}.story li:last-child{padding-bottom:0}
.story li>*{min-width:0}.story b{font-weight:650}.story .sum{font-weight:640;text-align:right;white-space:nowrap}
.pair{display:grid;grid-template-columns:minmax(0,1fr);gap:0 16px}
@media (min-width:900px){.pair{grid-template-columns:repeat(2,minmax(0,1fr))}
.pair>section:only-child{grid-column:1/-1}}
figure{margin:0}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;fill:var(--soft)}
svg .ink{fill:var(--ink)}svg .strong{font-weight:650;fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:3px}
.narrow{display:none}
@media (max-width:640px){.wide{display:none}.narrow{display:block}main{padding:18px 12px 40px}
section{padding:14px 14px}.figures{grid-template-columns:1fr 1fr}.figures div:last-child:nth-child(odd){grid-column:1/-1}.story li{grid-template-columns:minmax(0,1fr) auto}
.story li span:nth-child(2){grid-column:1/-1;grid-row:2}}
.grid{stroke:var(--grid);stroke-width:1}
.axis{stroke:var(--line);stroke-width:1}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:10px 0 0;padding:0;list-style:none;color:var(--soft);font-size:.8125rem}
.legend li{display:flex;align-items:center;gap:6px}
.legend svg{width:22px;height:12px;flex:none}
.price{fill:none;stroke:var(--price);stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.stop{fill:none;stroke:var(--stop);stroke-width:1.6;stroke-dasharray:5 3}
.level{stroke:var(--level);stroke-width:1;stroke-dasharray:1.5 3}
.buy{fill:var(--buy)}.sell{fill:var(--sell)}.bad{fill:var(--stop)}.sim{fill:var(--card);stroke:var(--dry);stroke-width:1.5}
svg text.t-stop{fill:var(--stop)}svg text.t-price{fill:var(--price)}svg text.t-live{fill:var(--live);font-weight:650}
svg text.t-dry{fill:var(--dry);font-weight:650}
.marker{stroke:var(--card);stroke-width:1.5}
.area{fill:var(--price);opacity:.1}
.band-live{fill:var(--live-bg);stroke:var(--live)}.band-dry{fill:var(--dry-bg);stroke:var(--dry)}
.band-kill{fill:var(--stop-bg);stroke:var(--stop)}.band-open{fill:var(--grid);stroke:var(--line)}
.tick{stroke:var(--dry);stroke-width:1.5}.thin{stroke:none}
.bars{display:grid;gap:14px;margin:0}
.bars dt{display:flex;justify-content:space-between;gap:12px;font-size:.9375rem}
.bars dt span:last-child{color:var(--soft);white-space:nowrap}
.bars dd{margin:5px 0 0;height:10px;border-radius:5px;background:var(--grid);overflow:hidden}
.bars i{display:block;height:100%;background:var(--price);border-radius:5px;min-width:2px}
.bars .full{background:var(--stop)}.bars .none{min-width:0;width:0}
table{border-collapse:collapse;width:100%;font-size:.875rem}
caption{text-align:left;padding:0}
th,td{text-align:left;padding:7px 10px 7px 0;border-top:1px solid var(--grid);vertical-align:top;overflow-wrap:anywhere}
thead th{color:var(--soft);font-weight:500;border-top:0;padding-top:0;white-space:nowrap}
td.n,th.n{text-align:right;padding-right:22px}
tbody th{font-weight:640}
.tag{white-space:nowrap}
.tag.bad-tag{color:var(--stop);font-weight:640}.tag.warn-tag{color:var(--warn);font-weight:640}.tag.good-tag{color:var(--gain)}
@media (max-width:640px){.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards tr{display:block;padding:9px 0;border-top:1px solid var(--grid)}
.cards tbody tr:first-child{border-top:0;padding-top:0}
.cards th,.cards td,.cards td.n{display:flex;justify-content:space-between;gap:16px;border:0;padding:1.5px 0;text-align:right}
.cards tbody th{text-align:left;justify-content:flex-start}
.cards td::before{content:attr(data-label);color:var(--soft);text-align:left;white-space:nowrap}
.cards td>*{min-width:0}.cards td:empty{display:none}
.narrow-table{font-size:.8125rem}.narrow-table td.n,.narrow-table th.n{padding-right:0;padding-left:8px}
.narrow-table th,.narrow-table td{white-space:nowrap;overflow-wrap:normal}}
.note.below{margin:12px 0 0}
details summary{cursor:pointer;font-size:1.06rem;font-weight:650;padding:2px 0}details[open] summary{margin-bottom:10px}
details caption{display:none}
.plain{margin:0;padding-left:1.2em;font-size:.9375rem}
.days{display:flex;justify-content:space-between;gap:12px;margin:0 0 14px;font-size:.875rem;color:var(--soft)}
.days a{color:var(--price)}
.point{fill:var(--price)}.dot-win{fill:var(--buy)}.dot-loss{fill:var(--stop)}
.dot-win,.dot-loss{stroke:var(--card);stroke-width:1}
.mean{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 3}.strong-axis{stroke:var(--level)}
footer{color:var(--soft);font-size:.8125rem;overflow-wrap:anywhere}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--grid:#ddd;--live:#14532d;
--live-bg:#e3f1e8;--dry:#444;--dry-bg:#eee;--price:#1d4a94;--buy:#14532d;--sell:#7a3f00;--stop:#9b1c15;--stop-bg:#f8e0de;
--level:#555;--gain:#14532d;--loss:#9b1c15;--warn:#6d4700;--warn-bg:#fff3d6}
body{font-size:11pt}main{max-width:none;padding:0}section,.figures{break-inside:avoid}section{padding:10pt 12pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
