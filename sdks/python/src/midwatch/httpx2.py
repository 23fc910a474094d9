"""Metering for clients that use httpx2.

    Anthropic(http_client=httpx2.Client(transport=MeteredTransport(watch)))

The only module of this package that needs httpx2; nothing else imports it.
"""

import httpx2

from .metered_transports import transports_for

__all__ = ["AsyncMeteredTransport", "MeteredTransport"]

MeteredTransport, AsyncMeteredTransport = transports_for(httpx2)
