"""Metering for clients that use httpx.

    OpenAI(http_client=httpx.Client(transport=MeteredTransport(watch)))

The only module of this package that needs httpx; nothing else imports it.
"""

import httpx

from .metered_transports import transports_for

__all__ = ["AsyncMeteredTransport", "MeteredTransport"]

MeteredTransport, AsyncMeteredTransport = transports_for(httpx)
