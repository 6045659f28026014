/* Workbench player; notices in THIRD-PARTY.txt; source sha256 3d7014e22a13ac089909251787706af69113d25e557920ba3e7200453571d622 */
var G=`.wb-player {
  --wb-back: var(--jp-layout-color0, #fff);
  --wb-panel: var(--jp-layout-color1, #fff);
  --wb-hover: var(--jp-layout-color2, #eef0f3);
  --wb-ink: var(--jp-ui-font-color1, #1f2328);
  --wb-dim: var(--jp-ui-font-color2, #6b7280);
  --wb-line: var(--jp-border-color2, #dfe3e8);
  --wb-accent: var(--jp-brand-color1, #1976d2);
  --wb-row: color-mix(in srgb, var(--wb-ink) 4%, var(--wb-back));
  --wb-bar: color-mix(in srgb, var(--wb-ink) 22%, var(--wb-back));
  --wb-beat: color-mix(in srgb, var(--wb-ink) 9%, var(--wb-back));
  --wb-key-white: color-mix(in srgb, #fff 62%, var(--wb-back));
  --wb-key-black: color-mix(in srgb, #4b525c 80%, var(--wb-back));
  box-sizing: border-box;
  width: 100%;
  min-width: 280px;
  margin: 4px 0;
  border: 1px solid var(--wb-line);
  border-radius: 10px;
  overflow: hidden;
  background: var(--wb-panel);
  color: var(--wb-ink);
  font: 13px/1.35 var(--jp-ui-font-family, system-ui, -apple-system, "Segoe UI", sans-serif);
  outline: none;
  user-select: none;
}
.wb-player *, .wb-player *::before { box-sizing: border-box; }
.wb-player [hidden] { display: none !important; }
.wb-player:focus-visible, .wb-player :focus-visible {
  outline: 2px solid var(--wb-accent);
  outline-offset: 1px;
}
.wb-player button {
  margin: 0;
  padding: 0;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
.wb-player svg { display: block; width: 20px; height: 20px; fill: currentColor; }
.wb-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 6px; padding: 8px 10px; }
.wb-player .wb-play {
  display: grid;
  place-items: center;
  width: 38px;
  height: 38px;
  border-radius: 50%;
  background: var(--wb-accent);
  color: #fff;
  transition: filter .12s, transform .12s;
}
.wb-player .wb-play:hover { filter: brightness(1.1); }
.wb-player .wb-play:active { transform: scale(.95); }
.wb-player[data-state="loading"] .wb-play { animation: wb-wait 1s ease-in-out infinite alternate; }
@keyframes wb-wait { to { filter: brightness(.7); } }
.wb-player .wb-tool {
  display: grid;
  place-items: center;
  width: 30px;
  height: 30px;
  border-radius: 7px;
  color: var(--wb-dim);
}
.wb-player .wb-tool:hover { background: var(--wb-hover); color: var(--wb-ink); }
.wb-player .wb-tool[aria-pressed="true"] {
  background: color-mix(in srgb, var(--wb-accent) 18%, transparent);
  color: var(--wb-accent);
}
.wb-clock { display: flex; align-items: baseline; gap: 9px; padding: 0 6px; font-variant-numeric: tabular-nums; }
.wb-place { min-width: 2.6em; font-size: 18px; font-weight: 600; }
.wb-time { color: var(--wb-dim); font-size: 12px; white-space: nowrap; }
.wb-title {
  flex: 1 1 60px;
  min-width: 0;
  overflow: hidden;
  color: var(--wb-dim);
  text-align: center;
  text-overflow: ellipsis;
  white-space: nowrap;
}
.wb-field { display: flex; align-items: center; gap: 6px; color: var(--wb-dim); }
.wb-field svg { width: 18px; height: 18px; }
.wb-player .wb-bpm { min-width: 64px; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wb-player .wb-bpm:hover { color: var(--wb-ink); }
.wb-zoom { display: flex; margin-left: auto; }
.wb-zoom .wb-tool { width: 26px; }
.wb-zoom svg { width: 17px; height: 17px; }
.wb-player input[type="range"] {
  width: 84px;
  height: 18px;
  margin: 0;
  accent-color: var(--wb-accent);
  cursor: pointer;
}
.wb-problem {
  margin: 0 10px 8px;
  padding: 7px 10px;
  border-radius: 6px;
  background: color-mix(in srgb, #e5484d 14%, var(--wb-panel));
}
.wb-stage {
  position: relative;
  border-top: 1px solid var(--wb-line);
  border-bottom: 1px solid var(--wb-line);
}
.wb-roll { display: block; width: 100%; touch-action: pan-y; cursor: crosshair; }
.wb-tip {
  position: absolute;
  z-index: 2;
  padding: 5px 9px;
  border-radius: 6px;
  background: color-mix(in srgb, #14171c 94%, transparent);
  color: #f3f4f6;
  font-size: 12px;
  line-height: 1.4;
  white-space: nowrap;
  pointer-events: none;
  box-shadow: 0 2px 8px rgb(0 0 0 / .28);
}
.wb-parts { display: flex; flex-wrap: wrap; gap: 6px; padding: 8px 10px; }
.wb-part {
  display: flex;
  align-items: center;
  gap: 6px;
  padding: 3px 8px 3px 9px;
  border: 1px solid var(--wb-line);
  border-radius: 8px;
  transition: opacity .12s;
}
.wb-part.wb-silent .wb-swatch, .wb-part.wb-silent .wb-part-name { opacity: .4; }
.wb-swatch { flex: none; width: 10px; height: 10px; border-radius: 3px; }
.wb-part-name { max-width: 170px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.wb-part input[type="range"] { width: 56px; accent-color: var(--wb-dim); }
.wb-player .wb-part button {
  width: 22px;
  height: 22px;
  border-radius: 5px;
  color: var(--wb-dim);
  font-size: 11px;
  font-weight: 700;
}
.wb-player .wb-part button:hover { background: var(--wb-hover); }
.wb-player .wb-part .wb-mute[aria-pressed="true"] { background: #d9534f; color: #fff; }
.wb-player .wb-part .wb-solo[aria-pressed="true"] { background: #d99a17; color: #fff; }
@media (prefers-reduced-motion: reduce) {
  .wb-player * { animation: none !important; transition: none !important; }
}
.wb-player { container-type: inline-size; }
.wb-player:focus-visible { outline-offset: -2px; }
.wb-grid { padding: 6px 8px 2px; border-bottom: 1px solid var(--wb-line); }
.wb-rows { max-height: 336px; overflow-y: auto; scrollbar-width: thin; }
.wb-row {
  display: flex;
  align-items: center;
  gap: 10px;
  padding: 3px 8px 3px 6px;
  border-radius: 7px;
  cursor: pointer;
}
.wb-row:hover { background: var(--wb-hover); }
.wb-row[aria-selected="true"] {
  background: color-mix(in srgb, var(--wb-accent) 15%, transparent);
  box-shadow: inset 3px 0 0 var(--wb-accent);
}
.wb-head { padding-block: 0; cursor: default; }
.wb-head:hover { background: none; }
.wb-head .wb-measure { color: var(--wb-dim); font-size: 11px; }
.wb-number { flex: none; width: 20px; color: var(--wb-dim); text-align: right; font-variant-numeric: tabular-nums; }
.wb-head > span:nth-child(1) { flex: none; width: 20px; }
.wb-head > span:nth-child(2) { flex: none; width: 132px; }
.wb-head > span:nth-child(3) { flex: 1 1 var(--wb-label); }
.wb-head > span:last-child { flex: none; width: 26px; }
.wb-thumbnail {
  flex: none;
  width: 132px;
  height: 30px;
  border-radius: 4px;
  background: var(--wb-back);
  box-shadow: 0 0 0 1px var(--wb-line);
}
.wb-label { flex: 1 1 var(--wb-label); min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.wb-measure {
  flex: 0 999 92px;
  min-width: 40px; /* 0.500; the label gives way only after that */
  overflow: hidden;
  text-align: right;
  text-overflow: ellipsis;
  white-space: nowrap;
  font-variant-numeric: tabular-nums;
}
.wb-player .wb-keep {
  display: grid;
  flex: none;
  place-items: center;
  width: 26px;
  height: 26px;
  border: 1.5px solid color-mix(in srgb, var(--wb-ink) 22%, transparent);
  border-radius: 50%;
  color: transparent;
}
.wb-keep svg { width: 15px; height: 15px; }
.wb-player .wb-keep:hover { color: var(--wb-dim); }
.wb-player .wb-keep[aria-pressed="true"] { border-color: #2e9e6b; background: #2e9e6b; color: #fff; }
.wb-foot { display: flex; align-items: center; gap: 12px; min-height: 38px; padding: 4px 8px; color: var(--wb-dim); }
.wb-player .wb-save {
  padding: 4px 12px;
  border: 1px solid var(--wb-line);
  border-radius: 7px;
  color: var(--wb-ink);
}
.wb-player .wb-save:hover { background: var(--wb-hover); }
@container (max-width: 760px) {
  .wb-title { display: none; }
  .wb-bar { justify-content: flex-start; }
  .wb-tempo { margin-left: auto; }
}
@container (max-width: 560px) {
  .wb-player input[type="range"], .wb-bar input[type="range"] { width: 60px; }
  .wb-measure { display: none; }
  .wb-time { display: none; }
}
`;function d(r,t={},...e){let i=document.createElement(r);for(let[s,o]of Object.entries(t))s.startsWith("on")?i.addEventListener(s.slice(2),o):o===!0?i.setAttribute(s,""):o!==!1&&o!==null&&i.setAttribute(s,o);return i.append(...e),i}var q={play:"M8 5.5v13a1 1 0 0 0 1.5.86l10.5-6.5a1 1 0 0 0 0-1.72L9.500 4.640A1 1 0 0 0 8 5.500Z",pause:"M7 5h3.500v14H7zM13.500 5H17v14h-3.500z",stop:"M6.500 6.500h11v11h-11z",loop:"M17 4l3.500 3.500L17 11V8.500H8.500A3.500 3.500 0 0 0 5 12v1H3v-1a5.500 5.500 0 0 1 5.500-5.500H17zM7 20l-3.500-3.500L7 13v2.500h8.500A3.500 3.500 0 0 0 19 12v-1h2v1a5.500 5.500 0 0 1-5.500 5.500H7z",volume:"M4 9.500v5h3.500L12 19V5L7.500 9.500zM15 8.500a5 5 0 0 1 0 7zM15 4.500v2a6 6 0 0 1 0 11v2a8 8 0 0 0 0-15z",minus:"M5 11h14v2H5z",plus:"M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",fit:"M3 5h2v14H3zM19 5h2v14h-2zM7 12l4-4v3h2V8l4 4-4 4v-3h-2v3z",keep:"M9.500 17.500L4 12l1.500-1.500 4 4 9-9L20 7z",save:"M11 4h2v8l3-3 1.500 1.500L12 16l-5.500-5.500L8 9l3 3zM5 18h14v2H5z"};function C(r){let t="http://www.w3.org/2000/svg",e=document.createElementNS(t,"svg");e.setAttribute("viewBox","0 0 24 24"),e.setAttribute("aria-hidden","true");let i=document.createElementNS(t,"path");return i.setAttribute("d",q[r]),e.append(i),e}function x(r,t,e,i={}){let s=q[r]?C(r):r;return d("button",{type:"button","aria-label":t,title:t,onclick:e,...i},s)}function O(r,{min:t,max:e,step:i,value:s},o){return d("input",{type:"range","aria-label":r,title:r,min:t,max:e,step:i,value:s,oninput:n=>o(Number(n.target.value))})}var pt=["C","C♯","D","E♭","E","F","F♯","G","A♭","A","B♭","B"],T=r=>`${pt[r%12]}${Math.floor(r/12)-1}`,U=r=>[1,3,6,8,10].includes(r%12);function S(r,t){let e=0,i=r.length;for(;e<i;){let s=e+i>>1;r[s]<=t?e=s+1:i=s}return e}function $({bars:r,beats:t},e){let i=Math.max(1,S(r,e+1e-6)),s=S(t,e+1e-6)-S(t,(r[i-1]??0)-1e-6);return{bar:i,beat:Math.max(1,s)}}function X(r,t){return[...r.beats,r.duration].reduce((i,s)=>Math.abs(s-t)<Math.abs(i-t)?s:i)}function W(r){let t=Math.floor(r*10+1e-6);return`${Math.floor(t/600)}:${(t%600/10).toFixed(1).padStart(4,"0")}`}var Y=["#4c8dff","#2fb58a","#c56be0","#e8607a","#27b1cf","#94a82c","#8d7bf5","#d9804a"],dt="#f0a029";function H(r){let t=new Map,e=0;for(let{tracks:i}of r)for(let{part:s,drums:o}of i)t.has(s)||t.set(s,o?dt:Y[e++%Y.length]);return t}var f=24,Z={withPitches:16,alone:21},E={least:4,most:11,seconds:.11},J=[130,260],ut=[3,12],mt=6,Q=13,bt=4,wt=6,ft=800,P=(r,t,e)=>Math.max(t,Math.min(e,r));function gt(r){let t=u=>r.flatMap(({tracks:m})=>m.filter(g=>g.drums===u).flatMap(g=>g.notes)),e=t(!1).map(u=>u[2]),i=[...new Set(t(!0).map(u=>u[2]))].sort((u,m)=>u-m),[s,o]=[0,-1];if(e.length>0){s=e.reduce((m,g)=>Math.min(m,g))-1,o=e.reduce((m,g)=>Math.max(m,g))+1;let u=Math.max(0,Q-(o-s+1));s=Math.max(0,s-Math.ceil(u/2)),o=Math.min(127,Math.max(o+Math.floor(u/2),s+Q-1))}let n=o-s+1,a=n?P(J[1]/n,...ut):0,p=n?Math.max(J[0],Math.round(n*a)):0,h=n?Z.withPitches:Z.alone,l=n&&i.length?mt:0;return{low:s,high:o,drums:i,rowHeight:n?p/n:0,drumRow:h,drumsTop:f+p+l,height:f+p+l+i.length*h+1,gutter:i.length?116:46}}var B=class{constructor(t,{colours:e,gainOf:i,gestures:s}){this.canvas=document.createElement("canvas"),this.canvas.className="wb-roll",this.context=this.canvas.getContext("2d"),this.backdrop=document.createElement("canvas"),this.gestures=s,this.gainOf=i,this.loop={on:!1,region:null},this.drag=null,this.setPieces(t,e),this.#v()}setPieces(t,e){this.pieces=t,this.colours=e,this.layout=gt(t),this.longest=Math.max(.1,...t.map(i=>i.duration)),this.piece=t[0],this.zoom=1,this.from=0,this.canvas.style.height=`${this.layout.height}px`,this.stale=!0}show(t){this.piece=this.pieces[t],this.stale=!0}get#s(){return Math.max(1,this.canvas.clientWidth-this.layout.gutter)}get#t(){return this.#s/this.longest*this.zoom}get#r(){return P(E.seconds*this.#t,E.least,E.most)}#e(t){return this.layout.gutter+(t-this.from)*this.#t}#o(t){return P(this.from+(t-this.layout.gutter)/this.#t,0,this.piece.duration)}#a(t,e){let{layout:i}=this;if(e){let s=i.drums.length-1-i.drums.indexOf(t[2]);return i.drumsTop+s*i.drumRow}return f+(i.high-t[2])*i.rowHeight}zoomBy(t,e=this.from+this.#s/this.#t/2){let i=this.#e(e),s=Math.max(1,ft/(this.#s/this.longest));this.zoom=P(this.zoom*t,1,s),this.scrollTo(e-(i-this.layout.gutter)/this.#t)}scrollTo(t){this.from=P(t,0,Math.max(0,this.longest-this.#s/this.#t)),this.stale=!0}follow(t){let e=this.#s/this.#t;this.drag||e>=this.longest||(t<this.from||t>this.from+e)&&this.scrollTo(t-e*.05)}draw(t,e){let{canvas:i,context:s}=this,o=window.devicePixelRatio||1,[n,a]=[i.clientWidth,this.layout.height];n!==0&&((i.width!==Math.round(n*o)||i.height!==Math.round(a*o))&&(i.width=Math.round(n*o),i.height=Math.round(a*o),this.stale=!0),this.stale&&this.#i(n,a,o),s.setTransform(1,0,0,1,0,0),s.drawImage(this.backdrop,0,0),s.setTransform(o,0,0,o,0,0),s.save(),s.beginPath(),s.rect(this.layout.gutter,0,n,a),s.clip(),this.#w(s,a),e&&this.#f(s,t),this.#g(s,t,a),s.restore())}#n(){let t=getComputedStyle(this.canvas),e=i=>t.getPropertyValue(i).trim();this.theme={back:e("--wb-back"),row:e("--wb-row"),ink:e("--wb-ink"),dim:e("--wb-dim"),bar:e("--wb-bar"),beat:e("--wb-beat"),accent:e("--wb-accent"),keyWhite:e("--wb-key-white"),keyBlack:e("--wb-key-black"),font:t.fontFamily}}#i(t,e,i){this.stale=!1,this.#n(),this.backdrop.width=Math.round(t*i),this.backdrop.height=Math.round(e*i);let s=this.backdrop.getContext("2d");s.setTransform(i,0,0,i,0,0),s.fillStyle=this.theme.back,s.fillRect(0,0,t,e),s.textBaseline="middle",this.#h(s,t),s.save(),s.beginPath(),s.rect(this.layout.gutter,0,t,e),s.clip(),this.#l(s,e);for(let o of this.piece.tracks)this.#d(s,o);this.#u(s,t,e),s.restore(),this.#m(s)}#h(t,e){let{low:i,high:s,rowHeight:o,drums:n,drumsTop:a,drumRow:p,gutter:h}=this.layout;t.fillStyle=this.theme.row;for(let l=i;l<=s;l++)U(l)&&t.fillRect(h,f+(s-l)*o,e-h,o);n.forEach((l,u)=>{u%2===0&&t.fillRect(h,a+u*p,e-h,p)})}#l(t,e){let{bars:i,beats:s}=this.piece,o=this.#s/this.#t,n=l=>l.slice(Math.max(0,S(l,this.from)-1),S(l,this.from+o)),a=l=>l.length>1?this.#t*this.longest/l.length:1/0,p=(l,u,m)=>{t.fillStyle=u,t.fillRect(Math.round(this.#e(l)),m,1,e-m)};if(a(s)>7)for(let l of n(s))p(l,this.theme.beat,f-5);if(a(i)>3)for(let l of n(i))p(l,this.theme.bar,f-10);let h=[1,2,4,8,16,32,64,128].find(l=>a(i)*l>34)??256;t.font=`11px ${this.theme.font}`,t.textAlign="left",t.fillStyle=this.theme.dim,i.forEach((l,u)=>{u%h===0&&t.fillText(String(u+1),this.#e(l)+4,f/2-2)}),t.fillStyle=this.theme.bar,t.fillRect(this.layout.gutter,f-1,this.canvas.clientWidth,1)}#d(t,e){let i=this.gainOf(e.part)>0;t.fillStyle=i?this.colours.get(e.part):this.theme.dim;for(let s of e.notes)t.globalAlpha=i?.3+.7*(s[3]/127):.22,this.#c(t,s,e.drums),t.fill();t.globalAlpha=1}#c(t,e,i){let s=this.#e(e[0]),o=this.#a(e,i);if(t.beginPath(),i){let[n,a]=[this.#r/2,o+this.layout.drumRow/2];t.moveTo(s,a),t.lineTo(s+n,a-E.most/2),t.lineTo(s+2*n,a),t.lineTo(s+n,a+E.most/2),t.closePath()}else{let n=Math.max(2,this.layout.rowHeight-1),a=Math.max(2,e[1]*this.#t-1);t.roundRect(s,o+.5,a,n,Math.min(2.5,n/2,a/2))}}#u(t,e,i){let s=this.#e(this.piece.duration);s>=e-1||(t.globalAlpha=.55,t.fillStyle=this.theme.row,t.fillRect(s,f,e-s,i),t.globalAlpha=1)}#m(t){let{low:e,high:i,rowHeight:s,drums:o,drumsTop:n,drumRow:a,gutter:p}=this.layout,h=p-1;for(let l=e;l<=i;l++){let u=f+(i-l)*s;t.fillStyle=U(l)?this.theme.keyBlack:this.theme.keyWhite,t.fillRect(h-22,u,22,s+.5),l%12===0&&(t.fillStyle=this.theme.dim,t.font=`10.5px ${this.theme.font}`,t.textAlign="right",t.fillText(T(l),h-27,u+s/2))}t.textAlign="right",t.font=`10.5px ${this.theme.font}`,t.fillStyle=this.theme.dim,[...o].reverse().forEach((l,u)=>{let m=this.piece.drumNames[l]??this.#b(l);t.fillText(m,h-7,n+(u+.5)*a,h-12)}),t.fillStyle=this.theme.bar,t.fillRect(h,0,1,this.layout.height)}#b(t){return this.pieces.map(({drumNames:e})=>e[t]).find(Boolean)??T(t)}#w(t,e){let{region:i}=this.loop;if(!i)return;let[s,o]=i.map(n=>this.#e(n));t.fillStyle=this.loop.on?this.theme.accent:this.theme.dim,t.globalAlpha=.13,t.fillRect(s,f,o-s,e),t.globalAlpha=this.loop.on?.85:.4,t.fillRect(s,f-6,o-s,5),t.fillRect(s,0,1.5,e),t.fillRect(o-1.5,0,1.5,e),t.globalAlpha=1}#f(t,e){for(let i of this.piece.tracks)if(this.gainOf(i.part)!==0){t.fillStyle=this.colours.get(i.part),t.strokeStyle=this.theme.ink,t.lineWidth=1.25;for(let s of i.notes){let o=i.drums?Math.max(s[1],.09):s[1];s[0]>e||s[0]+o<e||(this.#c(t,s,i.drums),t.fill(),t.stroke())}}}#g(t,e,i){let s=this.#e(e);t.fillStyle=this.theme.accent,t.fillRect(s-.75,8,1.5,i),t.beginPath(),t.moveTo(s-5.5,2),t.lineTo(s+5.5,2),t.lineTo(s,11),t.fill()}noteAt(t,e){if(t<this.layout.gutter)return null;for(let i of[...this.piece.tracks].reverse())for(let s of i.notes){let o=this.#e(s[0]),n=i.drums?this.#r:Math.max(4,s[1]*this.#t),a=this.#a(s,i.drums),p=i.drums?this.layout.drumRow:Math.max(3,this.layout.rowHeight);if(t>=o&&t<=o+n&&e>=a&&e<a+p)return{note:s,track:i}}return null}#v(){let t=s=>{let o=this.canvas.getBoundingClientRect();return[s.clientX-o.left,s.clientY-o.top]},{canvas:e,gestures:i}=this;e.addEventListener("pointerdown",s=>{if(s.button!==0)return;let[o]=t(s);o<this.layout.gutter||(e.setPointerCapture(s.pointerId),this.drag={x:o,anchor:this.#x(o),moved:!1})}),e.addEventListener("pointermove",s=>{let[o,n]=t(s);if(!this.drag){e.style.cursor=this.#p(o)===null?"":"ew-resize",i.hover(this.noteAt(o,n),o,n);return}Math.abs(o-this.drag.x)<bt&&!this.drag.moved||(this.drag.moved=!0,i.hover(null,o,n),i.region(this.#k(o,s.altKey)))}),e.addEventListener("pointerup",s=>{let{drag:o}=this;this.drag=null,o&&!o.moved&&i.seek(this.#o(t(s)[0]))}),e.addEventListener("pointercancel",()=>{this.drag=null}),e.addEventListener("pointerleave",()=>i.hover(null,0,0)),e.addEventListener("wheel",s=>this.#y(s,t(s)[0]),{passive:!1})}#y(t,e){let i=t.shiftKey?t.deltaY:t.deltaX;if(t.ctrlKey||t.metaKey)this.zoomBy(Math.exp(-t.deltaY/200),this.#o(e));else if(Math.abs(i)>0&&this.zoom>1)this.scrollTo(this.from+i/this.#t);else return;t.preventDefault()}#x(t){let e=this.#p(t);return e===null?this.#o(t):this.loop.region[1-e]}#p(t){let{region:e}=this.loop;if(!e)return null;let i=e.findIndex(s=>Math.abs(this.#e(s)-t)<=wt);return i<0?null:i}#k(t,e){let i=[this.drag.anchor,this.#o(t)].map(s=>e?s:X(this.piece,s));return[Math.min(...i),Math.max(...i)]}placeText(t){let{bar:e,beat:i}=$(this.piece,t);return`bar ${e}, beat ${i}`}};var tt=Symbol.for("workbench.audio");function L(){return globalThis[tt]??={context:null,engineUrl:null,worklet:null,players:new Set},globalThis[tt]}function j(){return typeof AudioWorkletNode=="function"}function V(){let r=L();return r.context??=new AudioContext({latencyHint:"interactive"}),r.context}function vt(r){let t=L();return t.engineUrl??=URL.createObjectURL(new Blob([r],{type:"text/javascript"})),t.engineUrl}async function et(){let r=V();r.state!=="running"&&await r.resume()}var st="workbench:started";function it(r){let{players:t}=L();t.add(r);let e=({data:i,source:s})=>{i===st&&s!==window&&r.pause()};return window.addEventListener("message",e),()=>{t.delete(r),window.removeEventListener("message",e)}}function ot(r){for(let e of L().players)e!==r&&e.pause();let t=new Set;window.parent!==window&&t.add(window.parent);for(let e of[window,window.parent])for(let i=0;i<e.length;i++)t.add(e[i]);t.delete(window);for(let e of t)e.postMessage(st,"*")}var N=class{constructor(t,e){this.onClock=t,this.onError=e,this.clock=null,this.serial=0,this.node=null}async open({engine:t,bank:e,pieces:i}){let s=V(),o=vt(t);this.analyser=new AnalyserNode(s,{fftSize:1024}),this.samples=new Float32Array(this.analyser.fftSize);let n=new Promise((a,p)=>{this.settle={resolve:a,reject:p}});this.node=j()?await this.#s(s,o):await this.#t(s,o),this.node.connect(this.analyser).connect(s.destination),this.post({kind:"load",bank:e,pieces:i}),await n}post(t){this.send?.(t)}move(t){this.serial+=1,this.clock=null,this.post({...t,serial:this.serial})}async#s(t,e){let i=L();i.worklet??=t.audioWorklet.addModule(e),await i.worklet;let s=new AudioWorkletNode(t,"workbench-engine",{numberOfInputs:0,outputChannelCount:[2]});return s.port.onmessage=({data:o})=>this.#r(o),s.onprocessorerror=()=>this.onError("the audio engine stopped; press Play to start anew"),this.send=o=>s.port.postMessage(o),s}async#t(t,e){let{engineOn:i}=await import(e),s=i(t.sampleRate,()=>t.currentTime+4096/t.sampleRate,n=>this.#r(n)),o=t.createScriptProcessor(4096,0,2);return o.onaudioprocess=({outputBuffer:n})=>{let[a,p]=[n.getChannelData(0),n.getChannelData(1)];for(let h=0;h<a.length;h+=128)s.render(a.subarray(h,h+128),p.subarray(h,h+128))},this.send=n=>s.receive(n),o}#r(t){if(t.kind==="clock"){if(t.serial!==this.serial)return;this.clock=t,this.onClock(t)}else t.kind==="ready"?this.settle.resolve():(this.settle.reject(new Error(t.message)),this.onError(t.message))}position(){let{clock:t}=this;if(!t)return null;if(!t.playing)return t.position;let e=Math.max(0,V().currentTime-t.at),i=t.position+e*t.tempo,{loop:s}=t;return!s||t.position>s.end||i<s.end?i:s.start+(i-s.start)%(s.end-s.start)}rms(){if(!this.analyser)return 0;this.analyser.getFloatTimeDomainData(this.samples);let t=0;for(let e of this.samples)t+=e*e;return Math.sqrt(t/this.samples.length)}close(){this.send?.({kind:"close"}),this.node&&(this.node.disconnect(),"onaudioprocess"in this.node&&(this.node.onaudioprocess=null)),this.analyser?.disconnect(),this.node=this.send=null}};var yt=24,_=class{constructor(t,e,{title:i=""}={}){this.root=t,this.transport=e,this.unlisten=new AbortController,this.colours=H(e.pieces),this.roll=new B(e.pieces,{colours:this.colours,gainOf:s=>e.gainOf(s),gestures:{seek:s=>e.seek(s),region:s=>e.setLoop(!0,s),hover:(s,o,n)=>this.#i(s,o,n)}}),this.title=i,this.#s(),this.#t(),this.#r(),this.frame=requestAnimationFrame(()=>this.#n())}dispose(){cancelAnimationFrame(this.frame),this.unlisten.abort(),this.resizes.disconnect(),this.themes.disconnect()}#s(){let{transport:t}=this,[e,i]=[x("play","Play",()=>t.toggle(),{class:"wb-play"}),x("stop","Stop",()=>t.stop(),{class:"wb-tool"})],s=x("loop","Loop",()=>t.setLoop(!t.looping),{class:"wb-tool","aria-pressed":"false"});this.play=e,this.loop=s,this.place=d("span",{class:"wb-place"}),this.time=d("span",{class:"wb-time"}),this.tempo=O("Tempo",{min:-2,max:1,step:1/yt,value:0},a=>t.setTempo(Math.abs(a)<.03?1:2**a)),this.tempo.addEventListener("dblclick",()=>t.setTempo(1)),this.bpm=d("button",{type:"button",class:"wb-bpm",title:"Back to the written tempo",onclick:()=>t.setTempo(1)}),this.volume=O("Volume",{min:0,max:1,step:.01,value:1},a=>t.setVolume(a)),this.problem=d("div",{class:"wb-problem",role:"alert",hidden:!0}),this.tip=d("div",{class:"wb-tip",hidden:!0}),this.parts=d("div",{class:"wb-parts",role:"group","aria-label":"Parts"}),this.roll.canvas.setAttribute("role","slider"),this.roll.canvas.setAttribute("aria-label","Position"),this.roll.canvas.setAttribute("aria-valuemin","0");let o=a=>()=>this.roll.zoomBy(a,t.position());this.bar=d("div",{class:"wb-bar",role:"toolbar","aria-label":"Transport"},e,i,s,d("div",{class:"wb-clock"},this.place,this.time),d("div",{class:"wb-title",title:this.title},this.title),d("label",{class:"wb-field wb-tempo"},this.bpm,this.tempo),d("label",{class:"wb-field wb-volume"},C("volume"),this.volume),d("div",{class:"wb-zoom"},x("minus","Zoom out",o(1/1.6),{class:"wb-tool"}),x("fit","Show the whole piece",()=>this.roll.zoomBy(0),{class:"wb-tool"}),x("plus","Zoom in",o(1.6),{class:"wb-tool"})));let n=d("div",{class:"wb-stage"},this.roll.canvas,this.tip);this.body=d("div",{class:"wb-deck"},this.bar,this.problem,n,this.parts),this.root.append(this.body)}#t(){let{transport:t,roll:e}=this,{signal:i}=this.unlisten,s=()=>{e.stale=!0};for(let o of["state","tempo","loop","volume","mix","select"])t.addEventListener(o,()=>this.#r(),{signal:i});this.root.addEventListener("keydown",o=>this.#h(o),{signal:i}),this.resizes=new ResizeObserver(s),this.resizes.observe(e.canvas),this.themes=new MutationObserver(s),this.themes.observe(document.body,{attributes:!0}),matchMedia("(prefers-color-scheme: dark)").addEventListener("change",s,{signal:i})}#r(){let{transport:t,roll:e,root:i}=this,s=t.state==="playing"||t.state==="loading",o=s?"Pause":"Play";i.dataset.state=t.state,this.play.replaceChildren(C(s?"pause":"play")),this.play.setAttribute("aria-label",o),this.play.title=`${o} (Space)`,this.loop.setAttribute("aria-pressed",String(t.looping)),this.tempo.value=Math.log2(t.tempo);let n=(t.pieces[t.piece]?.tempoBpm??120)*t.tempo,a=t.tempo===1?"":` ×${t.tempo.toFixed(2)}`;this.bpm.textContent=`${Math.round(n)} BPM${a}`,this.tempo.setAttribute("aria-valuetext",this.bpm.textContent),this.volume.value=t.volume,this.#e(),e.loop={on:t.looping,region:t.region},e.show(t.piece),e.canvas.setAttribute("aria-valuemax",t.duration.toFixed(1)),this.#o()}#e(){let{state:t,problem:e}=this.transport;this.problem.hidden=t!=="error"&&j(),this.problem.textContent=t==="error"?`No sound: ${e}`:"This page is not served over https or from localhost, so sound is made on its main thread and may stutter."}#o(){let{transport:t}=this,e=t.pieces[t.piece]?.tracks??[],i=this.parts.dataset.parts,s=JSON.stringify(e.map(({part:o,name:n,instrument:a})=>[o,n,a]));i!==s&&(this.parts.dataset.parts=s,this.parts.replaceChildren(...e.map(o=>this.#a(o))));for(let o of this.parts.children){let{part:n}=o.dataset,[a,p]=o.querySelectorAll("button");a.setAttribute("aria-pressed",String(t.muted.has(n))),p.setAttribute("aria-pressed",String(t.soloed.has(n))),o.querySelector("input").value=t.partVolumes.get(n)??1,o.classList.toggle("wb-silent",t.gainOf(n)===0)}}#a({part:t,name:e,instrument:i}){let{transport:s}=this,o=p=>{let h=new Set(p);return h.delete(t)||h.add(t),h},n=d("span",{class:"wb-swatch"});n.style.background=this.colours.get(t);let a=e&&e!==i?`${e} – ${i}`:i;return d("div",{class:"wb-part","data-part":t,role:"group","aria-label":a},n,d("span",{class:"wb-part-name",title:a},e||i),x("M",`Mute ${a}`,()=>s.setMix({muted:o(s.muted)}),{class:"wb-mute"}),x("S",`Solo ${a}`,()=>s.setMix({soloed:o(s.soloed)}),{class:"wb-solo"}),O(`Volume of ${a}`,{min:0,max:1,step:.01,value:1},p=>s.setMix({partVolumes:new Map(s.partVolumes).set(t,p)})))}#n(){this.frame=requestAnimationFrame(()=>this.#n());let{transport:t,roll:e,root:i}=this,s=t.position(),o=t.state==="playing";i.dataset.time=s.toFixed(4),i.dataset.rms=t.rms().toFixed(5),o&&e.follow(s);let{clientWidth:n}=e.canvas,a=`${s} ${o} ${n} ${window.devicePixelRatio}`;if(a===this.seen&&!e.stale)return;this.seen=a,e.draw(s,o);let{bar:p,beat:h}=$(e.piece,s);this.place.textContent=`${p}.${h}`,this.time.textContent=`${W(s)} / ${W(t.duration)}`,e.canvas.setAttribute("aria-valuenow",s.toFixed(1)),e.canvas.setAttribute("aria-valuetext",`bar ${p}, beat ${h}`)}#i(t,e,i){if(this.tip.hidden=!t,!t)return;let{note:s,track:o}=t,[n,,a,p]=s,h=o.drums?this.transport.pieces[this.transport.piece].drumNames[a]:null;this.tip.replaceChildren(d("b",{},h??T(a)),h?` (${a})`:"",` · velocity ${p}`,d("br"),`${o.name||o.instrument} · ${this.roll.placeText(n)}`);let l=this.roll.canvas.clientWidth-this.tip.offsetWidth-8;this.tip.style.left=`${Math.max(4,Math.min(e+12,l))}px`,this.tip.style.top=`${Math.max(2,i-this.tip.offsetHeight-10)}px`}#h(t){let{transport:e,roll:i}=this,{target:s,key:o}=t;if(t.ctrlKey||t.metaKey||t.altKey||s.tagName==="INPUT"&&(o.startsWith("Arrow")||o==="Home")||s.tagName==="BUTTON"&&(o===" "||o==="Enter"))return;let a={" ":()=>e.toggle(),ArrowLeft:()=>e.seek(this.#l(-1,t.shiftKey)),ArrowRight:()=>e.seek(this.#l(1,t.shiftKey)),Home:()=>e.seek(0),End:()=>e.seek(e.duration),l:()=>e.setLoop(!e.looping),Escape:()=>e.setLoop(!1,null),"+":()=>i.zoomBy(1.6,e.position()),"-":()=>i.zoomBy(1/1.6,e.position())}[o];a&&(t.preventDefault(),t.stopPropagation(),a())}#l(t,e){let{transport:i}=this,s=i.pieces[i.piece],o=e?s.bars:s.beats,n=i.position();if(t>0)return o[S(o,n+.01)]??s.duration;let a=i.state==="playing"?.2:.01;return o[Math.max(0,S(o,n-a)-1)]??0}};var xt=[132,30],kt=24,Mt=.34,R=class extends EventTarget{constructor(){super(),this.kept=new Set}set(t){this.kept=new Set(t),this.dispatchEvent(new Event("kept"))}toggle(t){let e=new Set(this.kept);e.delete(t)||e.add(t),this.set(e)}},I=class{constructor(t,e,i,s,o){Object.assign(this,{root:t,transport:e,choices:i,view:s}),this.unlisten=new AbortController,this.rows=s.rows.map((h,l)=>this.#t(h,l)),this.count=d("span",{class:"wb-count"}),this.said=d("span",{class:"wb-said",role:"status"});let n=d("div",{class:"wb-foot"},this.count,this.said);o&&n.prepend(this.#e(o)),this.list=d("div",{class:"wb-rows",role:"listbox","aria-label":"Variations"},...this.rows),this.body=d("div",{class:"wb-grid"},this.#s(),this.list,n);let a=Math.max(...s.rows.map(({label:h})=>h.length));this.body.style.setProperty("--wb-label",`${Math.min(a,kt)}ch`),t.append(this.body);let{signal:p}=this.unlisten;t.addEventListener("keydown",h=>this.#a(h),{signal:p}),e.addEventListener("select",()=>this.#o(),{signal:p}),i.addEventListener("kept",()=>this.#o(),{signal:p}),this.#o()}dispose(){this.unlisten.abort(),this.body.remove()}#s(){let t=this.view.measures.map(e=>d("span",{class:"wb-measure",title:e},e));return d("div",{class:"wb-row wb-head","aria-hidden":"true"},d("span"),d("span"),d("span"),...t,d("span"))}#t({label:t,measures:e},i){let s=x("keep",`Keep ${t}`,a=>{a.stopPropagation(),this.choices.toggle(i)},{class:"wb-keep","aria-pressed":"false"}),o=this.view.measures.map(a=>d("span",{class:"wb-measure"},St(e[a])));return d("div",{class:"wb-row",role:"option","aria-label":t,onclick:()=>this.transport.select(i),ondblclick:()=>this.transport.play()},d("span",{class:"wb-number"},String(i+1)),this.#r(i),d("span",{class:"wb-label",title:t},t),...o,s)}#r(t){let e=d("canvas",{class:"wb-thumbnail","aria-hidden":"true"});return At(e,this.view.pieces[t],this.view.pieces),e}#e(t){return d("button",{type:"button",class:"wb-save",title:"Save kept variations",onclick:async()=>{this.said.textContent="Saving…",this.said.textContent=await t()}},"Save kept")}#o(){let{transport:t,choices:e,rows:i,root:s}=this;s.dataset.piece=t.piece,i.forEach((o,n)=>{o.setAttribute("aria-selected",String(n===t.piece));let a=e.kept.has(n);o.classList.toggle("wb-kept",a),o.querySelector(".wb-keep").setAttribute("aria-pressed",String(a))}),this.count.textContent=`${e.kept.size} of ${i.length} kept`}#a(t){let{transport:e,choices:i}=this;if(t.ctrlKey||t.metaKey||t.altKey)return;let{key:s}=t;if(!(t.target.tagName==="INPUT"&&s.startsWith("Arrow"))){if(/^[1-9]$/.test(s))e.select(Number(s)-1);else if(s==="ArrowUp")e.select(e.piece-1);else if(s==="ArrowDown")e.select(e.piece+1);else if(s==="k")i.toggle(e.piece);else return;this.rows[e.piece].scrollIntoView({block:"nearest"}),t.preventDefault(),t.stopPropagation()}}};function St(r){return r==null?"–":Number.isInteger(r)?String(r):r.toPrecision(3)}function At(r,t,e){let[s,o]=xt;[r.width,r.height]=[s*2,o*2];let n=r.getContext("2d");n.scale(2,2);let a=H(e),p=Math.max(.1,...e.map(({duration:k})=>k)),h=k=>[...new Set(e.flatMap(({tracks:v})=>v.filter(w=>w.drums===k).flatMap(w=>w.notes.map(M=>M[2]))))].sort((v,w)=>v-w),[l,u]=[h(!1),h(!0)],m=l.length&&u.length?o*(1-Mt):u.length?0:o,g=(k,v)=>{if(v)return m+(1-(u.indexOf(k)+1)/u.length)*(o-m-3)+1;let[w,M]=[l[0],l[l.length-1]];return 1+(M-k)/Math.max(1,M-w)*(m-5)};for(let{part:k,drums:v,notes:w}of t.tracks){n.fillStyle=a.get(k);for(let[M,A,F,D]of w){n.globalAlpha=.35+.65*(D/127);let c=v?1.6:Math.max(1.2,A/p*s-.4);n.fillRect(M/p*s,g(F,v),c,v?1.8:2)}}}var Tt=[.25,2],Et=.05,K=(r,t,e)=>Math.max(t,Math.min(e,r)),z=class extends EventTarget{constructor(t,e){super(),this.fetchSound=e,this.tempo=1,this.looping=!1,this.region=null,this.volume=1,this.muted=new Set,this.soloed=new Set,this.partVolumes=new Map,this.state="idle",this.problem="",this.leavePage=it(this),this.setPieces(t)}setPieces(t){this.sound?.close(),this.sound=null,this.opening=null,this.pieces=t,this.piece=0,this.rest=0,this.#i("pieces"),this.#n("idle")}get duration(){return this.pieces[this.piece]?.duration??0}position(){return this.state!=="playing"?this.rest:K(this.sound.position()??this.rest,0,this.duration)}rms(){return this.sound?.rms()??0}async play(){if(!(this.state==="playing"||this.state==="loading")){ot(this),this.#n("loading");try{let t=et();await this.#s(),await t}catch(t){this.#a(t.message);return}this.state==="loading"&&(this.sound.move({kind:"seek",position:this.rest}),this.sound.move({kind:"play"}),this.#n("playing"))}}pause(){this.state!=="playing"&&this.state!=="loading"||(this.rest=this.position(),this.sound?.post({kind:"pause"}),this.#n("paused"))}stop(){this.sound?.post({kind:"pause"}),this.rest=0,this.#n("stopped"),this.#i("seek")}toggle(){this.state==="playing"||this.state==="loading"?this.pause():this.play()}seek(t){this.rest=K(t,0,this.duration),this.sound?.move({kind:"seek",position:this.rest}),(this.state==="stopped"||this.state==="idle")&&this.#n("paused"),this.#i("seek")}setTempo(t){this.tempo=K(t,...Tt),this.sound?.post({kind:"tempo",tempo:this.tempo}),this.#i("tempo")}setLoop(t,e=this.region){this.looping=t,this.region=e&&e[1]-e[0]>=Et?e:null,this.#e(),this.#i("loop")}setVolume(t){this.volume=K(t,0,1),this.sound?.post({kind:"gain",gain:this.volume}),this.#i("volume")}setMix({muted:t=this.muted,soloed:e=this.soloed,partVolumes:i=this.partVolumes}){Object.assign(this,{muted:t,soloed:e,partVolumes:i}),this.#o(),this.#i("mix")}gainOf(t){return this.muted.has(t)||this.soloed.size>0&&!this.soloed.has(t)?0:this.partVolumes.get(t)??1}select(t){t===this.piece||t<0||t>=this.pieces.length||(this.rest=this.position(),this.piece=t,this.rest=Math.min(this.rest,this.duration),this.sound&&(this.sound.move({kind:"select",piece:t}),this.#e()),this.#i("select"))}sleep(){this.pause(),this.sound?.close(),this.sound=this.opening=null}dispose(){this.leavePage(),this.sleep()}async#s(){this.opening??=this.#t(),await this.opening}async#t(){let{engine:t,bank:e,midis:i}=await this.fetchSound(),s=new N(n=>s===this.sound&&this.#r(n),n=>s===this.sound&&this.#a(n));this.sound=s;let o=i.map((n,a)=>({midi:n,duration:this.pieces[a].duration}));await s.open({engine:t,bank:e,pieces:o}),s.move({kind:"select",piece:this.piece}),s.post({kind:"tempo",tempo:this.tempo}),s.post({kind:"gain",gain:this.volume}),this.#e(),this.#o()}#r(t){!t.ended||this.state!=="playing"||(this.rest=0,this.#n("stopped"),this.#i("seek"))}#e(){let[t,e]=this.region??[0,this.duration];this.sound?.post({kind:"loop",loop:this.looping?{start:t,end:e}:null})}#o(){let t=this.pieces.map(({tracks:e})=>e.map(i=>this.gainOf(i.part)));this.sound?.post({kind:"mix",mix:t})}#a(t){this.rest=this.position(),this.sound?.close(),this.sound=this.opening=null,this.#n("error",t)}#n(t,e=""){this.state=t,this.problem=e,this.#i("state")}#i(t){this.dispatchEvent(new Event(t))}};var Pt=["muted","soloed"];function nt(r,t,e,i){let s=new AbortController,{signal:o}=s,n=[],a=!1,p=c=>{if(!a){for(let[b,y]of Object.entries(c))r.set(b,y);r.save_changes()}},h=(c,b)=>{let y=()=>{a=!0,b(r.get(c)),a=!1};return r.on(`change:${c}`,y),n.push([`change:${c}`,y]),y},l=(c,b)=>t.addEventListener(c,b,{signal:o}),u=()=>t.pieces[t.piece].tracks.map(({part:c})=>c),m=c=>u().flatMap((b,y)=>c.has(b)?[y]:[]),g=c=>new Set(c.map(b=>u()[b]).filter(b=>b!==void 0)),k=()=>[...Pt.map(c=>h(c,b=>t.setMix({[c]:g(b)}))),h("volumes",c=>{let b=u().map((y,ht)=>[y,c[ht]??1]);t.setMix({partVolumes:new Map(b)})})],v=()=>[h("selected",c=>t.select(c)),h("kept",c=>e.set(c))],w=t.position(),M=()=>{w=t.position(),p({position:w})},A=c=>r.get(c)!==void 0,F=[h("tempo",c=>c!==t.tempo&&t.setTempo(c)),h("volume",c=>c!==t.volume&&t.setVolume(c)),h("loop",c=>t.setLoop(c)),h("loop_region",c=>t.setLoop(t.looping,c)),...A("muted")?k():[],...A("kept")?v():[],h("position",c=>c!==w&&t.seek(c))];if(h("playing",c=>c?t.play():t.pause()),h("view",i),l("state",()=>p({playing:t.state==="playing"||t.state==="loading"})),l("state",M),l("seek",M),l("tempo",()=>p({tempo:t.tempo})),l("volume",()=>p({volume:t.volume})),l("loop",()=>p({loop:t.looping,loop_region:t.region})),A("kept")){l("select",()=>p({selected:t.piece}));let c=()=>p({kept:[...e.kept].sort((b,y)=>b-y)});e.addEventListener("kept",c,{signal:o})}A("muted")&&l("mix",()=>p({muted:m(t.muted),soloed:m(t.soloed),volumes:u().map(c=>t.partVolumes.get(c)??1)}));for(let c of F)c();let D=setInterval(()=>t.state==="playing"&&M(),250);return()=>{clearInterval(D),s.abort();for(let[c,b]of n)r.off(c,b)}}var rt="wb-player-style";function Lt(){let r=document.getElementById(rt);r||(r=d("style",{id:rt}),document.head.append(r)),r.textContent=G}function lt(r,t,e,i,s=null){Lt();let o=d("div",{class:"wb-player",tabindex:"0",role:"region","aria-label":i.title?`Player: ${i.title}`:"Player","data-lm-suppress-shortcuts":"true","data-jp-suppress-context-menu":"true"});r.append(o);let n=i.rows?new I(o,t,e,i,s):null,a=new _(o,t,i);return()=>{n?.dispose(),a.dispose(),o.remove()}}var at=r=>Uint8Array.from(atob(r),t=>t.charCodeAt(0)).buffer;function ie(r,{view:t,sound:e}){let i=async()=>({engine:e.engine,bank:at(e.bank),midis:e.midis.map(at)});lt(r,new z(t.pieces,i),new R,t);let s=()=>{let o=Math.ceil(r.getBoundingClientRect().height)+10;window.parent.postMessage({kind:"workbench:height",height:o},"*")};new ResizeObserver(s).observe(r)}function Rt(r){return new Promise((t,e)=>{let i=(s,o)=>{if(s?.kind!=="sound"&&s?.kind!=="problem")return;if(r.off("msg:custom",i),s.kind==="problem"){e(new Error(s.message));return}let[n,a,...p]=o.map(({buffer:h,byteOffset:l,byteLength:u})=>h.slice(l,l+u));t({engine:new TextDecoder().decode(n),bank:a,midis:p})};r.on("msg:custom",i),r.send({kind:"sound"})})}function zt(r){return new Promise(t=>{let e=i=>{i?.kind==="saved"&&(r.off("msg:custom",e),t(i.message))};r.on("msg:custom",e),r.send({kind:"save"})})}var oe=()=>{let r,t=0,e=new R;return{initialize({model:i}){let s,o=()=>{s=Rt(i),s.catch(()=>{})};o(),r=new z(i.get("view").pieces,()=>s);let n=nt(i,r,e,()=>{o(),r.setPieces(i.get("view").pieces)});return()=>{n(),r.dispose()}},render({model:i,el:s}){let o=()=>lt(s,r,e,i.get("view"),()=>zt(i)),n=o(),a=()=>{n(),n=o()};return r.addEventListener("pieces",a),t+=1,()=>{r.removeEventListener("pieces",a),n(),t-=1,t===0&&r.sleep()}}}};export{oe as default,ie as mountStatic};
