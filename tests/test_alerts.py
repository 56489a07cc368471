"""Alerts and dashboard ask for figures that exist, by labels and values that exist, and every alert is explained."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from frontdesk import backlog, health  # noqa: F401 - it has the figures shown
from frontdesk.request_lanes import RequestLanes
from testing.databases import ROOT

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

OF_PROMETHEUS = {"instance", "job", "le"}
SELECTOR = re.compile(r"\b((?:frontdesk|process)_\w+)(?:\{([^}]*)\})?")
CONDITION = re.compile(r'(\w+)(=~|!=|=)"([^"]*)"')
GROUPED = re.compile(r"\bby \(([^)]*)\)")

RULES = [
    rule for group in yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
PANELS: list[dict[str, Any]] = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())["panels"]
QUERIES = {rule["alert"]: [rule["expr"]] for rule in RULES} | {
    panel["title"]: [target["expr"] for target in panel["targets"]] for panel in PANELS if "targets" in panel
}


@cache
def shown() -> dict[str, dict[str, set[str]]]:
    """Returns every sample's name with its labels and their values, as a fresh process shows them."""
    found: dict[str, dict[str, set[str]]] = {}
    for metric in REGISTRY.collect():
        for sample in metric.samples:
            labels = found.setdefault(sample.name, defaultdict(set))
            for label, value in sample.labels.items():
                labels[label].add(value)
        # A counter that nothing was counted in has a family and no samples yet.
        found.setdefault(f"{metric.name}_total" if metric.type == "counter" else metric.name, defaultdict(set))
    return found


def conditions(query: str) -> Iterator[tuple[str, str, str]]:
    """Yields the figure, label and value of each condition of a query."""
    for figure, inside in SELECTOR.findall(query):
        for label, _how, values in CONDITION.findall(inside):
            yield from ((figure, label, value) for value in values.split("|"))


@pytest.fixture(autouse=True)
def _web_process(monkeypatch: pytest.MonkeyPatch) -> None:
    RequestLanes(None, connections=20)
    monkeypatch.setattr(backlog._Known, "at", float("-inf"))


@pytest.mark.parametrize("name", QUERIES)
def test_what_is_asked_for_exists(name: str) -> None:
    assert shown()["frontdesk_waiting_work"]["kind"], "the database was read"
    for query in QUERIES[name]:
        figures = {figure for figure, _ in SELECTOR.findall(query)}
        assert figures <= set(shown()), query
        for figure, label, value in conditions(query):
            assert label in OF_PROMETHEUS or value in shown()[figure][label], (figure, label, value)
        known = {label for figure in figures & set(shown()) for label in shown()[figure]}
        grouped = {label.strip() for labels in GROUPED.findall(query) for label in labels.split(",")}
        assert grouped <= known | OF_PROMETHEUS, query


def test_every_alert_has_its_entry_in_the_handbook() -> None:
    section = (ROOT / "docs" / "operations.md").read_text().split("\n## Alerts\n")[1].split("\n## ")[0]
    explained = re.findall(r"^\| `(Frontdesk\w+)` \| [^|]{10,} \| [^|]{10,} \|$", section, re.MULTILINE)
    assert explained == [rule["alert"] for rule in RULES], "in the same order"
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]


def test_every_figure_that_tells_of_trouble_is_watched() -> None:
    asked = " ".join(query for queries in QUERIES.values() for query in queries)
    ours = {
        metric.name for metric in REGISTRY.collect() if metric.name.startswith("frontdesk_") and metric.type != "info"
    }
    assert {name for name in ours if name not in asked} == set()


def test_the_dashboards_panels_have_places_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        places = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not places & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= places
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
