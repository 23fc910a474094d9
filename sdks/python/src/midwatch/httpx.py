"""Transports for httpx that meter what a client's calls use: ``OpenAI(http_client=httpx.Client(transport=MeteredTransport(watch)))``.

A transport and not an event hook: hooks run before the body is read, and would have to read it all. The bytes pass untouched and at
the client's pace; a copy is read along. Nothing else of this package needs httpx.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, AsyncIterator, Iterator, List, Optional

import httpx

from .call_meter import CallMeter, meter_of
from .called_tools import CalledTool
from .usage import Row

if TYPE_CHECKING:
    from .watch import Midwatch

__all__ = ["AsyncMeteredTransport", "MeteredTransport"]


class MeteredTransport(httpx.BaseTransport):
    """Meters what goes through ``inner`` (default: a plain ``httpx.HTTPTransport``) into the beats of ``watch``.

    ``tools=False`` leaves out the tools that answers ask to call.
    """

    def __init__(self, watch: "Midwatch", inner: Optional[httpx.BaseTransport] = None, *, tools: bool = True) -> None:
        self._counter = _Counter(watch, tools)
        self._inner = httpx.HTTPTransport() if inner is None else inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        meter = self._counter.meter(request, response)
        if meter is None or not isinstance(response.stream, httpx.SyncByteStream):
            return response
        return _around(response, _MeteredStream(response.stream, meter))

    def close(self) -> None:
        self._inner.close()


class AsyncMeteredTransport(httpx.AsyncBaseTransport):
    """The same for ``httpx.AsyncClient``."""

    def __init__(self, watch: "Midwatch", inner: Optional[httpx.AsyncBaseTransport] = None, *, tools: bool = True) -> None:
        self._counter = _Counter(watch, tools)
        self._inner = httpx.AsyncHTTPTransport() if inner is None else inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        meter = self._counter.meter(request, response)
        if meter is None or not isinstance(response.stream, httpx.AsyncByteStream):
            return response
        return _around(response, _AsyncMeteredStream(response.stream, meter))

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counter:
    def __init__(self, watch: "Midwatch", tools: bool) -> None:
        self._watch = watch
        self._tells_tools = tools

    def meter(self, request: httpx.Request, response: httpx.Response) -> Optional[CallMeter]:
        headers = response.headers
        return meter_of(
            request.method,
            str(request.url),
            response.status_code,
            headers.get("content-type"),
            headers.get("content-encoding"),
            self._count,
        )

    def _count(self, row: Row, tools: List[CalledTool]) -> None:
        self._watch.usage(row)
        if self._tells_tools:
            for name, args in tools:
                self._watch.tool(name, args)


def _around(response: httpx.Response, stream: Any) -> httpx.Response:
    """The same answer around another stream. A new one: one that a transport has read already would not look at its stream."""
    return httpx.Response(
        response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
    )


class _MeteredStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, meter: CallMeter) -> None:
        self._inner = inner
        self._meter = meter

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            self._meter.chunk(piece)
            yield piece
        self._meter.end(True)

    def close(self) -> None:
        # After the end this says nothing new; before it the client has left, or the connection broke.
        self._meter.end(False)
        self._inner.close()


class _AsyncMeteredStream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, meter: CallMeter) -> None:
        self._inner = inner
        self._meter = meter

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._meter.chunk(piece)
            yield piece
        self._meter.end(True)

    async def aclose(self) -> None:
        self._meter.end(False)
        await self._inner.aclose()
