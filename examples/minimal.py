"""The smallest agent that Midwatch watches: three lines around the work it does anyway."""

from datetime import datetime, timezone
from types import SimpleNamespace

from midwatch import Midwatch


def run_agent_cycle():
    """Your agent goes here. This one calls no model, so it counts words instead of tokens."""
    prompt = f"It is {datetime.now(timezone.utc).isoformat()}. What should be done next?"
    answer = "Nothing; look again in a minute."
    return SimpleNamespace(usage={"input_tokens": len(prompt.split()), "output_tokens": len(answer.split())})


watch = Midwatch("my-agent")  # url and key come from MIDWATCH_URL and MIDWATCH_KEY
for cycle in watch.cycles(every=60):
    result = run_agent_cycle()
    cycle.usage(result.usage)  # each turn ends in a beat, sent from this loop
