"""Reads what LLM providers answer as usage, as dicts or as the objects of their client libraries.

Providers disagree on one thing that matters: whether the cache stands inside the input count. Anthropic and Bedrock
count it beside the input, everyone else inside; here it is always inside. Gemini counts thoughts beside the output; here
reasoning is always inside. Each shape is known by the names that only it uses.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Mapping, Optional

MAX_COUNT = 10**12

Row = Dict[str, Any]


def read_usage(given: object) -> Optional[Row]:
    """Makes one row of wire usage; None when no counts are recognised. Never raises.

    Takes the usage itself or the whole answer around it, which also names the model.
    """
    outer = given
    for name in ("usage", "usage_metadata", "usageMetadata"):
        inner = _get(given, name)
        if inner is not None and not isinstance(inner, (int, float, str)):
            given = inner
            break
    counts = _gemini(given) or _ollama(given) or _common(given)
    if counts is None:
        return None
    row: Row = {}
    for name, source in (("provider", given), ("model", given)):
        text = _text(source, name) or _text(outer, name)
        if text:
            row[name] = text[:128]
    if "model" not in row:
        version = _text(outer, "model_version") or _text(outer, "modelVersion")
        if version:
            row["model"] = version[:128]
    row.update(counts)
    calls = _count(given, "calls")
    row["calls"] = 1 if calls is None else calls
    cost = _get(given, "cost_usd", "cost")
    if isinstance(cost, (int, float)) and not isinstance(cost, bool) and math.isfinite(cost) and 0 <= cost <= 10**6:
        row["cost_usd"] = cost
    return row


def _gemini(usage: object) -> Optional[Row]:
    prompt = _count(usage, "promptTokenCount", "prompt_token_count")
    candidates = _count(usage, "candidatesTokenCount", "candidates_token_count")
    if prompt is None and candidates is None:
        return None
    thoughts = _count(usage, "thoughtsTokenCount", "thoughts_token_count") or 0
    tools = _count(usage, "toolUsePromptTokenCount", "tool_use_prompt_token_count") or 0
    cached = _count(usage, "cachedContentTokenCount", "cached_content_token_count") or 0
    return _row((prompt or 0) + tools, (candidates or 0) + thoughts, cached, 0, thoughts)


def _ollama(usage: object) -> Optional[Row]:
    prompt = _count(usage, "prompt_eval_count")
    output = _count(usage, "eval_count")
    if prompt is None and output is None:
        return None
    return _row(prompt or 0, output or 0, 0, 0, 0)


def _common(usage: object) -> Optional[Row]:
    """Anthropic, OpenAI (both APIs), the AI SDK, Bedrock and our own rows differ in names, not in structure."""
    total_in = _get(usage, "inputTokens")
    total_out = _get(usage, "outputTokens")
    entered = _count(usage, "input_tokens", "prompt_tokens", "inputTokens")
    if entered is None:
        entered = _count(total_in, "total")
    produced = _count(usage, "output_tokens", "completion_tokens", "outputTokens")
    if produced is None:
        produced = _count(total_out, "total")
    if entered is None and produced is None:
        return None
    details = _get(usage, "input_tokens_details", "prompt_tokens_details", "inputTokenDetails")
    more = _get(usage, "output_tokens_details", "completion_tokens_details", "outputTokenDetails")
    beside_read = _count(usage, "cache_read_input_tokens", "cacheReadInputTokens")
    beside_write = _count(usage, "cache_creation_input_tokens", "cacheWriteInputTokens")
    read = _first(
        beside_read,
        _count(usage, "cache_read_tokens", "cachedInputTokens"),
        _count(details, "cached_tokens", "cacheReadTokens"),
        _count(total_in, "cacheRead"),
    )
    write = _first(
        beside_write,
        _count(usage, "cache_write_tokens"),
        _count(details, "cache_write_tokens", "cacheWriteTokens"),
        _count(total_in, "cacheWrite"),
    )
    reasoning = _first(
        _count(usage, "reasoning_tokens", "reasoningTokens"),
        _count(more, "reasoning_tokens", "reasoningTokens"),
        _count(total_out, "reasoning"),
    )
    whole_input = (entered or 0) + (beside_read or 0) + (beside_write or 0)
    return _row(whole_input, produced or 0, read, write, reasoning)


def _row(entered: int, produced: int, read: int, write: int, reasoning: int) -> Row:
    return {
        "input_tokens": min(entered, MAX_COUNT),
        "output_tokens": min(produced, MAX_COUNT),
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "reasoning_tokens": reasoning,
    }


def _first(*counts: Optional[int]) -> int:
    for count in counts:
        if count is not None:
            return count
    return 0


def _get(source: object, *names: str) -> Any:
    """The first of these fields that is there and not None, of a dict or of an object."""
    if source is None:
        return None
    for name in names:
        try:
            value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
        except Exception:  # A property of somebody's object may raise anything; then the field is not there.
            value = None
        if value is not None:
            return value
    return None


def _count(source: object, *names: str) -> Optional[int]:
    return count_of(_get(source, *names))


def count_of(value: object) -> Optional[int]:
    """A token count: a whole number from 0 to 10¹² (more is cut to that); None for everything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and (not math.isfinite(value) or value != int(value)):
        return None
    return min(int(value), MAX_COUNT) if value >= 0 else None


def _text(source: object, name: str) -> Optional[str]:
    value = _get(source, name)
    return value if isinstance(value, str) else None
