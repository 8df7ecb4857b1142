"""A picture (SVG) of a Grafana dashboard, drawn from what its panels' own queries give. It knows the kinds of panels that
our dashboard has, and of their options those that decide what is seen: place, title, unit, mappings, thresholds, stacking."""

import math
import time
from xml.sax.saxutils import escape

WIDTH, COLUMNS, ROW, GAP, HEAD = 1200, 24, 38, 8, 64  # pixels; Grafana's grid has 24 columns
COLUMN = WIDTH / COLUMNS
COLOURS = {"green": "#3a8c4b", "red": "#c4162a", "orange": "#e0752d", "blue": "#3865ab"}
PALETTE = ("#3a8c4b", "#c79a00", "#3865ab", "#e0752d", "#c4162a", "#7c4fa0", "#2a8c94", "#8a6d3b")
TEXT = 'font-family="DejaVu Sans, Verdana, sans-serif"'


def picture(dashboard, results, begin, end, note):
    """`results`: panel id -> [(legend, [(time, value)])], in the order of the panel's targets. Times in s."""
    height = HEAD + max((p["gridPos"]["y"] + p["gridPos"]["h"]) * ROW for p in dashboard["panels"])
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" {TEXT}>',
             f'<rect width="{WIDTH}" height="{height}" fill="#f4f5f5"/>', text(GAP, 26, dashboard["title"], 18, "#24292e", "bold"),
             text(GAP, 48, note, 12, "#555")]
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        parts += boxed(panel, results[panel["id"]], (at["x"] * COLUMN + GAP / 2, HEAD + at["y"] * ROW + GAP / 2,
                                                     at["w"] * COLUMN - GAP, at["h"] * ROW - GAP), (begin, end))
    return "\n".join([*parts, "</svg>", ""])


def text(x, y, words, size, colour="#24292e", weight="normal", anchor="start"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" font-weight="{weight}" '
            f'text-anchor="{anchor}">{escape(words)}</text>')


def boxed(panel, series, box, span):
    x, y, width, height = box
    draw = {"stat": stat, "timeseries": lines, "state-timeline": states}[panel["type"]]
    return [f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" fill="#fff" stroke="#d5d8dc"/>',
            *draw(panel, series, box, span), text(x + 8, y + 17, panel["title"], 12, title_colour(panel), "bold")]


def title_colour(panel):
    return "#fff" if panel["type"] == "stat" else "#24292e"


def stat(panel, series, box, _span):
    x, y, width, height = box
    if not series:
        return [f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" fill="#8e8e8e"/>',
                text(x + width / 2, y + height / 2 + 18, "no data", 22, "#fff", "bold", "middle")]
    defaults, value = panel["fieldConfig"]["defaults"], series[0][1][-1][1]
    words, colour = shown(value, defaults), "green"
    for step in defaults["thresholds"]["steps"]:
        if step["value"] is None or value >= step["value"]:
            colour = step["color"]
    for mapping in defaults["mappings"]:
        option = mapping["options"].get(f"{value:g}", {})
        words, colour = option.get("text", words), option.get("color", colour)
    return [f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" fill="{COLOURS[colour]}"/>',
            text(x + width / 2, y + height / 2 + 18, words, 26 if len(words) < 13 else 20, "#fff", "bold", "middle")]


def shown(value, defaults):
    if defaults["unit"] == "dateTimeFromNow":
        return f"{(time.time() - value / 1000) / 60:.0f} minutes ago"
    return f"{value:g}"


def plot_of(box, left, bottom):
    x, y, width, height = box
    return x + left, y + 28, width - left - 14, height - 28 - bottom


