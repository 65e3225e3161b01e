"""SVG by hand: how fast ours is against every goal (`ratios`), and lines over a size (`curves`)."""
import math
from html import escape

STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #222 } .small { font-size: 10px; fill: #666 } .title { font-size: 15px; font-weight: 600 }
.grid { stroke: #ddd } .axis { stroke: #999 } .goal { stroke: #333; stroke-width: 2 } .met { fill: #1a7f4b; stroke: #1a7f4b }
.missed { fill: #c2410c; stroke: #c2410c } .bar { stroke-width: 5; stroke-opacity: .35 } .back { fill: #fff } .even { stroke: #555; stroke-dasharray: 4 3 }
</style>"""
COLOURS = ["#1d4ed8", "#c2410c", "#15803d", "#7e22ce", "#b45309", "#0e7490"]


def _document(width, height, body):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        STYLE, f'<rect class="back" width="{width}" height="{height}"/>', *body, "</svg>", ""])


def _text(x, y, words, anchor="start", css=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}">{escape(str(words))}</text>'


def _line(x1, y1, x2, y2, css):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>'


def _ticks(low, high, steps=None):
    """Powers of ten from low to high; with 2 and 5 times them where there would be too few."""
    steps = steps or ((1, 2, 5) if high / low < 300 else (1,))
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [v for d in decades for v in (step * 10.0 ** d for step in steps) if low <= v <= high * 1.001]


def ratios(verdicts, heading):
    """A row for each goal on a logarithmic axis: a tick where the goal is, a dot where we are."""
    row, left, right, top = 17, 470, 60, 64
    width = 1040
    low = min([0.3] + [min(v["times"], v["needed"]) for v in verdicts]) / 1.2
    high = max([3] + [max(v["times"], v["needed"]) for v in verdicts]) * 1.2
    height = top + row * len(verdicts) + 34
    x = lambda value: left + (width - left - right) * math.log(value / low) / math.log(high / low)
    body = [_text(16, 26, heading, css="title"),
            _text(16, 44, "times as fast as the peer (logarithmic); the tick is the goal, the dot what was measured", css="small")]
    for value in _ticks(low, high, (1, 2, 5)):
        css = "even" if value == 1 else "grid"
        body += [_line(x(value), top - 6, x(value), height - 28, css), _text(x(value), height - 14, f"{value:g}", "middle", "small")]
    last = None
    for i, v in enumerate(verdicts):
        y = top + row * i + row / 2
        css = "met" if v["met"] else "missed"
        place = "one CPU" if v["ours"].endswith("@1cpu") else "free"
        if v["title"] != last:
            body += [_line(12, y - row / 2, width - 12, y - row / 2, "grid"), _text(16, y + 4, v["title"])]
            last = v["title"]
        ours = v["ours"].split("@")[0].split(".", 1)[1]
        theirs = v["theirs"].split("@")[0].replace(".", " ", 1)
        body += [
            _text(left - 8, y + 4, f"{ours}, {place} / {theirs}", "end", "small"),
            _line(x(v["needed"]), y, x(v["times"]), y, f"bar {css}"), _line(x(v["needed"]), y - 6, x(v["needed"]), y + 6, "goal"),
            f'<circle cx="{x(v["times"]):.1f}" cy="{y:.1f}" r="4" class="{css}"/>',
            _text(width - 8, y + 4, f"{v['times']:.2f}", "end", "small"),
        ]
    return _document(width, height, body)


def curves(panels, heading):
    """Panels of {title, x, y, lines: [(name, [(x, y)])]}, both axes logarithmic, two panels in a row."""
    across, wide, tall, top = 2, 500, 320, 50
    rows = (len(panels) + across - 1) // across
    body = [_text(16, 28, heading, css="title")]
    for index, panel in enumerate(panels):
        ox, oy = index % across * wide + 60, index // across * tall + top + 24
        w, h = wide - 90, tall - 84
        points = [p for _, line in panel["lines"] for p in line if p[1] > 0]
        if not points:
            continue
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        xl, xh, yl, yh = min(xs), max(max(xs), min(xs) * 1.01), min(ys) / 1.5, max(ys) * 1.5
        px = lambda v, ox=ox, w=w, xl=xl, xh=xh: ox + w * math.log(v / xl) / math.log(xh / xl)
        py = lambda v, oy=oy, h=h, yl=yl, yh=yh: oy + h - h * math.log(v / yl) / math.log(yh / yl)
        body.append(_text(ox - 44, oy - 10, f"{panel['title']}: {panel['y']}"))
        for value in _ticks(xl, xh):
            body += [_line(px(value), oy, px(value), oy + h, "grid"), _text(px(value), oy + h + 14, f"{value:g}", "middle", "small")]
        for value in _ticks(yl, yh):
            body += [_line(ox, py(value), ox + w, py(value), "grid"), _text(ox - 6, py(value) + 4, f"{value:g}", "end", "small")]
        body += [_line(ox, oy + h, ox + w, oy + h, "axis"), _line(ox, oy, ox, oy + h, "axis"),
                 _text(ox + w / 2, oy + h + 30, panel["x"], "middle", "small")]
        for n, (name, line) in enumerate(panel["lines"]):
            colour = COLOURS[n % len(COLOURS)]
            path = " ".join(f"{px(a):.1f},{py(b):.1f}" for a, b in line if b > 0)
            body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            body += [f'<circle cx="{px(a):.1f}" cy="{py(b):.1f}" r="2.5" fill="{colour}"/>' for a, b in line if b > 0]
            body.append(f'<text x="{ox + 10}" y="{oy + 16 + 14 * n}" style="fill:{colour};font-size:11px">{escape(name)}</text>')
    return _document(across * wide, rows * tall + top, body)
