"""Prints `oracle.tsv`: the next five ticks of every line of `cases.tsv` by npm's cron-parser and PyPI's croniter.

    python3 make.py | diff - ../oracle.tsv

The packages below are installed into a folder of the system's temporary files. Node and Python bring their own
copies of the time zone database; all years in `cases.tsv` are ones they agree on.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import venv

CRON_PARSER = "cron-parser@5.10.6"
CRONITER = ["croniter==7.0.0", "python-dateutil==4.0.0", "tzdata==2026.6"]

HERE = pathlib.Path(__file__).parent
HOME = pathlib.Path(tempfile.gettempdir()) / "weir-schedule-oracle"
HEAD = ["expression", "zone", "from", "cron-parser", "croniter", "follows", "why", "own"]


def main():
    python = HOME / "python" / "bin" / "python"
    if pathlib.Path(sys.prefix) != HOME / "python":
        install(python)
        environment = {**os.environ, "PYTHONTZPATH": ""}
        sys.exit(subprocess.run([python, __file__], env=environment).returncode)
    print("\t".join(HEAD))
    rows = [line.split("\t") for line in (HERE / "cases.tsv").read_text().splitlines() if line[:1] not in ("", "%")]
    for row, theirs in zip(rows, by_cron_parser(rows), strict=True):
        expression, zone, start, *said = row
        follows, why, own = (said + ["", "", ""])[:3]
        print("\t".join([expression, zone, start, theirs, by_croniter(*row[:3]), follows or "both", why, own]))


def install(python):
    if not (HOME / "node_modules").exists():
        HOME.mkdir(exist_ok=True)
        npm = ["npm", "install", "--silent", "--no-audit", "--prefix", str(HOME), CRON_PARSER]
        subprocess.run(npm, check=True, stdout=sys.stderr)
    if not python.exists():
        venv.create(HOME / "python", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *CRONITER], check=True, stdout=sys.stderr)


def by_cron_parser(rows):
    given = "\n".join("\t".join(row[:3]) for row in rows)
    made = subprocess.run(["node", HERE / "make.mjs", HOME], input=given, text=True, stdout=subprocess.PIPE, check=True)
    return made.stdout.splitlines()


def by_croniter(expression, zone, start):
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from croniter import croniter

    try:
        at = datetime.fromisoformat(start.replace("Z", "+00:00")).astimezone(ZoneInfo(zone))
        found = croniter(as_croniter_writes(expression), at, second_at_beginning=True)
        return " ".join(found.get_next(datetime).isoformat() for _ in range(5))
    except Exception:
        return "refused"


def as_croniter_writes(expression):
    """croniter writes the last Friday as `L5`, others as `5L`."""
    return re.sub(r"\b([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)L\b", r"L\1", expression)


main()
