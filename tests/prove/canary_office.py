"""Real `campaign` processes with canary secrets, watched while they run and searched afterwards. `canary` calls it."""

import asyncio
import os
import re
import resource
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.prove.canary_needles import Secret
from tests.prove.power_run import SETTINGS

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0
PEOPLE = [f"+9198123{number:05d}" for number in range(1, 7)]
SCRIPTS = ("answers", "busy answers", "no-answer", "switched-off", "not-existing", "ndnc")
Source = Literal["environment", "dotenv", "files"]


@dataclass(slots=True)
class Ended:
    """One process: what it said, what others could see of it, and how it ended."""

    code: int
    said: bytes
    seen: bytes
    core_limits: set[str]


@dataclass(slots=True)
class Office:
    """A folder with settings, a list and secrets; `source`: where the program finds them."""

    folder: Path
    source: Source
    base_url: str
    key: Secret
    token: Secret
    own: Secret | None
    broken_list: bool = False
    port: int = field(default_factory=lambda: _free_port())

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "campaign.toml").write_text(SETTINGS)
        rows = [f"{number},{script}" for number, script in zip(PEOPLE, SCRIPTS, strict=True)]
        end = '\n+919812300009,"never closed\n' if self.broken_list else "\nnobody,answers\n"
        (self.folder / "leads.csv").write_text("phone,simulate\n" + "\n".join(rows) + end)
        if self.source == "dotenv":
            self._private(".env", "".join(f"{name}='{value}'\n" for name, value in self._secrets().items()))
        if self.source == "files":
            for name, value in self._secrets().items():
                self._private(name, value + "\n")

    @property
    def read_from(self) -> set[Path]:
        """Files that may hold secrets: those they are read from, and the key that was made."""
        return {self.folder / name for name in (".env", "campaign.key", *self._secrets())}

    def secrets(self) -> list[Secret]:
        """The key made beside the database is one too."""
        made = self.folder / "campaign.key"
        own = [Secret("campaign.key", made.read_text().strip())] if made.exists() else []
        return [self.key, self.token, *([self.own] if self.own else []), *own]

    def files(self) -> list[Path]:
        """Everything that lies about afterwards, the user's state directory too."""
        return [file for file in self.folder.rglob("*") if file.is_file()]

    async def start(self, *arguments: str, broken: str = "") -> "Running":
        module = ["tests.prove.canary_broken", broken] if broken else ["campaign"]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *module,
            *arguments,
            cwd=self.folder,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            preexec_fn=_let_cores_be_written,
        )
        return Running(process)

    async def run(self, *arguments: str, broken: str = "") -> Ended:
        return await (await self.start(*arguments, broken=broken)).end()

    def _environment(self) -> dict[str, str]:
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("EXOTEL_", "CAMPAIGN_", "COV_"))
        }
        address = f"127.0.0.1:{self.port}"
        given = {
            "EXOTEL_BASE_URL": self.base_url,
            "EXOTEL_ACCOUNT_SID": "simulated",
            "EXOTEL_CALLER_ID": "08030000000",
            "EXOTEL_FLOW_URL": "http://my.exotel.com/simulated/exoml/start_voice/1",
            "CAMPAIGN_PUBLIC_URL": f"http://{address}",
            "CAMPAIGN_LISTEN": address,
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
        }
        if self.source == "environment":
            given |= self._secrets()
        if self.source == "files":
            given |= {f"{name}_FILE": str(self.folder / name) for name in self._secrets()}
        return own | given

    def _secrets(self) -> dict[str, str]:
        own = {"CAMPAIGN_KEY": self.own.value} if self.own else {}
        return {"EXOTEL_API_KEY": self.key.value, "EXOTEL_API_TOKEN": self.token.value} | own

    def _private(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)


class Running:
    """A process, and what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._said = b""
        self._seen: set[bytes] = set()
        self._limits: set[str] = set()

    async def until(self, word: bytes) -> None:
        """Until it says so; what can be seen of it is looked at with each line."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while word not in self._said and (line := await self.process.stdout.readline()):
                self._said += line
                self._look()

    async def end(self, *, signal: int = 0) -> Ended:
        """To its end."""
        if signal:
            self.process.send_signal(signal)
        try:
            await self.until(b"\x00 which it never says")
            async with asyncio.timeout(PATIENCE):
                code = await self.process.wait()
        finally:
            if self.process.returncode is None:
                self.process.kill()
                await self.process.wait()
        return Ended(code, self._said, b"\n".join(sorted(self._seen)), self._limits)

    def _look(self) -> None:
        """As `ps` and a core dump would: after its first words, so that it has begun to read."""
        here = Path("/proc") / str(self.process.pid)
        try:
            command, limits = (here / "cmdline").read_bytes(), (here / "limits").read_text()
        except OSError:
            return
        if command:
            self._seen.add(command)
        if found := re.search(r"^Max core file size\s+(\S+)\s+(\S+)", limits, re.MULTILINE):
            self._limits.add(f"{found[1]} {found[2]}")


def may_write_cores() -> bool:
    """Whether a process of ours could write one at all, if it were not for the program."""
    return resource.getrlimit(resource.RLIMIT_CORE)[1] != 0


def _let_cores_be_written() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port
