"""Tables in Markdown, as docs/PERFORMANCE.md shows them, with their columns aligned."""


def number(value, digits=3):
    """So many significant digits; thousands apart."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def percent(share):
    return "-" if share is None else f"{100 * share:.1f} %" if share < 0.9995 else "100 %"


def table(title, columns, rows):
    texts = [[number(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(columns), *texts]) for i in range(len(columns))]

    def line(cells):
        padded = [cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 2) if i == 0 else "-" * (width + 1) + ":" for i, width in enumerate(widths)) + "|"
    return "\n".join([f"### {title}", "", line(list(columns)), rule, *map(line, texts), ""])
