"""Prometheus' text format 0.0.4, read as strictly as its documentation has it, so that a file that a collector would
refuse, or read as something else, is refused here."""

import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_HELP = re.compile(rf"# HELP ({_NAME}) (\S.*)")
_TYPE = re.compile(rf"# TYPE ({_NAME}) (counter|gauge)")
_SAMPLE = re.compile(rf"({_NAME}) (0|[1-9][0-9]*)")  # we write whole numbers and no labels


def read(text):
    """Name -> value. Each metric is its help, its type and one sample, in this order, and there once."""
    assert text.endswith("\n") and "\r" not in text, "each line ends with a line feed"
    lines = text[:-1].split("\n")
    assert len(lines) % 3 == 0, text
    metrics = {}
    for number in range(0, len(lines), 3):
        matches = [pattern.fullmatch(line) for pattern, line in zip((_HELP, _TYPE, _SAMPLE), lines[number:])]
        assert all(matches), lines[number:number + 3]
        name = matches[0][1]
        assert all(match[1] == name for match in matches) and name not in metrics, lines[number:number + 3]
        assert "\\" not in matches[0][2], "an escape in a help"
        assert (matches[1][2] == "counter") == name.endswith("_total"), name
        metrics[name] = int(matches[2][2])
    return metrics
