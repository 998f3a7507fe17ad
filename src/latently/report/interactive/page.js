// What moves on a page: the replay of EM, and tables and pictures that can be sorted, searched and taken away.
// Nothing is fetched; without this script the page says the same, and stands still.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const PACE = 260; // milliseconds a step
  const NEAR = 14; // pixels
  const NEUTRAL = "#868f9a"; // as latently.plots has it
  const SMALL = matchMedia("(max-width: 36rem)").matches; // drawn smaller, so that words are not

  // -- elements ----------------------------------------------------------------------------------------------

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }
  const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  /** A drawing as text, with the colours that the page has now. */
  const drawn = (element) => new XMLSerializer().serializeToString(element).replace(/var\((--[a-z]+)\)/g, (_, name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim());

  function save(name, type, text) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    html("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
  const cut = (text, most) => ([...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text);
  const fileName = (text, ending) => `${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "file"}.${ending}`;

  // -- numbers -----------------------------------------------------------------------------------------------

  const TYPES = { f4: Float32Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array };

  /** An array as `encoding.py` packs it: its numbers, and how they are laid out. */
  function unpack(packed) {
    if (!packed) return null;
    const text = atob(packed.data);
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    return { shape: packed.shape, at: new TYPES[packed.type](bytes.buffer) };
  }

  /** A number in four digits, as people write it. */
  function number(value) {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : size > 0 ? Math.min(8, 3 - Math.floor(Math.log10(size))) : 0;
    return value.toLocaleString("en-GB", { maximumFractionDigits: digits }).replace("-", "−");
  }
  const fixed = (value, digits) => value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
  const percent = (share) => (share > 0.995 && share < 1 ? ">99%" : share < 0.005 && share > 0 ? "<1%" : `${Math.round(100 * share)}%`);

  /** What a cell of a table says, as a number if it is one; a share or a sign before it do no harm. */
  function meant(text) {
    const found = text.replace(/[\s,]/g, "").replace("−", "-").match(/^[<>≤≥±]?(-?\d+(\.\d+)?(e-?\d+)?)/i);
    return found ? Number(found[1]) : NaN;
  }

  /** The least of 1, 2, 5, 10, 20, ... and of their parts that is no less than a number. */
  function round(least) {
    const step = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((times) => times * step).find((size) => size >= least * (1 - 1e-12));
  }

  function ticks(low, high, most) {
    const each = round((high - low) / most || 1);
    const found = [];
    for (let at = Math.ceil(low / each - 1e-9); at * each <= high + 1e-9 * each; at++) found.push(at * each + 0);
    found.digits = Math.max(0, -Math.floor(Math.log10(each) + 1e-9));
    return found;
  }

  /** From numbers to pixels and back to what is written beside the axis. */
  function scale(low, high, from, to, column = {}) {
    const log = column.log && low > 0;
    const f = log ? Math.log : (value) => value;
    let [a, b] = [f(low), f(high)];
    const margin = column.categories ? 0.6 : 0.05 * (b - a) || 0.5;
    [a, b] = [a - margin, b + margin];
    const place = (value) => from + ((f(value) - a) / (b - a)) * (to - from);
    let marks;
    if (column.categories) marks = column.categories.map((name, code) => [code, name]).filter(([code]) => code % Math.ceil((high + 1) / 12) === 0);
    else if (log) {
      const powers = [];
      for (let p = Math.floor(a / Math.LN10) - 1; p <= Math.ceil(b / Math.LN10); p++) for (const m of [1, 2, 5]) powers.push(m * 10 ** p);
      const inside = powers.filter((value) => f(value) >= a && f(value) <= b);
      marks = (inside.length > 7 ? inside.filter((value) => Number.isInteger(Math.log10(value) + 1e-12) || Math.abs(Math.log10(value) % 1) < 1e-9) : inside).map((value) => [value, number(value)]);
    } else {
      const even = ticks(a, b, SMALL ? 4 : 6);
      marks = even.map((value) => [value, fixed(value, even.digits)]);
    }
    return { place, marks };
  }

  // -- colours -----------------------------------------------------------------------------------------------

  const [COLOURS, WRITTEN] = JSON.parse(document.getElementById("palette").textContent); // and what is read best on them
  const colour = (k) => COLOURS[k % COLOURS.length];
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const RGB = COLOURS.map(parts);

  /** The colours of components, mixed by their responsibilities. */
  function mixed(resp, at, K) {
    let [r, g, b, total] = [0, 0, 0, 0];
    for (let k = 0; k < K; k++) {
      const share = resp[at + k];
      const [x, y, z] = RGB[k % RGB.length];
      [r, g, b, total] = [r + share * x, g + share * y, b + share * z, total + share];
    }
    return total ? `rgb(${Math.round(r / total)},${Math.round(g / total)},${Math.round(b / total)})` : NEUTRAL;
  }

  // -- pictures that move --------------------------------------------------------------------------------------

  const FONT = "system-ui, sans-serif";

  /** A drawing with a frame, ticks and names; what is inside comes on top. */
  let pictures = 0;
  class Picture {
    constructor(width, height, name) {
      this.number = pictures++;
      this.width = width;
      this.height = height;
      this.root = svg("svg", { viewBox: `0 0 ${width} ${height}`, xmlns: SVG, role: "img", "aria-label": name, "font-family": FONT });
    }
    clear() {
      this.root.replaceChildren(svg("rect", { width: this.width, height: this.height, fill: "var(--paper)" }));
    }
    text(x, y, words, attributes = {}) {
      const drawn = svg("text", { x, y, fill: "var(--faint)", "font-size": 12, ...attributes }, words);
      this.root.append(drawn);
      return drawn;
    }
    axes(box, x, y, names) {
      const line = "var(--line)";
      for (const [value, words] of x.marks) {
        const at = x.place(value);
        this.root.append(svg("line", { x1: at, x2: at, y1: box.top, y2: box.bottom, stroke: line }));
        this.text(at, box.bottom + 16, cut(words, 16), { "text-anchor": "middle" });
      }
      for (const [value, words] of y.marks) {
        const at = y.place(value);
        this.root.append(svg("line", { x1: box.left, x2: box.right, y1: at, y2: at, stroke: line }));
        this.text(box.left - 6, at + 4, cut(words, 9), { "text-anchor": "end" });
      }
      this.text((box.left + box.right) / 2, box.bottom + 36, cut(names[0], Math.floor((box.right - box.left) / 7)), { "text-anchor": "middle", fill: "var(--ink)" });
      if (names[1]) {
        const middle = (box.top + box.bottom) / 2;
        const words = cut(names[1], Math.floor((box.bottom - box.top) / 7));
        this.text(12, middle, words, { "text-anchor": "middle", transform: `rotate(-90 12 ${middle})`, fill: "var(--ink)" });
      }
    }
  }

  /** The log-likelihood of the run, those of the others, and where the slider stands. */
  class Curve {
    constructor(data) {
      this.data = data;
      this.picture = new Picture(380, 300, `${data.objective} of each step`);
      this.element = this.picture.root;
    }
    draw(frame) {
      const { curve, others, objective, iterations } = this.data;
      const { picture } = this;
      const box = { left: 66, right: 370, top: 24, bottom: 254 };
      const all = [curve, ...others];
      const longest = Math.max(...all.map((run) => run.length)) - 1;
      const low = Math.min(...all.flat());
      const high = Math.max(...all.flat());
      const log = objective.startsWith("change") && low > 0;
      const x = scale(0, Math.max(longest, 1), box.left, box.right);
      x.marks = x.marks.filter(([value]) => value >= 0 && Number.isInteger(value));
      const last = curve[curve.length - 1];
      const close = !log && Math.abs(last) > 1e4 * (high - low); // numbers beside the axis would be all the same
      const y = close ? scale(low - last, high - last, box.bottom, box.top) : scale(low, high, box.bottom, box.top, { log });
      const up = (value) => y.place(close ? value - last : value).toFixed(1);
      picture.clear();
      picture.axes(box, x, y, ["step", null]);
      picture.text(box.left, 14, `${objective}${close ? ", less the last one" : ""}${others.length ? "; grey: other starts" : ""}`);
      const path = (run) => run.map((value, i) => `${i ? "L" : "M"}${x.place(i).toFixed(1)} ${up(value)}`).join("");
      for (const run of others) picture.root.append(svg("path", { d: path(run), fill: "none", stroke: NEUTRAL, "stroke-width": 1.3 }));
      picture.root.append(svg("path", { d: path(curve), fill: "none", stroke: "var(--accent)", "stroke-width": 2 }));
      const at = Math.min(iterations[frame] - iterations[0], curve.length - 1);
      picture.root.append(
        svg("line", { x1: x.place(at), x2: x.place(at), y1: box.top, y2: box.bottom, stroke: "var(--accent)", "stroke-dasharray": "3 3" }),
        svg("circle", { cx: x.place(at), cy: up(curve[at]), r: 5, fill: "var(--accent)", class: "now" }),
      );
    }
  }

  const MARGINS = SMALL ? { left: 92, right: 410, top: 14, bottom: 330 } : { left: 92, right: 690, top: 14, bottom: 430 };

  /** Cells of columns, of which some are shown, and their responsibilities. */
  class View {
    constructor(data, what, name) {
      const { content } = data;
      this.data = data;
      this.content = content;
      this.columns = content.columns;
      this.d = content.columns.length;
      this.points = unpack(content.points).at;
      this.n = this.points.length / this.d;
      this.resp = unpack(content.resp);
      this.what = what;
      this.picture = new Picture(MARGINS.right + 10, MARGINS.bottom + 50, name);
      this.element = this.picture.root;
    }
    choice(axis, words) {
      const select = html("select", { "data-axis": axis, onchange: () => { this.chosen[axis] = Number(select.value); this.changed(); } });
      this.columns.forEach((column, j) => select.append(html("option", { value: j, ...(j === this.chosen[axis] ? { selected: "" } : {}) }, column.name)));
      return html("label", {}, words, select);
    }
    offered(all) {
      return this.d < all ? `Of ${all.toLocaleString("en-GB")} columns ${this.d} are offered, those that ${this.filled ? "lack" : "tell"} most. ` : "";
    }
    value(code, j) {
      const { low, high } = this.content;
      return code === 65535 ? NaN : low[j] + (code / 65534) * (high[j] - low[j]);
    }
    sharesOf(i) {
      return Array.from({ length: this.K }, (_, k) => this.resp.at[(this.frame * this.n + i) * this.K + k] / 255);
    }
  }

  /** Rows as points, with the shapes of the components, or with the cells that are filled in. */
  class Scatter extends View {
    constructor(data) {
      super(data, "rows", "Rows as points");
      const { content } = data;
      this.rows = unpack(content.rows).at;
      this.weights = unpack(content.weights);
      this.K = this.weights.shape[1];
      this.means = unpack(content.means);
      this.covariances = unpack(content.covariances);
      this.filled = unpack(content.filled);
      this.hole = new Map();
      if (this.filled) unpack(content.holes).at.forEach((cell, i) => this.hole.set(cell, i));
      this.chosen = [0, Math.min(1, this.d - 1)];
      this.axes = this.d === 1 ? [] : ["Across: ", "Up: "].map((words, axis) => this.choice(axis, words));
    }
    /** The value of a cell at a step, as a number; NaN if it is missing. */
    cell(i, j, frame) {
      let code = this.points[i * this.d + j];
      if (code === 65535 && this.filled) {
        const at = this.hole.get(i * this.d + j);
        if (at !== undefined) code = this.filled.at[frame * this.hole.size + at];
      }
      return this.value(code, j);
    }
    open(i, j) {
      return this.points[i * this.d + j] === 65535;
    }
    shown(value, j) {
      const { categories } = this.columns[j];
      return categories ? categories[Math.round(value)] ?? "–" : number(value);
    }
    /** Codes of categories lie on each other: a little to the side, always the same for a row. */
    moved(i, j, value) {
      const apart = Math.sin(12.9898 * (i + 1) + 78.233 * (j + 1)) * 43758.5453;
      return this.columns[j].categories ? value + 0.5 * (apart - Math.floor(apart) - 0.5) : value;
    }
    draw(frame) {
      this.frame = frame;
      const { picture, content, d, K } = this;
      const [j, l] = this.chosen;
      const box = MARGINS;
      const x = scale(content.low[j], content.high[j], box.left, box.right, this.columns[j]);
      const lone = d === 1;
      const y = lone ? { place: (value) => box.bottom - 6 - value * 60, marks: [] } : scale(content.low[l], content.high[l], box.bottom, box.top, this.columns[l]);
      picture.clear();
      picture.axes(box, x, y, [this.columns[j].name, lone ? null : this.columns[l].name]);
      const layer = svg("g", { class: "points" });
      this.places = [];
      const radius = this.n > 600 ? 2.6 : 3.8;
      for (let i = 0; i < this.n; i++) {
        const across = x.place(this.moved(i, j, this.cell(i, j, frame)));
        const up = lone ? y.place(((i * 7919) % 997) / 997) : y.place(this.moved(i, l, this.cell(i, l, frame)));
        if (!Number.isFinite(across) || !Number.isFinite(up)) { this.places.push(null); continue; }
        this.places.push([across, up]);
        const here = this.filled && (this.open(i, j) || this.open(i, l));
        const face = this.filled ? (here ? COLOURS[1] : COLOURS[0]) : this.resp ? mixed(this.resp.at, (frame * this.n + i) * K, K) : COLOURS[0];
        layer.append(
          here
            ? dot(across, up, 4, 3, { fill: face, stroke: "var(--paper)", "stroke-width": 0.6 })
            : dot(across, up, radius, this.filled ? 0 : likeliest(this.resp.at, (frame * this.n + i) * K, K), { fill: face, "fill-opacity": this.filled ? 0.45 : 0.75 }),
        );
      }
      picture.root.append(layer);
      this.shapes(frame, x, y, box, lone);
    }
    /** Components at one and two standard deviations, or as densities where there is one column. */
    shapes(frame, x, y, box, lone) {
      const { means, covariances, d, K, picture } = this;
      if (!means) return;
      const [j, l] = this.chosen;
      const ink = (k) => (this.filled ? "var(--ink)" : colour(k));
      const layer = framed(picture, box, "shapes");
      const S = (k, a, b) => covariances.at[((frame * K + k) * d + a) * d + b];
      // A density along a logarithmic axis is one of the logarithm.
      const height = (k, at) => {
        const sd = Math.sqrt(S(k, j, j));
        const m = means.at[(frame * K + k) * d + j];
        return (this.weights.at[frame * K + k] / sd) * Math.exp(-0.5 * ((at - m) / sd) ** 2) * (this.columns[j].log ? Math.max(at, 0) : 1);
      };
      const steps = Array.from({ length: 81 }, (_, i) => (i - 40) / 10);
      const peak = lone && covariances ? Math.max(...Array.from({ length: K }, (_, k) => steps.map((z) => height(k, means.at[(frame * K + k) * d + j] + z * Math.sqrt(S(k, j, j))))).flat()) : 1;
      for (let k = 0; k < K; k++) {
        const [mx, my] = [means.at[(frame * K + k) * d + j], means.at[(frame * K + k) * d + l]];
        if (covariances && lone) {
          const sd = Math.sqrt(S(k, j, j));
          const line = steps.map((z) => mx + z * sd).map((at) => [x.place(at), box.bottom - 70 - (320 * height(k, at)) / peak]);
          layer.append(svg("path", { d: outline(line), fill: ink(k), "fill-opacity": 0.15, stroke: ink(k), "stroke-width": 1.6 }));
        } else if (covariances && j !== l) {
          const [a, b, c] = [S(k, j, j), S(k, j, l), S(k, l, l)];
          const root = Math.sqrt(a);
          const [below, right] = [b / root, Math.sqrt(Math.max(c - (b * b) / a, 0))];
          for (const radius of [1, 2]) {
            const line = [];
            for (let i = 0; i <= 48; i++) {
              const [s, t] = [Math.cos((i * Math.PI) / 24), Math.sin((i * Math.PI) / 24)];
              line.push([x.place(mx + radius * root * s), y.place(my + radius * (below * s + right * t))]);
            }
            layer.append(svg("path", { d: outline(line), fill: ink(k), "fill-opacity": 0.08, stroke: ink(k), "stroke-width": 1.4 }));
          }
        }
        const at = [x.place(mx), lone ? box.top + 14 : y.place(my)];
        if (!this.filled && at.every(Number.isFinite) && at[0] > box.left && at[0] < box.right && at[1] > box.top && at[1] < box.bottom)
          layer.append(
            svg("circle", { cx: at[0], cy: at[1], r: 10, fill: colour(k), stroke: "var(--paper)", "stroke-width": 1.2 }),
            svg("text", { x: at[0], y: at[1] + 4, "text-anchor": "middle", "font-size": 12, "font-weight": 700, fill: WRITTEN[k % COLOURS.length] }, String(k)),
          );
      }
      picture.root.append(layer);
    }
    nearest(x, y) {
      let [best, found] = [NEAR ** 2, -1];
      this.places.forEach((place, i) => {
        if (!place) return;
        const apart = (place[0] - x) ** 2 + (place[1] - y) ** 2;
        if (apart < best) [best, found] = [apart, i];
      });
      return found;
    }
    next(i, step) {
      for (let tried = 0; tried < this.n; tried++) {
        i = (i + step + this.n) % this.n;
        if (this.places[i]) return i;
      }
      return -1;
    }
    told(i) {
      const values = this.columns.map((column, j) => [column.name + (this.open(i, j) ? (this.filled ? " (filled in)" : " (missing)") : ""), this.shown(this.cell(i, j, this.frame), j)]);
      return { title: `row ${this.rows[i].toLocaleString("en-GB")}`, values, shares: this.resp ? this.sharesOf(i) : [], place: this.places[i] };
    }
    note() {
      const { n_rows, n_columns } = this.content;
      const some = `${this.n < n_rows ? `${this.n.toLocaleString("en-GB")} of ${n_rows.toLocaleString("en-GB")} rows are drawn. ` : ""}${this.offered(n_columns)}`;
      return this.filled
        ? `${some}Diamonds: rows with a cell that is filled in, in the columns shown.${this.covariances ? " Ellipses: one and two standard deviations." : ""}`
        : `${some}Colours are mixed by how likely each row is in each ${this.data.label}.${this.covariances ? (this.d > 1 ? " Ellipses: one and two standard deviations." : " Curves: the densities of the components.") : ""}`;
    }
  }

  /** A line through points; what has no place on a logarithmic axis is far away. */
  function outline(line) {
    const held = (value) => (Number.isFinite(value) ? Math.max(-2000, Math.min(4000, value)) : -2000).toFixed(1);
    return line.map(([x, y], i) => `${i ? "L" : "M"}${held(x)} ${held(y)}`).join("");
  }

  const turned = (n, from = 0, inner = 1) => Array.from({ length: n }, (_, i) => {
    const angle = ((from + (360 * i) / n) * Math.PI) / 180;
    const radius = i % 2 ? inner : 1;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
  // As in `plots.palette`: circle, triangles, square, diamond, plus, cross and pentagon.
  const SHAPES = [null, turned(3), turned(4, 45), turned(4), turned(3, 180), turned(8, 0, 0.4), turned(8, 45, 0.4), turned(3, 270), turned(3, 90), turned(5)];

  /** A dot at a place, in the shape of the component it is likeliest of. */
  function dot(x, y, radius, k, attributes) {
    const shape = SHAPES[(k + Math.floor(k / COLOURS.length)) % SHAPES.length];
    if (!shape) return svg("circle", { class: "dot", cx: x.toFixed(1), cy: y.toFixed(1), r: radius, ...attributes });
    const d = shape.map(([a, b], i) => `${i ? "L" : "M"}${(x + 1.3 * radius * a).toFixed(1)} ${(y + 1.3 * radius * b).toFixed(1)}`).join("");
    return svg("path", { class: "dot", d: `${d}Z`, ...attributes });
  }

  /** A layer that ends at the frame. */
  function framed(picture, box, name) {
    const id = `frame${picture.number}`;
    picture.root.append(svg("clipPath", { id }, svg("rect", { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top })));
    return svg("g", { class: name, "clip-path": `url(#${id})` });
  }

  /** The component of the highest responsibility. */
  function likeliest(resp, at, K) {
    let best = 0;
    for (let k = 1; k < K; k++) if (resp[at + k] > resp[at + best]) best = k;
    return best;
  }

  /** A series, and how likely each state is along it. */
  class States extends View {
    constructor(data) {
      super(data, "times", "The series and its states");
      [, , this.K] = this.resp.shape;
      this.chosen = [0];
      this.axes = this.d > 1 ? [this.choice(0, "Series: ")] : [];
    }
    cell(i, j) {
      return this.value(this.points[i * this.d + j], j);
    }
    draw(frame) {
      this.frame = frame;
      const { picture, content, n, K, chosen: [j] } = this;
      const strip = { top: MARGINS.bottom - 130, bottom: MARGINS.bottom };
      const box = { ...MARGINS, bottom: strip.top - 20 };
      const x = scale(0, n - 1, box.left, box.right);
      const place = (i) => box.left + ((i + 0.5) / n) * (box.right - box.left);
      x.place = place;
      const every = Math.max(1, round(n / Math.max(2, Math.min(8, Math.floor((SMALL ? 45 : 90) / content.time[0].length)))));
      const counted = Number.isInteger(+content.time[0]) && content.time[1] - content.time[0] === 1; // years, or numbers of rows: round ones are written
      x.marks = [];
      for (let i = counted ? (((-content.time[0]) % every) + every) % every : 0; i < n; i += every) x.marks.push([i, content.time[i]]);
      const y = scale(content.low[j], content.high[j], box.bottom, box.top, this.columns[j]);
      picture.clear();
      picture.axes({ ...box, bottom: strip.bottom }, { ...x }, { place: y.place, marks: y.marks }, [content.time_name, this.columns[j].name]);
      const layer = svg("g", { class: "points" });
      let line = "";
      let pen = false;
      this.places = [];
      for (let i = 0; i < n; i++) {
        const up = y.place(this.cell(i, j));
        const seen = Number.isFinite(up);
        this.places.push([place(i), seen ? up : strip.top]);
        if (seen) line += `${pen && !content.new.includes(i) ? "L" : "M"}${place(i).toFixed(1)} ${up.toFixed(1)}`;
        pen = seen;
        if (seen) layer.append(dot(place(i), up, n > 400 ? 2 : 3.2, likeliest(this.resp.at, (frame * n + i) * K, K), { fill: mixed(this.resp.at, (frame * n + i) * K, K) }));
      }
      if (!this.columns[j].categories) picture.root.append(svg("path", { d: line, fill: "none", stroke: "var(--faint)", "stroke-width": 0.8 }));
      picture.root.append(layer, this.areas(frame, strip, box));
      picture.text(box.left - 6, strip.top + 10, "1", { "text-anchor": "end" });
      picture.text(box.left - 6, strip.bottom, "0", { "text-anchor": "end" });
    }
    areas(frame, strip, box) {
      const { n, K } = this;
      const layer = svg("g", { class: "areas" });
      const below = new Float64Array(n);
      const width = (box.right - box.left) / n;
      for (let k = 0; k < K; k++) {
        let [there, back] = ["", ""];
        for (let i = 0; i < n; i++) {
          const [left, right] = [(box.left + i * width).toFixed(1), (box.left + (i + 1) * width).toFixed(1)];
          const up = (share) => (strip.bottom - share * (strip.bottom - strip.top)).toFixed(1);
          const low = up(below[i]);
          below[i] += this.resp.at[(frame * n + i) * K + k] / 255;
          const high = up(Math.min(below[i], 1));
          there += `${i ? "L" : "M"}${left} ${high}L${right} ${high}`;
          back = `L${right} ${low}L${left} ${low}${back}`;
        }
        layer.append(svg("path", { d: `${there}${back}Z`, fill: colour(k), "fill-opacity": 0.85 }));
      }
      return layer;
    }
    nearest(x) {
      const i = Math.floor(((x - MARGINS.left) / (MARGINS.right - MARGINS.left)) * this.n);
      return i >= 0 && i < this.n ? i : -1;
    }
    next(i, step) {
      return (i + step + this.n) % this.n;
    }
    told(i) {
      const values = this.columns.map((column, j) => {
        const value = this.cell(i, j);
        return [column.name, column.categories && this.content.each === 1 ? column.categories[Math.round(value)] ?? "–" : number(value)];
      });
      return { title: `${this.content.time_name} ${this.content.time[i]}`, values, shares: this.sharesOf(i), place: this.places[i] };
    }
    note() {
      const { each, n_shown, n_rows, n_columns } = this.content;
      const some = n_shown < n_rows ? `The first ${n_shown.toLocaleString("en-GB")} of ${n_rows.toLocaleString("en-GB")} rows. ` : "";
      const mean = each > 1 ? `Each point is the mean of ${each} rows. ` : "";
      return `${some}${mean}${this.offered(n_columns)}Above: the series, in the colours of its states. Below: how likely each state is, given the whole series.`;
    }
  }

  /** The likeliest words of topics. */
  class Topics {
    constructor(data) {
      const { content } = data;
      this.content = content;
      this.first = unpack(content.first);
      this.height = unpack(content.height);
      this.weights = unpack(content.weights);
      [, this.T, this.W] = this.first.shape;
      this.across = Math.min(SMALL ? 2 : 4, this.T);
      this.picture = new Picture(SMALL ? 400 : 760, Math.ceil(this.T / this.across) * 230 + 6, "The likeliest words of topics");
      this.element = this.picture.root;
      this.axes = [];
      this.what = "";
    }
    draw(frame) {
      const { picture, T, W, content } = this;
      picture.clear();
      const wide = picture.width / this.across;
      for (let t = 0; t < T; t++) {
        const [left, top] = [(t % this.across) * wide + 8, Math.floor(t / this.across) * 230 + 22];
        picture.text(left, top, `topic ${content.topics[t]}, ${percent(this.weights.at[frame * T + t])} of the words`, { fill: "var(--ink)", "font-weight": 600 });
        const at = (frame * T + t) * W;
        const most = Math.max(...this.height.at.slice(at, at + W));
        for (let w = 0; w < W; w++) {
          const up = top + 18 * (w + 1);
          picture.root.append(svg("rect", { x: left, y: up - 11, height: 13, width: ((wide - 24) * this.height.at[at + w]) / most, fill: colour(content.topics[t]), "fill-opacity": 0.35 }));
          const word = content.words[this.first.at[at + w]];
          picture.text(left + 4, up, cut(word, 24), { fill: "var(--ink)" });
        }
      }
    }
    note() {
      return "The ten likeliest words of each topic at this step; each topic has a scale of its own.";
    }
  }

  const VIEWS = { scatter: Scatter, states: States, topics: Topics };

  // -- the replay --------------------------------------------------------------------------------------------

  class Replay {
    constructor(section, data) {
      this.data = data;
      this.last = data.iterations.length - 1;
      this.frame = this.last;
      this.view = new VIEWS[data.view](data);
      this.view.changed = () => this.draw();
      this.curve = new Curve(data);
      this.timer = null;
      this.play = html("button", { type: "button", class: "play", onclick: () => this.toggle() }, "Play");
      this.slider = html("input", { type: "range", min: 0, max: this.last, value: this.last, step: 1, "aria-label": "Step of EM", oninput: () => { this.stop(); this.go(Number(this.slider.value)); } });
      this.said = html("output", { class: "said" });
      const taken = html("button", { type: "button", onclick: () => save(fileName(`replay step ${data.iterations[this.frame]}`, "svg"), "image/svg+xml", drawn(this.view.element)) }, "Picture as SVG");
      this.tip = html("div", { class: "tip", hidden: "" });
      this.live = html("p", { class: "unseen", "aria-live": "polite" });
      this.stage = html("div", { class: "stage" }, this.view.element, this.tip);
      if (this.view.what) this.listen();
      section.append(
        html("div", { class: "controls" }, this.play, this.slider, this.said, ...this.view.axes, taken),
        html("div", { class: "replay" }, this.stage, html("div", { class: "climb" }, this.curve.element)),
        this.live,
        html("p", { class: "note" }, `${this.view.note()} ${data.note}`),
      );
      if (data.content.lines) section.append(this.table());
      section.hidden = false;
      this.draw();
    }
    table() {
      const { names, cells, n } = this.data.content.lines;
      const K = cells[0][0].length;
      const heads = Array.from({ length: K }, (_, k) => html("th", { scope: "col" }, html("span", { class: "dot", style: `background:${colour(k)}` }), `${this.data.label} ${k}`));
      this.cells = names.map(() => Array.from({ length: K }, () => html("td")));
      const lines = names.map((name, i) => html("tr", {}, html("th", { scope: "row", class: name.length > 36 ? "long" : null }, name), ...this.cells[i]));
      const caption = html("caption", {}, n < names.length ? "At this step" : `At this step: of ${n.toLocaleString("en-GB")} lines the ${names.length - 1} that tell most`);
      const grid = html("table", { "data-plain": "" }, caption, html("thead", {}, html("tr", {}, html("td"), ...heads)), html("tbody", {}, ...lines));
      equip(grid);
      return html("div", { class: "table" }, html("div", { class: "scroll" }, grid));
    }
    listen() {
      const { stage, view } = this;
      fill(stage, { tabindex: 0, role: "group", "aria-label": `Picture of this step. Arrow keys go from one of the ${view.what} to the next.` }, []);
      const at = (event) => {
        const box = view.element.getBoundingClientRect();
        const size = view.picture.width / box.width;
        return [(event.clientX - box.left) * size, (event.clientY - box.top) * size];
      };
      view.element.addEventListener("pointermove", (event) => this.tell(view.nearest(...at(event))));
      view.element.addEventListener("pointerleave", () => this.tell(-1));
      stage.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape") this.tell(-1);
        if (!step) return;
        event.preventDefault();
        this.tell(view.next(this.at ?? -1, step), true);
      });
      stage.addEventListener("blur", () => this.tell(-1));
    }
    /** What there is to say of a row, beside it; aloud if it was chosen by a key. */
    tell(i, aloud = false) {
      this.tip.hidden = i < 0;
      if (i < 0) return;
      this.at = i;
      const { title, values, shares, place } = this.view.told(i);
      const lines = [...values, ...shares.map((share, k) => [`${this.data.label} ${k}`, percent(share)])];
      this.tip.replaceChildren(html("b", {}, title), ...lines.map(([name, value]) => html("div", {}, html("span", {}, name), html("span", {}, value))));
      const [x, y] = [(100 * place[0]) / this.view.picture.width, (100 * place[1]) / this.view.picture.height];
      this.tip.style.cssText = `${x > 55 ? `right:${100 - x + 2}%` : `left:${x + 2}%`};${y > 55 ? `bottom:${100 - y}%` : `top:${y}%`}`;
      if (aloud) this.live.textContent = `${title}: ${lines.map(([name, value]) => `${name} ${value}`).join(", ")}`;
    }
    toggle() {
      if (this.timer) return this.stop();
      if (this.frame === this.last) this.go(0);
      this.play.textContent = "Pause";
      this.timer = setInterval(() => (this.frame < this.last ? this.go(this.frame + 1) : this.stop()), PACE);
    }
    stop() {
      clearInterval(this.timer);
      this.timer = null;
      this.play.textContent = "Play";
    }
    go(frame) {
      this.frame = frame;
      this.slider.value = frame;
      this.draw();
    }
    draw() {
      const { data, frame } = this;
      const step = data.iterations[frame];
      const at = Math.min(step - data.iterations[0], data.curve.length - 1);
      const words = `step ${step} of ${data.iterations[this.last]}: ${data.objective} ${data.curve[at].toLocaleString("en-GB", { maximumSignificantDigits: 7 }).replace("-", "−")}`;
      this.said.textContent = words;
      this.slider.setAttribute("aria-valuetext", words);
      this.view.draw(frame);
      this.curve.draw(frame);
      if (this.cells) this.cells.forEach((line, i) => line.forEach((cell, k) => { cell.textContent = data.content.lines.cells[frame][i][k]; }));
      this.tell(-1);
    }
  }

  // -- tables and pictures that stand still ------------------------------------------------------------------

  const lines = (table) => [...table.querySelectorAll("tbody tr")];

  function sort(table, column, head) {
    const falling = head.getAttribute("aria-sort") === "ascending";
    const key = (line) => line.children[column].textContent.trim();
    const numeric = lines(table).some((line) => !Number.isNaN(meant(key(line))));
    const compared = (a, b) => {
      if (!numeric) return key(a).localeCompare(key(b), undefined, { numeric: true });
      const [x, y] = [meant(key(a)), meant(key(b))];
      return Number.isNaN(x) ? 1 : Number.isNaN(y) ? -1 : x - y;
    };
    const ordered = lines(table).sort((a, b) => {
      const [x, y] = [meant(key(a)), meant(key(b))];
      const lacks = numeric && (Number.isNaN(x) || Number.isNaN(y));
      return (falling && !lacks ? -1 : 1) * compared(a, b);
    });
    for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    table.tBodies[0].append(...ordered);
  }

  /** A table as CSV: numbers without what makes them readable. */
  function csv(table) {
    const cell = (text) => {
      const words = text.trim();
      const plain = /^[−-]?[\d,]+(\.\d+)?$/.test(words) ? words.replace(/,/g, "").replace("−", "-") : words;
      return /[",\n]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain;
    };
    return [...table.rows].map((line) => [...line.cells].map((one) => cell(one.textContent)).join(",")).join("\r\n") + "\r\n";
  }

  function equip(table) {
    const title = table.caption.textContent;
    const tools = html("span", { class: "tools" });
    if (lines(table).length >= 8) {
      const search = html("input", { type: "search", "aria-label": `Search ${title}`, placeholder: "search", oninput: () => {
        const words = search.value.trim().toLowerCase();
        for (const line of lines(table)) line.hidden = !line.textContent.toLowerCase().includes(words);
      } });
      tools.append(search);
    }
    tools.append(html("button", { type: "button", "aria-label": `${title} as CSV`, onclick: () => save(fileName(title, "csv"), "text/csv", csv(table)) }, "CSV"));
    table.caption.append(tools);
    if (lines(table).length < 2 || "plain" in table.dataset) return;
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const words = cell.textContent || "name";
      const head = html("th", { scope: "col", class: cell.getAttribute("class") });
      cell.replaceWith(head);
      head.replaceChildren(html("button", { type: "button", class: "sort", "aria-label": `Sort by ${words}`, onclick: () => sort(table, column, head) }, cell.textContent || "\u00a0"));
    });
  }

  function takeable(figure) {
    const image = figure.querySelector("img");
    const name = figure.dataset.name || "picture";
    const taken = () => save(`${name}.svg`, "image/svg+xml", decodeURIComponent(image.src.slice(image.src.indexOf(",") + 1)));
    figure.querySelector("figcaption").prepend(html("button", { type: "button", "aria-label": `${name} as SVG`, onclick: taken }, "SVG"));
  }

  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((folded) => { folded.open = true; }));
  for (const table of document.querySelectorAll("table")) equip(table);
  for (const figure of document.querySelectorAll("figure")) takeable(figure);
  for (const section of document.querySelectorAll("section[data-replay]")) new Replay(section, JSON.parse(section.querySelector("script").textContent));
  for (const box of document.querySelectorAll(".scroll, pre")) {
    const caption = box.querySelector("caption");
    const name = caption ? caption.firstChild.textContent : "Lines of Python";
    if (box.scrollWidth > box.clientWidth) fill(box, { tabindex: 0, role: "region", "aria-label": name }, []);
  }
})();
