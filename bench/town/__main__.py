"""A town's calls: what a call costs each server, measured side by side in one run, against the least there is.

    python -m bench.town [--calls 20 100 250] [--seconds 20] [--servers limit daphne …] [--repeats 3] [--json FILE]

Servers: the plain limit, bare Daphne, Frontdesk under Daphne and under `serve_media`, pipecat (in `var/pipecat`, which
is made on demand). Each runs alone on core 0, the callers and OpenAI's stand-in on core 1. A round tries all of them
once; the table has best and median of all rounds, and `var/town.png` a picture of it.
"""

from __future__ import annotations

import argparse
import json
import os
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bench import production
from bench.town import crowd, figures, servers
from bench.town.crowd import Orders, Played
from bench.town.figures import LIMIT, Results, Setup, Spread, Trial
from bench.town.processes import rss_kb
from bench.town.servers import SERVERS, Running, Server, Unavailable
from bench.town.town_calls import Town, strangers, town
from testing import services

SERVER_CORE, CALLERS_CORE = 0, 1
SETUP_CALLS: Final = 20
WARMING_CALLS, WARMING_S = 3, 3.0
PICTURE: Final = servers.ROOT / "var" / "town.png"


class Bench:
    """One run."""

    def __init__(self, given: argparse.Namespace, built: Town) -> None:
        self._given = given
        self._town = built
        self._openai_port = services.free_port()
        self.results = Results()

    def run(self) -> Results:
        """Try all servers in each round."""
        chosen = [each for each in SERVERS if each.name in self._given.servers]
        for number in range(1, self._given.repeats + 1):
            for server in list(chosen):
                try:
                    self._try(server, number)
                except Unavailable as why:
                    chosen.remove(server)
                    self._skip(f"{server.name} is left out: {why}")
            self._keep()
        return self.results

    def _try(self, server: Server, number: int) -> None:
        openai = f"ws://127.0.0.1:{self._openai_port}/v1"
        variables = {
            **production.SETTINGS,
            "OPENAI_REALTIME_URL": openai,
            "OPENAI_BASE_URL": openai.replace("ws", "http", 1),
            "CALLS_PER_PROCESS": str(max(*self._given.calls, SETUP_CALLS) + 1),
            "LOG_LEVEL": "WARNING",
            "MEDIA_ROOT": str(self._town.folder / "media"),
        }
        log = self._town.folder / f"{server.name}.log"
        url = f"{openai}/realtime"
        with ExitStack() as opened:
            if server.needs_redis:
                variables["REDIS_URL"] = opened.enter_context(services.redis())
            start = servers.running(server, url, core=SERVER_CORE, log=log, variables=variables)
            up = opened.enter_context(start)
            self._play(server, up, WARMING_CALLS, WARMING_S)
            up.rest()
            resting_kb = rss_kb(up.pid)
            self.results.setups.append(self._setup(server, up, number))
            for calls in self._given.calls:
                if figures.fits(self.results, server.name, calls, most=self._given.most_load):
                    self._note(self._trial(server, up, calls, number, resting_kb=resting_kb))
                elif number == 1:
                    self._skip(f"{server.name} is not tried with {calls} calls: a core has no room for them.")

    def _play(self, server: Server, up: Running, calls: int, seconds: float) -> Played:
        up.rest()
        starts = self._town.ring(calls) if server.has_tokens else strangers(calls)
        played = crowd.play(Orders(up.url, up.pid, self._openai_port, starts, seconds, CALLERS_CORE))
        if server.has_tokens:
            self._town.forget_summaries()
        return played

    def _setup(self, server: Server, up: Running, number: int) -> Setup:
        played = self._play(server, up, SETUP_CALLS, 0.0)
        idle = played.idle.cpu_s / played.idle.seconds
        opening, closing = (
            1000 * (used.cpu_s - idle * used.seconds) / SETUP_CALLS for used in (played.opening, played.closing)
        )
        return Setup(server.name, number, opening, closing, 100 * idle)

    def _trial(self, server: Server, up: Running, calls: int, number: int, *, resting_kb: int) -> Trial:
        played = self._play(server, up, calls, self._given.seconds)
        steady = played.steady
        assert steady is not None
        is_numbered = bool(played.to_openai_ms)
        return Trial(
            server=server.name,
            calls=calls,
            round=number,
            cpu=100 * steady.cpu_s / steady.seconds / calls,
            rss_kb=(played.rss_kb - resting_kb) / calls,
            to_openai=Spread.of(played.to_openai_ms),
            to_caller=Spread.of(played.to_caller_ms) if is_numbered else None,
            waits=Spread.of(played.waits_ms),
            faults=played.to_openai + played.to_caller if is_numbered else None,
            lateness=Spread.of(played.lateness_ms),
            others=steady.others,
            waited=steady.waited_s / steady.seconds,
            generator=steady.generator,
            kept_up=played.kept_up,
            unopened=played.unopened,
            broken=played.broken,
        )

    def _note(self, trial: Trial) -> None:
        self.results.trials.append(trial)
        said = "" if trial.keeps_up else f", overloaded: {trial.kept_up:.0%} came through"
        cost = f"{trial.cpu:.3f} % of a core a call{said}"
        print(f"round {trial.round}: {trial.server} {trial.calls} calls: {cost}", flush=True)

    def _keep(self) -> None:
        """Write down what is known so far."""
        if self._given.json:
            self._given.json.write_text(json.dumps(asdict(self.results), indent=2) + "\n")

    def _skip(self, why: str) -> None:
        self.results.skipped.append(why)
        print(why, flush=True)


def told(results: Results, load_before: float) -> list[str]:
    """Returns all that is printed in the end."""
    load = f"{os.cpu_count()} cores, load {load_before:.1f} before and {os.getloadavg()[0]:.1f} after."
    idle = {each.server: each.idle for each in results.setups}
    without = ", ".join(f"{server} {share:.1f} %" for server, share in idle.items())
    return [
        *figures.table(results, limit=LIMIT),
        "",
        *results.skipped,
        f"Without calls, of a core: {without}.",
        load,
        *figures.noise(results),
    ]


def main(arguments: list[str] | None = None) -> None:
    """Run, and print the table."""
    names = [each.name for each in SERVERS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, nargs="+", default=[20, 100, 250])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long is measured; a round of talking is 10")
    parser.add_argument("--servers", nargs="+", choices=names, default=names)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    room = "cores that so many calls may take by what fewer of them took; more are not tried"
    parser.add_argument("--most-load", type=float, default=0.95, help=room)
    given = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    with town(max(*given.calls, SETUP_CALLS)) as built:
        results = Bench(given, built).run()
    print("", *told(results, load), sep="\n")
    if results.trials:
        from bench.town.picture import draw  # noqa: PLC0415 - slow to load, and only here

        draw(figures.rows(results, limit=LIMIT), PICTURE)
        print(f"{PICTURE} is a picture of it.")


if __name__ == "__main__":
    main()
