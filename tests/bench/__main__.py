"""``make bench``: every benchmark, or those named; each prints a table. ``--database-url`` chooses the database."""

import argparse
import importlib
import pkgutil

from tests import bench


def names() -> list[str]:
    return sorted(each.name for each in pkgutil.iter_modules(bench.__path__) if each.name.startswith("bench_"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(name.removeprefix('bench_') for name in names())}")
    parser.add_argument("--database-url", default="", help="default: SQLite in a temporary folder")
    chosen = parser.parse_args()
    wanted = [f"bench_{name}" for name in chosen.names] or names()
    for name in wanted:
        print(f"\n== {name.removeprefix('bench_')}", flush=True)
        importlib.import_module(f"tests.bench.{name}").main(chosen.database_url)


if __name__ == "__main__":
    main()