def time_axis(plot, span):
    x, y, width, height = plot
    begin, end = span
    step = next(each for each in (30, 60, 120, 300, 900, 3600) if (end - begin) / each <= 8)
    parts = []
    for moment in range(math.ceil(begin / step) * step, int(end) + 1, step):
        across = x + width * (moment - begin) / (end - begin)
        parts += [f'<path d="M{across:.0f} {y:.0f}V{y + height:.0f}" stroke="#eceef0"/>',
                  text(across, y + height + 14, time.strftime("%H:%M", time.gmtime(moment)), 10, "#666", anchor="middle")]
    return parts


def round_up(value):
    """The top of an axis: 1, 2, 4 or 5 times a power of ten."""
    if value <= 0:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= value * 0.999)


def lines(panel, series, box, span):
    plot = x, y, width, height = plot_of(box, 52, 54)
    stacked = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    if stacked:
        series = stack(series)
    top = round_up(max([value for _, points in series for _, value in points], default=1))
    parts = time_axis(plot, span)
    for part in range(5):
        level = y + height * (1 - part / 4)
        parts += [f'<path d="M{x:.0f} {level:.0f}H{x + width:.0f}" stroke="#e3e5e8"/>',
                  text(x - 6, level + 4, f"{top * part / 4:g}", 10, "#666", anchor="end")]
    coloured = [(*each, PALETTE[number % len(PALETTE)]) for number, each in enumerate(series)]
    for _, points, colour in reversed(coloured) if stacked else coloured:
        for run in runs(points):
            path = "L".join(f"{x + width * (moment - span[0]) / (span[1] - span[0]):.1f} {y + height * (1 - value / top):.1f}"
                            for moment, value in thinned(run))
            if stacked:
                first, last = (x + width * (run[at][0] - span[0]) / (span[1] - span[0]) for at in (0, -1))
                parts.append(f'<path d="M{path}L{last:.1f} {y + height:.1f}L{first:.1f} {y + height:.1f}Z" fill="{colour}"/>')
            else:
                parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
    return parts + legend(coloured, box)


def stack(series):
    """Each on top of those before it."""
    sums, stacked = {}, []
    for words, points in series:
        for moment, value in points:
            sums[moment] = sums.get(moment, 0) + value
        stacked.append((words, [(moment, sums[moment]) for moment, _ in points]))
    return stacked


def runs(points):
    """Where samples are missing there is no line."""
    found, gap = [], min((b[0] - a[0] for a, b in zip(points, points[1:])), default=1) * 1.5
    for point in points:
        if found and point[0] - found[-1][-1][0] <= gap:
            found[-1].append(point)
        else:
            found.append([point])
    return found


def thinned(run):
    """Without points in the middle of a level stretch: they would only fill the file."""
    return [point for number, point in enumerate(run)
            if number in (0, len(run) - 1) or {run[number - 1][1], run[number + 1][1]} != {point[1]}]


def legend(coloured, box):
    x, y, width, height = box
    parts, across, down = [], x + 10, y + height - 22
    for words, _, colour in coloured:
        room = 30 + 5.8 * len(words)
        if across + room > x + width:
            across, down = x + 10, down + 14
        parts += [f'<rect x="{across:.0f}" y="{down - 6:.0f}" width="12" height="4" fill="{colour}"/>',
                  text(across + 16, down, words, 10, "#444")]
        across += room
    return parts


def states(_panel, series, box, span):
    plot = x, y, width, height = plot_of(box, 190, 22)
    parts = time_axis(plot, span)
    each = min(height / max(len(series), 1), 26)
    for number, (words, points) in enumerate(sorted(series)):
        parts.append(text(x - 8, y + each * (number + 0.5) + 4, words, 11, "#444", anchor="end"))
        for run in runs(points):
            first, last = ((run[at][0] - span[0]) / (span[1] - span[0]) * width for at in (0, -1))
            parts.append(f'<rect x="{x + first:.1f}" y="{y + each * number + 2:.1f}" width="{max(last - first, 2):.1f}" '
                         f'height="{each - 4:.1f}" fill="{COLOURS["red"]}" opacity="0.8"/>')
    return parts
