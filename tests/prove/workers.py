"""Processes that play parts of the proof side by side, and end with the one that began it, even if it is killed."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from threading import Thread


def workers(count: int) -> ProcessPoolExecutor:
    """Begun afresh, not forked: whoever begins them may have threads."""
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        wait([parent.sentinel])  # else they would wait for work for ever
        os._exit(1)
