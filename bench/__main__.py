"""make bench: prints every figure beside its limit of the same run."""

import sys

import uvloop
from rich.console import Console
from rich.table import Table

from bench.issuances import measure_issuances
from bench.lists import measure_lists
from bench.reads import measure_reads
from bench.scripts import measure_scripts
from bench.workflows import measure_workflows
from certloom.logs import set_up_logs


def main() -> None:
    """Measure and print. Everything runs on loopback and stops by itself."""
    set_up_logs("console", "error", sys.stderr)
    rows = [
        *uvloop.run(measure_workflows()),
        *measure_reads(),
        *measure_lists(),
        *uvloop.run(measure_issuances()),
        *measure_scripts(),
    ]
    table = Table("figure", "measured", "limit of the same run", "ratio", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
