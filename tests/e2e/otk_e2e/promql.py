"""Expressions for Prometheus as the dashboard and the alerts have them: which series they name, and what they give for the
figures that knockd has written."""

import json
import os
import re
import shutil
import subprocess
import tempfile

from .tap import Skip

# Series of others: node_exporter's and Prometheus' own.
FOREIGN = {"node_textfile_mtime_seconds": 'file="/var/lib/prometheus/node-exporter/otk.prom"',
           "ALERTS": 'alertname="OtkFlood",alertstate="firing"'}
_WORDS = {"and", "or", "unless", "offset", "bool", "inf", "nan"}
# What is in an expression besides names: texts, selectors, ranges, lists of labels, numbers with units.
_OTHER = re.compile(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\b\d[\w.]*')


def names(expression):
    """Of all series in it."""
    rest = _OTHER.sub(" ", expression)
    return {word for word in re.findall(r"[a-zA-Z_:][\w:]*(?![\w:]*\s*\()", rest) if word not in _WORDS}


def selectors(expression):
    """The labels that it demands or groups by."""
    rest = re.sub(r'"[^"]*"', '""', expression)
    inside = re.findall(r"\{([^}]*)\}", rest) + re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", rest)
    return {word for part in inside for word in re.findall(r"[a-zA-Z_]\w*", part)}


def rules(path):
    """Alert -> expression, of a file of rules that is written as ours is."""
    with open(path, encoding="ascii") as file:
        return dict(re.findall(r"- alert: (\w+)\n\s+expr: (.*)\n", file.read()))


def panels(path):
    """Title of a panel, and one of its expressions; of a Grafana dashboard. The queries of its variables, too."""
    with open(path, encoding="ascii") as file:
        dashboard = json.load(file)
    found = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            found.append((variable["name"], re.sub(r"^label_values\((\w+), \w+\)$", r"\1", variable["query"]["query"])))
    return found


def filled_in(expression, rate_interval="5m"):
    """As Grafana fills it in, where all servers are chosen."""
    return expression.replace("$__rate_interval", rate_interval).replace("$instance", ".*")


def empty(expressions, figures):
    """Those of the expressions that give nothing, though for half an hour the figures (name -> value) were collected, as
    node_exporter's."""
    if shutil.which("promtool") is None:
        raise Skip("promtool is missing (Debian: prometheus)")
    if _all_give_something(expressions, figures):
        return []
    return [each for each in expressions if not _all_give_something([each], figures)]


def _all_give_something(expressions, figures):
    where = 'instance="server:9100",job="node"'
    series = {f"{name}{{{where}}}": value for name, value in figures.items()}
    series.update({f"{name}{{{where},{labels}}}": 1 for name, labels in FOREIGN.items()})
    test = {"interval": "1m", "input_series": [{"series": name, "values": f"{value}x60"} for name, value in series.items()],
            "promql_expr_test": [{"expr": f"count({each}) > bool 0", "eval_time": "30m",
                                  "exp_samples": [{"labels": "{}", "value": 1}]} for each in expressions]}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "test.yml")
        with open(path, "w", encoding="ascii") as file:
            json.dump({"evaluation_interval": "1m", "tests": [test]}, file)  # JSON is YAML
        done = subprocess.run(["promtool", "test", "rules", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    return done.returncode == 0
