"""A webhook receiver and a mail server as they are outside: slow, failing, and not always telling the truth.

What arrives is kept by its id, whatever is answered; so the tests see what got through, how often, and whether it was
the same each time.
"""

import hashlib
import random
import re
import socket
import socketserver
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = tuple[str, bytes]

MOODS = {
    "take": 10,
    "slow": 3,
    "fail": 4,  # not kept, and says so
    "hang up": 2,  # not kept, says nothing
    "lie": 3,  # kept, and says it was not
    "drop": 3,  # kept, says nothing
    "half": 2,  # kept, half an answer
    "silent": 0.2,  # kept, and the line stays open without a word
}


@dataclass
class Outside:
    """What arrived. ``calm``: everything is taken at once from now on."""

    seed: int = 1
    calm: bool = False
    port: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    content: dict[str, Any] = field(default_factory=dict)
    moods: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._lock = threading.Lock()

    def mood(self) -> str:
        with self._lock:
            found = "take" if self.calm else self._chance.choices(list(MOODS), list(MOODS.values()))[0]
            self.moods[found] += 1
            return found

    def keep(self, number: str, same: bytes, content: Any) -> None:
        """``same`` is what must be the same each time that this id comes."""
        with self._lock:
            self.kept[number] += 1
            self.bodies[number].add(hashlib.sha256(same).hexdigest())
            self.content[number] = content

    @property
    def repeated(self) -> int:
        """How many came again, under the id of the first time."""
        return sum(count - 1 for count in self.kept.values())

    @property
    def changed(self) -> list[str]:
        """Ids under which different things came."""
        return [number for number, found in self.bodies.items() if len(found) > 1]


@contextmanager
def webhook_receiver(outside: Outside) -> Iterator[Outside]:
    """Takes what is posted; ``content`` is ``(headers, body)``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {key.lower(): value for key, value in self.headers.items()}
            mood = outside.mood()
            if mood == "hang up":
                return self._close()
            if mood == "fail":
                return self._answer(503, b"busy")
            outside.keep(headers["webhook-id"], body, (headers, body))
            if mood == "slow":
                time.sleep(0.3)
            if mood == "drop":
                return self._close()
            if mood == "silent":
                return time.sleep(10)
            if mood == "half":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"{")
                return self._close()
            return self._answer(500 if mood == "lie" else 200, b"{}")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _close(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who called may be dead by now."""

    server = Quiet(("127.0.0.1", 0), Handler)
    yield from _serve(server, outside)


@contextmanager
def mail_server(outside: Outside) -> Iterator[Outside]:
    """Takes mails; ``content`` is the mail."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            mood = outside.mood()
            if mood == "hang up":
                return None
            if mood == "fail" and outside._chance.random() < 0.5:
                return self.say("421 busy")
            self.say("220 here")
            while line := self.rfile.readline():
                word = line.split(b" ")[0].strip().upper().split(b":")[0]
                if word == b"DATA":
                    self.say("354 go on")
                    if not self.take(mood):
                        return None
                elif word == b"QUIT":
                    return self.say("221 bye")
                else:
                    self.say("250 yes")
            return None

        def take(self, mood: str) -> bool:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b".") else line)
            if not line:
                return False  # who sent died in the middle: it is no mail
            if mood == "fail":
                self.say("451 later")
                return True
            self.keep(b"".join(lines))
            if mood == "slow":
                time.sleep(0.3)
            if mood == "silent":
                time.sleep(10)
            if mood in ("drop", "silent"):
                return False
            if mood == "half":
                self.wfile.write(b"25")
                return False
            self.say("451 later" if mood == "lie" else "250 kept")
            return True

        def keep(self, data: bytes) -> None:
            mail = message_from_bytes(data, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            part = mail.get_body(("plain",))
            text = str(part.get_content()) if part is not None else ""
            same = f"{mail['To']}|{mail['Subject']}|{text}".encode()
            outside.keep(str(mail["Message-ID"]), same, (str(mail["To"]), str(mail["Subject"]), text))

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Quiet(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who called may be dead by now."""

    yield from _serve(Quiet(("127.0.0.1", 0), Handler), outside)


def _serve(server: Any, outside: Outside) -> Iterator[Outside]:
    outside.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield outside
    finally:
        server.shutdown()
        server.server_close()


REMINDER_LINE = re.compile(r"(?:Reminder|Overdue): \w+ ([\w-]+): ")
"""A reminder in a mail, alone or bundled with others; the number of what it is about."""
