"""A company's installation in several processes, under one movable clock, with everything that can go wrong with it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from . import shifted
from .server import Server, clean_environment

HOUR = timedelta(hours=1)


def command(*arguments: str, env: Mapping[str, str]) -> str:
    """Run ``signoff …`` under the fleet's clock to its end; what it printed.

    Raises:
        RuntimeError: it did not end well.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.shifted", *arguments],
        env={**clean_environment(), **env},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"signoff {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout.strip()


@dataclass
class Hands:
    """The hands of the clock of all processes."""

    path: Path
    offset: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        shifted.write(self.path, self.offset)

    def jump(self, length: timedelta) -> None:
        self.offset += length
        shifted.write(self.path, self.offset)

    def stand(self) -> None:
        """Stand still, until the next jump."""
        shifted.write(self.path, timedelta(0), shifted.read(self.path))


class Node(Server):
    """A web server or, without a port of its own, a worker."""

    def start(self, wait_seconds: float = 90) -> "Node":
        if self.command[0] == "run":
            super().start(wait_seconds)
            return self
        output = self.log.open("ab") if self.log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module, *self.command],
            env={**clean_environment(), **self.env},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        return self

    def _wait_for_port(self) -> None:
        if self.command[0] == "run":
            super()._wait_for_port()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        assert self.process is not None
        os.killpg(self.process.pid, number)


@dataclass
class Fleet:
    """``disk``: the data folder is a disk of its own, which can be filled."""

    nodes: list[Node]
    hands: Hands
    database_url: str
    data_dir: Path
    disk: bool
    done: Counter[str] = field(default_factory=Counter)

    @property
    def webs(self) -> list[Node]:
        return [each for each in self.nodes if each.command[0] == "run"]

    @property
    def workers(self) -> list[Node]:
        return [each for each in self.nodes if each.command[0] != "run"]

    def start(self) -> None:
        """Start all at once, and wait for each."""
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(Node.start, self.nodes))

    def stop(self) -> None:
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.send(signal.SIGCONT)
            node.stop()

    def wait(self) -> None:
        """Until every web server answers; one that was killed may be starting still."""
        for node in self.webs:
            node._wait(90)

    def ask_where(self) -> None:
        """Have every worker write into its log where its threads are."""
        for node in self.workers:
            assert node.process is not None
            node.process.send_signal(signal.SIGUSR1)
        time.sleep(0.5)

    # --- what goes wrong

    @property
    def harms(self) -> dict[str, Callable[[random.Random], None]]:
        """All that can, here."""
        kinds: dict[str, Callable[[random.Random], None]] = {
            "web killed": self._kill_web,
            "clock an hour on": lambda _: self.hands.jump(HOUR),
            "clock stood still": self._stand_still,
            "clock an hour back": self._back,
            "asleep for an hour": self._sleep,
            "child of a web killed": self._kill_child,
        }
        if self.workers:
            kinds["worker killed"] = self._kill_worker
        if self.database_url.startswith("postgresql"):
            kinds["database connections ended"] = self._end_connections
        if self.disk:
            kinds["disk full"] = self._fill_disk
        return kinds

    def harm(self, chance: random.Random) -> None:
        """One thing of all that can; of those that were rarest so far."""
        harms = self.harms
        least = min(self.done[name] for name in harms)
        name = chance.choice(sorted(name for name in harms if self.done[name] == least))
        harms[name](chance)
        self.done[name] += 1

    def _kill_web(self, chance: random.Random) -> None:
        node = chance.choice(self.webs)
        node.kill()
        node.spawn()  # whoever works meanwhile goes to another, or comes again

    def _kill_child(self, chance: random.Random) -> None:
        """The process that answers, or another of the server's: the server starts a new one."""
        node = chance.choice(self.webs)
        assert node.process is not None
        node._wait(90)
        children = Path(f"/proc/{node.process.pid}/task/{node.process.pid}/children")
        for pid in children.read_text().split() if children.exists() else ():
            os.kill(int(pid), signal.SIGKILL)
        node._wait(90)

    def _kill_worker(self, chance: random.Random) -> None:
        node = chance.choice(self.workers)
        node.kill()
        node.start()

    def _stand_still(self, chance: random.Random) -> None:
        self.hands.stand()
        time.sleep(chance.uniform(0.5, 2))
        self.hands.jump(HOUR)

    def _back(self, chance: random.Random) -> None:
        self.hands.jump(-HOUR)
        time.sleep(chance.uniform(0.5, 3))
        self.hands.jump(HOUR)

    def _sleep(self, chance: random.Random) -> None:
        """A node sleeps with all that it has claimed, others take it over, and it wakes and knows nothing of it."""
        node = chance.choice(self.nodes)
        node.send(signal.SIGSTOP)
        time.sleep(0.2)
        self.hands.jump(HOUR)
        time.sleep(chance.uniform(0.5, 2.5))
        node.send(signal.SIGCONT)

    def _end_connections(self, chance: random.Random) -> None:
        """The database ends some of the connections, whatever they are at, three times."""
        name = sa.make_url(self.database_url).database
        admin = sa.create_engine(self.database_url, isolation_level="AUTOCOMMIT")
        with admin.connect() as conn:
            for _ in range(3):
                found = conn.execute(
                    sa.text("SELECT pid FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"),
                    {"name": name},
                ).scalars()
                for pid in found.all():
                    if chance.random() < 0.6:
                        conn.execute(sa.select(sa.func.pg_terminate_backend(pid)))
                time.sleep(chance.uniform(0.05, 0.3))
        admin.dispose()

    def _fill_disk(self, chance: random.Random) -> None:
        ballast = self.data_dir / "ballast"
        try:
            with ballast.open("wb") as file:
                while True:
                    file.write(b"x" * 65536)
                    file.flush()
        except OSError:
            time.sleep(chance.uniform(0.5, 2))
        finally:
            ballast.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Make ``folder`` a disk of its own; ``False`` where this may not be done here."""
    folder.mkdir(parents=True, exist_ok=True)
    made = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "signoff-test", str(folder)]
    try:
        is_disk = subprocess.run(made, capture_output=True).returncode == 0
    except FileNotFoundError:
        is_disk = False
    try:
        yield is_disk
    finally:
        if is_disk:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
