"""An agent without any SDK: a loop, and one HTTP request where it used to print that it is alive."""

import json
import os
import shutil
import time
import urllib.request

URL = os.environ.get("MIDWATCH_URL", "http://127.0.0.1:4004") + "/api/v1/heartbeat"
KEY = os.environ.get("MIDWATCH_KEY", "")
INTERVAL = float(os.environ.get("AGENT_INTERVAL", "60"))


def run_cycle():
    """The work: looks at this machine's disk and says what it makes of it. Returns the tokens that were used."""
    disk = shutil.disk_usage("/")
    prompt = f"{disk.free // 10**9} of {disk.total // 10**9} GB are free. Is that enough? Answer yes or no, and why."
    answer = "yes, there is room" if disk.free > disk.total / 10 else "no, clean up soon"  # a model would say it better
    print(answer, flush=True)
    return len((prompt + " " + answer).split())  # a real agent takes this from its model's answer: response.usage


def beat(status, tokens_used):
    body = {"agent": "home-made", "status": status, "tokens_used": tokens_used, "ts": time.time()}
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + KEY}
    request = urllib.request.Request(URL, json.dumps(body).encode(), headers)
    try:
        urllib.request.urlopen(request, timeout=3).close()
    except Exception as error:  # whatever happens to the monitoring, the agent goes on
        print("no beat:", error, flush=True)


while True:
    try:
        status, tokens = "ok", run_cycle()
    except Exception as error:
        print("cycle failed:", error, flush=True)
        status, tokens = "error", 0
    beat(status, tokens)
    time.sleep(INTERVAL)
