"""Run `python -m pipelines.review` and die by SIGKILL at the Nth request: before it is sent, or while it is answered.

python killed.py N before|during ARGUMENTS OF REVIEW …
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time

import httpx

from pipelines.review import main

last, moment = int(sys.argv[1]), sys.argv[2]
send, count = httpx.Client.send, itertools.count(1)


def counted(client, request, **options):
    if next(count) == last:
        if moment == "before":
            die()
        threading.Thread(target=lambda: (time.sleep(0.05), die())).start()
    return send(client, request, **options)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


httpx.Client.send = counted
sys.exit(main(sys.argv[3:]))
