"""Transports that meter what a client's calls use, for the two packages that have the same interface: httpx and httpx2.

A transport and not an event hook: hooks run before the body is read, and would have to read it all. The bytes pass untouched
and at the client's pace; a copy is read along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, AsyncIterator, Iterator, List, Optional, Tuple

from .call_meter import CallMeter, meter_of
from .called_tools import CalledTool
from .usage import Row

if TYPE_CHECKING:
    from .watch import Midwatch


def transports_for(package: Any) -> Tuple[Any, Any]:
    """The two transports, made of this package's own classes: a client takes no others. None is imported before it is asked for."""
    sync_stream, async_stream = _streams(package)

    class MeteredTransport(package.BaseTransport):  # type: ignore[misc]
        """Meters what goes through ``inner`` (default: a plain ``HTTPTransport``) into the beats of ``watch``.

        ``tools=False`` leaves out the tools that answers ask to call.
        """

        def __init__(self, watch: "Midwatch", inner: Any = None, *, tools: bool = True) -> None:
            self._counter = _Counter(watch, tools)
            self._inner = package.HTTPTransport() if inner is None else inner

        def handle_request(self, request: Any) -> Any:
            response = self._inner.handle_request(request)
            meter = self._counter.meter(request, response)
            if meter is None or not isinstance(response.stream, package.SyncByteStream):
                return response
            return _around(package, response, sync_stream(response.stream, meter))

        def close(self) -> None:
            self._inner.close()

    class AsyncMeteredTransport(package.AsyncBaseTransport):  # type: ignore[misc]
        """The same for an ``AsyncClient``."""

        def __init__(self, watch: "Midwatch", inner: Any = None, *, tools: bool = True) -> None:
            self._counter = _Counter(watch, tools)
            self._inner = package.AsyncHTTPTransport() if inner is None else inner

        async def handle_async_request(self, request: Any) -> Any:
            response = await self._inner.handle_async_request(request)
            meter = self._counter.meter(request, response)
            if meter is None or not isinstance(response.stream, package.AsyncByteStream):
                return response
            return _around(package, response, async_stream(response.stream, meter))

        async def aclose(self) -> None:
            await self._inner.aclose()

    return MeteredTransport, AsyncMeteredTransport


def _streams(package: Any) -> Tuple[Any, Any]:
    class MeteredStream(package.SyncByteStream):  # type: ignore[misc]
        def __init__(self, inner: Any, meter: CallMeter) -> None:
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

    class AsyncMeteredStream(package.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, inner: Any, meter: CallMeter) -> None:
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

    return MeteredStream, AsyncMeteredStream


class _Counter:
    def __init__(self, watch: "Midwatch", tools: bool) -> None:
        self._watch = watch
        self._tells_tools = tools

    def meter(self, request: Any, response: Any) -> Optional[CallMeter]:
        content_type, encoding = response.headers.get("content-type"), response.headers.get("content-encoding")
        return meter_of(request.method, str(request.url), response.status_code, content_type, encoding, self._count)

    def _count(self, row: Row, tools: List[CalledTool]) -> None:
        self._watch.usage(row)
        if self._tells_tools:
            for name, args in tools:
                self._watch.tool(name, args)


def _around(package: Any, response: Any, stream: Any) -> Any:
    """The same answer around another stream. A new one: one that was read already would not look at its stream."""
    return package.Response(
        response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
    )
