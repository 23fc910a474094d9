"""What an address tells of the call that is made there. Held to packages/protocol/golden/endpoints.json."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional
from urllib.parse import urlsplit


class Endpoint(NamedTuple):
    """``is_known``: models are called there; else only the shape of the answer shows whether it was a call."""

    provider: Optional[str]
    model: Optional[str]
    is_known: bool


# As the price tables spell them.
_HOSTS = (
    (r"(^|\.)api\.openai\.com$", "openai"),
    (r"\.openai\.azure\.com$|\.cognitiveservices\.azure\.com$|\.services\.ai\.azure\.com$", "azure"),
    (r"^api\.anthropic\.com$", "anthropic"),
    (r"^generativelanguage\.googleapis\.com$|(^|-)aiplatform\.googleapis\.com$", "google"),
    (r"^openrouter\.ai$", "openrouter"),
    (r"^api\.mistral\.ai$", "mistral"),
    (r"^api\.deepseek\.com$", "deepseek"),
    (r"^api\.groq\.com$", "groq"),
    (r"^api\.x\.ai$", "x-ai"),
    (r"^api\.together\.(xyz|ai)$", "together"),
    (r"^api\.fireworks\.ai$", "fireworks"),
    (r"^api\.cohere\.(com|ai)$", "cohere"),
    (r"^bedrock-runtime\..*\.amazonaws\.com$", "aws"),
)
# For hosts nobody knows: a proxy, a gateway, a model of one's own.
_PATHS = (
    (r"/(chat/completions|completions|responses|embeddings)$", "openai"),
    (r"/messages$", "anthropic"),
    (r":(streamGenerateContent|generateContent)$", "google"),
    (r"/api/(chat|generate|embed|embeddings)$", "ollama"),
    (r"/model/[^/]+/(converse|invoke)$", "aws"),
)
# These answer with token counts and use no tokens.
_COUNT_NOTHING = re.compile(r"count_?tokens$|/input_tokens$|/batches$|/cancel$", re.IGNORECASE)


def endpoint_of(method: str, address: str) -> Optional[Endpoint]:
    """None for what is certainly no call of a model.

    Models are called by POST; a GET may well answer with usage, but of a call that was counted when it was made.
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if method.upper() != "POST" or not host or _COUNT_NOTHING.search(parts.path):
        return None
    by_host = next((name for pattern, name in _HOSTS if re.search(pattern, host)), None)
    by_path = next((name for pattern, name in _PATHS if re.search(pattern, parts.path)), None)
    model = re.search(r"/models/([^/:]+):", parts.path)
    known = by_host is not None or by_path is not None
    return Endpoint(by_host or by_path, model.group(1)[:128] if model else None, known)
